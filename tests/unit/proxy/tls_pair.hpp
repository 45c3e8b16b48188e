// Both ends of a connection in one process, for tests of net::Stream: a socket pair,
// a certificate made on the spot, and a TLS client written with OpenSSL alone.
#pragma once

#include "config/options.hpp"
#include "proxy/net/stream.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace pgweir::test {

// Non-blocking on both ends; `peer` is a raw descriptor.
struct SocketPair {
    SocketPair() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
            throw std::runtime_error("socketpair");
        ours = proxy::net::Stream(ends[0]);
        peer = ends[1];
    }
    ~SocketPair() { close_peer(); }
    SocketPair(const SocketPair&) = delete;
    SocketPair& operator=(const SocketPair&) = delete;

    void close_peer() {
        if (peer >= 0) ::close(peer);
        peer = -1;
    }
    void send(const std::string& text) const {
        if (::send(peer, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
            throw std::runtime_error("send");
    }

    proxy::net::Stream ours;
    int peer = -1;
};

// A self-signed P-256 certificate and its key, as PEM files in a directory that goes with it.
class CertificateFiles {
public:
    CertificateFiles() {
        std::string pattern = (std::filesystem::temp_directory_path() / "pgweir-tls-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        directory_ = pattern;
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
        X509_set_version(made.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
        X509_set_pubkey(made.get(), key.get());
        X509_sign(made.get(), key.get(), EVP_sha256());
        write("certificate.pem", [&](FILE* file) { PEM_write_X509(file, made.get()); });
        write("key.pem", [&](FILE* file) {
            PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    ~CertificateFiles() { std::filesystem::remove_all(directory_); }
    CertificateFiles(const CertificateFiles&) = delete;
    CertificateFiles& operator=(const CertificateFiles&) = delete;

    config::TlsOptions options() const {
        config::TlsOptions options;
        options.certificate = (directory_ / "certificate.pem").string();
        options.private_key = (directory_ / "key.pem").string();
        return options;
    }

private:
    template <typename Write>
    void write(const char* name, Write write_to) const {
        FILE* file = std::fopen((directory_ / name).c_str(), "w");
        if (file == nullptr) throw std::runtime_error("fopen");
        write_to(file);
        std::fclose(file);
    }

    std::filesystem::path directory_;
};

// A TLS client that trusts anybody, on the peer's end of a pair.
class TlsClient {
public:
    // `alpn` is in wire form, each name behind its length; empty: none is offered.
    explicit TlsClient(int descriptor, const std::string& alpn = {})
        : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(SSL_new(context_.get()), SSL_free) {
        if (!alpn.empty()) {
            const std::vector<unsigned char> list(alpn.begin(), alpn.end());
            SSL_set_alpn_protos(ssl_.get(), list.data(), static_cast<unsigned>(list.size()));
        }
        SSL_set_fd(ssl_.get(), descriptor);
        SSL_set_connect_state(ssl_.get());
    }

    bool shake() { return SSL_do_handshake(ssl_.get()) == 1; }
    bool write(const std::string& text) { return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0; }
    // What has come; empty when nothing has.
    std::string read() {
        std::string text(64 * 1024, '\0');
        const int got = SSL_read(ssl_.get(), text.data(), static_cast<int>(text.size()));
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
    void say_goodbye() { SSL_shutdown(ssl_.get()); }
    SSL* ssl() const { return ssl_.get(); }

private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

// Turn and turn about until the server's side has an answer; a handshake takes two or three rounds.
inline proxy::net::IoStatus shake_hands(proxy::net::Stream& server, TlsClient& client) {
    auto status = proxy::net::IoStatus::want_read;
    bool client_done = false;
    for (int round = 0; round < 10 && !(status == proxy::net::IoStatus::ok && client_done); ++round) {
        if (!client_done) client_done = client.shake();
        if (status == proxy::net::IoStatus::want_read) status = server.handshake();
        if (status == proxy::net::IoStatus::failed) break;
    }
    return status;
}

}  // namespace pgweir::test
