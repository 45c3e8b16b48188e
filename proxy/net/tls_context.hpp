// The TLS contexts that clients, and those who ask by HTTP, are served with, made from the configuration's files.
// Reads files: call at start and on a thread that may wait.
#pragma once

#include "config/options.hpp"
#include "proxy/net/stream.hpp"

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace pgweir::proxy::net {

// The name that a client must offer when it offers any (ALPN). PostgreSQL: PG_ALPN_PROTOCOL.
constexpr const char* alpn_protocol = "postgresql";

// Largest TLS record towards a client. libpq's asynchronous interface can stall on
// records larger than its 8 KiB read buffer.
constexpr long max_tls_record = 8192;

struct ServerTls {
    std::shared_ptr<SSL_CTX> context;
    // tls-server-end-point data of the certificate (RFC 5929); empty when its signature
    // names no hash (Ed25519), so that channel binding cannot be offered.
    std::string endpoint_binding;
    std::uint64_t expires_at = 0;   // the certificate's last second, in seconds since 1970
};

// One line, with the option and the file that are meant.
struct TlsError {
    std::string text;
};

// Requires: a certificate is configured. No session tickets, no session cache, no
// renegotiation: drivers never resume, and tickets cost a third of a handshake.
std::variant<ServerTls, TlsError> make_server_tls(const config::TlsOptions& options);

// The same for HTTP/1.1. A peer that offers other protocols only is served as well.
std::variant<ServerTls, TlsError> make_http_tls(const config::HttpTlsOptions& options);

// Whether the client named PostgreSQL's protocol in the handshake. One that offered only
// other names has not got this far.
bool has_negotiated_alpn(const Stream& stream);

}  // namespace pgweir::proxy::net
