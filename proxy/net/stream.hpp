// One connected socket, plain or TLS, used without blocking. Raw OpenSSL on the
// descriptor: asio::ssl::stream costs 70 KiB per idle client, this 15.
// A resource with one owner; moves between threads only when nothing is pending in it.
#pragma once

#include "protocol/bytes.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace pgweir::proxy::net {

struct SslDeleter {
    void operator()(SSL* ssl) const;
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;

enum class IoStatus {
    ok,           // `size` bytes were moved; more may follow
    drained,      // `size` bytes were moved, and the kernel had no more (or took no more)
    want_read,    // TLS only, from write or handshake: wait until readable, then try again
    want_write,   // TLS only, from read or handshake: wait until writable, then try again
    closed,       // the peer has closed in order (EOF)
    failed,       // reset, or broken TLS
};

// `size` counts with every status: a call may move bytes before it has to stop.
struct IoResult {
    IoStatus status;
    std::size_t size = 0;
};

class Stream {
public:
    Stream() = default;
    // Takes ownership of a non-blocking descriptor.
    explicit Stream(int descriptor) : descriptor_(descriptor) {}
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream();

    // Starts TLS as the server side. The handshake itself is `handshake`, repeated until ok.
    // Errors: failed when OpenSSL has no memory.
    IoStatus start_tls(SSL_CTX& context);
    IoStatus handshake();

    // Whether data can be carried: a plain connection, or TLS after its handshake.
    bool is_ready() const;

    // Adopts an established TLS session; its BIO is replaced by a plain socket BIO, because
    // libpq's own swallows write errors.
    void adopt_tls(SslPtr ssl);

    // Fills as much of `buffer` as there is. `drained` is trusted on a plain socket after a
    // short read; under TLS only after OpenSSL itself wanted to read. An end behind data is
    // told by the next call. Requires: a buffer that is not empty.
    IoResult read(std::span<std::byte> buffer);

    // Writes a prefix of `data`; `ok` when it was all of it. The next call must begin with
    // the bytes that were not taken (and may carry more behind them): OpenSSL may have
    // encrypted some of them already.
    IoResult write(protocol::Bytes data);

    // Says goodbye: TLS close_notify, then no more writing. The peer's EOF may still be read.
    void shut_down();

    // Closes at once. The destructor does the same.
    void close();

    // Gives the descriptor and TLS session up without closing them.
    int release_descriptor();
    SslPtr release_ssl();

    int descriptor() const { return descriptor_; }
    bool is_open() const { return descriptor_ >= 0; }
    bool is_tls() const { return ssl_ != nullptr; }
    SSL* ssl() const { return ssl_.get(); }
    // Bytes that OpenSSL has read from the kernel and we have not: no readiness event will tell of them.
    bool has_pending() const;

private:
    IoResult read_plain(std::span<std::byte> buffer);
    IoResult read_tls(std::span<std::byte> buffer);
    IoResult write_plain(protocol::Bytes data);
    IoResult write_tls(protocol::Bytes data);

    int descriptor_ = -1;
    SslPtr ssl_;
};

// What OpenSSL says about the call that has just failed on this thread; empties its error queue.
std::string take_tls_error();

}  // namespace pgweir::proxy::net
