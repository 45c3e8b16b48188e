// Plain: exactly one system call per call. TLS: OpenSSL works record by record, so
// reading and writing loop until it wants to wait. OpenSSL's error queue is per thread
// and would be taken for this call's, hence the ERR_clear_error before every call.
#include "proxy/net/stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace pgweir::proxy::net {

namespace {

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

// What an SSL call that did not succeed means. Requires: called right after it, on its thread.
IoStatus tls_status(SSL* ssl, int returned) {
    switch (SSL_get_error(ssl, returned)) {
    case SSL_ERROR_WANT_READ:
        return IoStatus::want_read;
    case SSL_ERROR_WANT_WRITE:
        return IoStatus::want_write;
    case SSL_ERROR_ZERO_RETURN:
        return IoStatus::closed;
    default:
        return IoStatus::failed;
    }
}

void set_up(SSL* ssl, int descriptor) {
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    // Half of all drivers close the socket without a close_notify.
    SSL_set_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Reading ahead would hide whole records from `has_pending`.
    SSL_set_read_ahead(ssl, 0);
    SSL_set_fd(ssl, descriptor);
}

}  // namespace

void SslDeleter::operator()(SSL* ssl) const {
    SSL_free(ssl);
}

Stream::Stream(Stream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), ssl_(std::move(other.ssl_)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
    if (this != &other) {
        close();
        descriptor_ = std::exchange(other.descriptor_, -1);
        ssl_ = std::move(other.ssl_);
    }
    return *this;
}

Stream::~Stream() {
    close();
}

IoStatus Stream::start_tls(SSL_CTX& context) {
    ERR_clear_error();
    ssl_.reset(SSL_new(&context));
    if (!ssl_) return IoStatus::failed;
    set_up(ssl_.get(), descriptor_);
    SSL_set_accept_state(ssl_.get());
    return IoStatus::ok;
}

IoStatus Stream::handshake() {
    ERR_clear_error();
    const int returned = SSL_do_handshake(ssl_.get());
    return returned == 1 ? IoStatus::ok : tls_status(ssl_.get(), returned);
}

bool Stream::is_ready() const {
    return is_open() && (!ssl_ || SSL_is_init_finished(ssl_.get()) == 1);
}

void Stream::adopt_tls(SslPtr ssl) {
    ssl_ = std::move(ssl);
    if (ssl_) set_up(ssl_.get(), descriptor_);
}

IoResult Stream::read(std::span<std::byte> buffer) {
    return ssl_ ? read_tls(buffer) : read_plain(buffer);
}

IoResult Stream::read_plain(std::span<std::byte> buffer) {
    ssize_t got;
    do {
        got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return {would_block(errno) ? IoStatus::drained : IoStatus::failed};
    if (got == 0) return {IoStatus::closed};
    const auto size = static_cast<std::size_t>(got);
    return {size < buffer.size() ? IoStatus::drained : IoStatus::ok, size};
}

IoResult Stream::read_tls(std::span<std::byte> buffer) {
    std::size_t total = 0;
    while (total < buffer.size()) {
        std::size_t got = 0;
        ERR_clear_error();
        const int returned = SSL_read_ex(ssl_.get(), buffer.data() + total, buffer.size() - total, &got);
        total += got;
        if (returned == 1) continue;
        const IoStatus status = tls_status(ssl_.get(), returned);
        if (status == IoStatus::want_read) return {IoStatus::drained, total};
        if (status == IoStatus::want_write) return {status, total};
        // OpenSSL repeats an end or an error at the next call, so the data goes first.
        return {total > 0 ? IoStatus::ok : status, total};
    }
    return {IoStatus::ok, total};
}

IoResult Stream::write(protocol::Bytes data) {
    return ssl_ ? write_tls(data) : write_plain(data);
}

IoResult Stream::write_plain(protocol::Bytes data) {
    ssize_t put;
    do {
        put = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    if (put < 0) return {would_block(errno) ? IoStatus::drained : IoStatus::failed};
    const auto size = static_cast<std::size_t>(put);
    return {size < data.size() ? IoStatus::drained : IoStatus::ok, size};
}

IoResult Stream::write_tls(protocol::Bytes data) {
    std::size_t total = 0;
    while (total < data.size()) {
        std::size_t put = 0;
        ERR_clear_error();
        const int returned = SSL_write_ex(ssl_.get(), data.data() + total, data.size() - total, &put);
        total += put;
        if (returned == 1) continue;
        const IoStatus status = tls_status(ssl_.get(), returned);
        return {status == IoStatus::want_write ? IoStatus::drained : status, total};
    }
    return {IoStatus::ok, total};
}

void Stream::shut_down() {
    if (!is_open()) return;
    if (ssl_ && is_ready()) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());   // once: that sends, and does not wait for the answer
    }
    ::shutdown(descriptor_, SHUT_WR);
}

void Stream::close() {
    ssl_.reset();
    if (is_open()) ::close(std::exchange(descriptor_, -1));
}

int Stream::release_descriptor() {
    return std::exchange(descriptor_, -1);
}

SslPtr Stream::release_ssl() {
    return std::move(ssl_);
}

bool Stream::has_pending() const {
    return ssl_ && SSL_pending(ssl_.get()) > 0;
}

std::string take_tls_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "connection lost";
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) return reason;
    std::array<char, 256> text{};
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

}  // namespace pgweir::proxy::net
