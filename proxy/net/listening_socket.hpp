// Sockets that listen: TCP addresses and the unix socket with PostgreSQL's file name.
// Made at start; errors are texts for the operator. Whoever accepts is listener.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace pgweir::proxy::net {

// A descriptor that listens, and the file it leaves behind. A resource, move-only.
class ListeningSocket {
public:
    ListeningSocket(int descriptor, std::string name, std::string unix_path);
    ListeningSocket(ListeningSocket&& other) noexcept;
    ListeningSocket& operator=(ListeningSocket&&) = delete;
    ~ListeningSocket();

    int descriptor() const { return descriptor_; }
    const std::string& name() const { return name_; }   // "127.0.0.1:6432" or the file's path
    bool is_unix() const { return !unix_path_.empty(); }

    // Removes the unix socket's file if it is still ours. The destructor does the same.
    void remove_file();

    // Gives the descriptor up without closing it; the file is still removed at the end.
    int release_descriptor();

private:
    int descriptor_;
    std::string name_;
    std::string unix_path_;   // empty for TCP
    dev_t device_ = 0;        // the file at unix_path_ is removed only while it is still this one
    ino_t inode_ = 0;
};

struct ListenError {
    std::string text;   // one line: the address and what the system says
};

struct ListeningTcp {
    std::vector<ListeningSocket> sockets;
    std::uint16_t port;   // the one the system chose when 0 was asked for; the same for all addresses
};

// Addresses are numbers, host names, or `*` for all. Blocks while a name is resolved.
std::variant<ListeningTcp, ListenError> listen_tcp(const std::vector<std::string>& addresses, std::uint16_t port);

// `<directory>/.s.PGSQL.<port>`. A file left behind by a dead daemon is replaced, one that answers is not.
std::variant<ListeningSocket, ListenError> listen_unix(const std::string& directory, std::uint16_t port);

// "10.0.0.7:51234" or "[::1]:51234"; "unix" for a unix socket.
std::string address_text(const sockaddr_storage& address);

}  // namespace pgweir::proxy::net
