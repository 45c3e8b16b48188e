#include "proxy/net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509err.h>

#include <array>
#include <ctime>
#include <optional>
#include <string_view>

namespace pgweir::proxy::net {

namespace {

using MaybeError = std::optional<TlsError>;

// What the options of both kinds have in common. Lifetime of the views: the options.
struct Pair {
    std::string section;
    const std::string& certificate;
    const std::string& private_key;
    config::TlsVersion min_version;
    SSL_CTX_alpn_select_cb_func select_alpn;
};

TlsError file_error(const std::string& option, const std::string& file) {
    return TlsError{option + ": " + file + ": " + take_tls_error()};
}

// OpenSSL would ask for the pass phrase on the terminal.
int no_pass_phrase(char*, int, int, void*) {
    return 0;
}

// The list is one length byte before each name. Clients that offer no list at all are
// not brought here. Lifetime of the result: what was offered. Empty: not among them.
std::string_view find_offered(std::string_view wanted, const unsigned char* offered, unsigned int size) {
    std::string_view rest(static_cast<const char*>(static_cast<const void*>(offered)), size);
    while (!rest.empty()) {
        const std::string_view name = rest.substr(1, static_cast<unsigned char>(rest.front()));
        if (name == wanted) return name;
        rest.remove_prefix(1 + name.size());
    }
    return {};
}

int select_alpn(std::string_view wanted, int otherwise, const unsigned char** chosen, unsigned char* chosen_size,
                const unsigned char* offered, unsigned int offered_size) {
    const std::string_view name = find_offered(wanted, offered, offered_size);
    if (name.empty()) return otherwise;
    *chosen = static_cast<const unsigned char*>(static_cast<const void*>(name.data()));
    *chosen_size = static_cast<unsigned char>(name.size());
    return SSL_TLSEXT_ERR_OK;
}

int select_postgresql(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered, unsigned int size, void*) {
    return select_alpn(alpn_protocol, SSL_TLSEXT_ERR_ALERT_FATAL, chosen, chosen_size, offered, size);
}

int select_http(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered, unsigned int size, void*) {
    return select_alpn("http/1.1", SSL_TLSEXT_ERR_NOACK, chosen, chosen_size, offered, size);
}

void set_policy(SSL_CTX* context, const Pair& options) {
    const int oldest = options.min_version == config::TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    SSL_CTX_set_min_proto_version(context, oldest);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_send_fragment(context, max_tls_record);
    SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
    SSL_CTX_set_alpn_select_cb(context, options.select_alpn, nullptr);
}

MaybeError load_certificate(SSL_CTX* context, const Pair& options) {
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1)
        return file_error(options.section + ".certificate", options.certificate);
    if (SSL_CTX_use_PrivateKey_file(context, options.private_key.c_str(), SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(context) == 1)
        return std::nullopt;
    const unsigned long code = ERR_peek_last_error();
    if (ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH) {
        ERR_clear_error();
        return TlsError{options.section + ".private_key: " + options.private_key + ": is not the key of the certificate " +
                        options.certificate};
    }
    return file_error(options.section + ".private_key", options.private_key);
}

// Without `client_ca` no certificate is asked for: the request alone would halve the login rate.
MaybeError load_client_ca(SSL_CTX* context, const std::string& file) {
    if (file.empty()) return std::nullopt;
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) return file_error("tls.client_ca", file);
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
    if (names == nullptr) return file_error("tls.client_ca", file);
    SSL_CTX_set_client_CA_list(context, names);   // takes the list over
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return std::nullopt;
}

// RFC 5929, section 4: the certificate under its own signature's hash, where MD5 and
// SHA-1 are replaced by SHA-256.
std::string endpoint_binding_of(const X509* certificate) {
    int digest_nid = NID_undef;
    if (X509_get_signature_info(const_cast<X509*>(certificate), &digest_nid, nullptr, nullptr, nullptr) != 1) return {};
    if (digest_nid == NID_undef) return {};
    if (digest_nid == NID_md5 || digest_nid == NID_sha1) digest_nid = NID_sha256;
    const EVP_MD* digest = EVP_get_digestbynid(digest_nid);
    if (digest == nullptr) return {};
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned int size = 0;
    if (X509_digest(certificate, digest, hash.data(), &size) != 1) return {};
    return std::string(hash.begin(), hash.begin() + size);
}

std::uint64_t expiry_of(const X509* certificate) {
    std::tm time{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
    const std::time_t seconds = ::timegm(&time);
    return seconds > 0 ? static_cast<std::uint64_t>(seconds) : 0;
}

std::variant<ServerTls, TlsError> make_tls(const Pair& options) {
    const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) return TlsError{options.section + ": " + take_tls_error()};
    set_policy(context.get(), options);
    if (MaybeError error = load_certificate(context.get(), options)) return *error;
    const X509* certificate = SSL_CTX_get0_certificate(context.get());
    return ServerTls{context, endpoint_binding_of(certificate), expiry_of(certificate)};
}

}  // namespace

std::variant<ServerTls, TlsError> make_server_tls(const config::TlsOptions& options) {
    std::variant<ServerTls, TlsError> made =
        make_tls({"tls", options.certificate, options.private_key, options.min_version, select_postgresql});
    if (const auto* tls = std::get_if<ServerTls>(&made))
        if (MaybeError error = load_client_ca(tls->context.get(), options.client_ca)) return *error;
    return made;
}

std::variant<ServerTls, TlsError> make_http_tls(const config::HttpTlsOptions& options) {
    return make_tls({"http.tls", options.certificate, options.private_key, options.min_version, select_http});
}

bool has_negotiated_alpn(const Stream& stream) {
    if (!stream.is_tls()) return false;
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(stream.ssl(), &name, &size);
    return size > 0;
}

}  // namespace pgweir::proxy::net
