#include "proxy/net/listening_socket.hpp"

#include <fmt/format.h>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace pgweir::proxy::net {

namespace {

constexpr int socket_flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

// PostgreSQL: unix_socket_permissions. Whoever reaches the directory may connect; the password decides.
constexpr mode_t unix_socket_permissions = 0777;

// A peer that is gone without a word is noticed after a minute: 30 s + 3 * 10 s.
constexpr int keepalive_idle_seconds = 30;
constexpr int keepalive_interval_seconds = 10;
constexpr int keepalive_probes = 3;
constexpr int user_timeout_milliseconds = 60'000;

void set_option(int descriptor, int level, int option, int value) {
    ::setsockopt(descriptor, level, option, &value, sizeof value);
}

// On Linux accepted sockets inherit all of these, which saves six calls for each client.
void tune_tcp(int descriptor) {
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_seconds);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_seconds);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, keepalive_probes);
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_milliseconds);
}

// Closes a descriptor unless it was handed on.
class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    int get() const { return value_; }
    int release() { return std::exchange(value_, -1); }

private:
    int value_;
};

std::string system_text() {
    return std::generic_category().message(errno);
}

ListenError error_at(const std::string& where) {
    return ListenError{fmt::format("cannot listen on {}: {}", where, system_text())};
}

struct AddressListDeleter {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListDeleter>;

std::variant<AddressList, ListenError> resolve(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string service = std::to_string(port);
    const int failure = ::getaddrinfo(host == "*" ? nullptr : host.c_str(), service.c_str(), &hints, &found);
    if (failure != 0) return ListenError{fmt::format("cannot listen on {}: {}", host, ::gai_strerror(failure))};
    return AddressList(found);
}

void set_port(sockaddr* address, std::uint16_t port) {
    void* raw = address;
    if (address->sa_family == AF_INET6)
        static_cast<sockaddr_in6*>(raw)->sin6_port = htons(port);
    else
        static_cast<sockaddr_in*>(raw)->sin_port = htons(port);
}

std::uint16_t port_of(const sockaddr_storage& address) {
    const void* raw = &address;
    return ntohs(address.ss_family == AF_INET6 ? static_cast<const sockaddr_in6*>(raw)->sin6_port
                                               : static_cast<const sockaddr_in*>(raw)->sin_port);
}

sockaddr_storage local_address(int descriptor) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    void* raw = &address;
    ::getsockname(descriptor, static_cast<sockaddr*>(raw), &size);
    return address;
}

// Without SO_REUSEPORT: it would let a second daemon start beside this one unseen.
std::variant<ListeningSocket, ListenError> listen_one(const addrinfo& where) {
    sockaddr_storage wanted{};
    std::memcpy(&wanted, where.ai_addr, where.ai_addrlen);
    const std::string name = address_text(wanted);
    Descriptor socket(::socket(where.ai_family, socket_flags, 0));
    if (socket.get() < 0) return error_at(name);
    set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (where.ai_family == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    tune_tcp(socket.get());
    if (::bind(socket.get(), where.ai_addr, where.ai_addrlen) != 0) return error_at(name);
    if (::listen(socket.get(), SOMAXCONN) != 0) return error_at(name);
    std::string bound = address_text(local_address(socket.get()));
    return ListeningSocket(socket.release(), std::move(bound), {});
}

// Adds the sockets of one configured address. `port` is what the first socket got.
std::optional<ListenError> listen_all(const std::string& host, ListeningTcp& tcp) {
    auto resolved = resolve(host, tcp.port);
    if (auto* error = std::get_if<ListenError>(&resolved)) return *error;
    for (addrinfo* where = std::get<AddressList>(resolved).get(); where != nullptr; where = where->ai_next) {
        set_port(where->ai_addr, tcp.port);
        auto made = listen_one(*where);
        if (auto* error = std::get_if<ListenError>(&made)) return *error;
        tcp.sockets.push_back(std::get<ListeningSocket>(std::move(made)));
        if (tcp.port == 0) tcp.port = port_of(local_address(tcp.sockets.back().descriptor()));
    }
    return std::nullopt;
}

// Whether a live process listens on the socket file. Requires: the path fits.
bool answers(const sockaddr_un& address) {
    const Descriptor probe(::socket(AF_UNIX, socket_flags, 0));
    const void* raw = &address;
    // EAGAIN: somebody listens, and his backlog is full.
    return ::connect(probe.get(), static_cast<const sockaddr*>(raw), sizeof address) == 0 || errno == EAGAIN;
}

}  // namespace

ListeningSocket::ListeningSocket(int descriptor, std::string name, std::string unix_path)
    : descriptor_(descriptor), name_(std::move(name)), unix_path_(std::move(unix_path)) {
    struct stat file{};
    if (is_unix() && ::stat(unix_path_.c_str(), &file) == 0) {
        device_ = file.st_dev;
        inode_ = file.st_ino;
    }
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      name_(std::move(other.name_)),
      unix_path_(std::exchange(other.unix_path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

ListeningSocket::~ListeningSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
    remove_file();
}

void ListeningSocket::remove_file() {
    if (!is_unix()) return;
    struct stat file{};
    const bool is_ours = ::stat(unix_path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_;
    if (is_ours) ::unlink(unix_path_.c_str());
    unix_path_.clear();   // the number of the file may soon be another's
}

int ListeningSocket::release_descriptor() {
    return std::exchange(descriptor_, -1);
}

std::variant<ListeningTcp, ListenError> listen_tcp(const std::vector<std::string>& addresses, std::uint16_t port) {
    ListeningTcp tcp{{}, port};
    for (const std::string& host : addresses) {
        if (auto error = listen_all(host, tcp)) return *error;
    }
    return tcp;
}

std::variant<ListeningSocket, ListenError> listen_unix(const std::string& directory, std::uint16_t port) {
    const std::string path = fmt::format("{}/.s.PGSQL.{}", directory, port);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return error_at(path);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (answers(address)) {
        errno = EADDRINUSE;
        return error_at(path);
    }
    struct stat file{};
    if (::lstat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode)) ::unlink(path.c_str());

    Descriptor socket(::socket(AF_UNIX, socket_flags, 0));
    if (socket.get() < 0) return error_at(path);
    const void* raw = &address;
    if (::bind(socket.get(), static_cast<const sockaddr*>(raw), sizeof address) != 0) return error_at(path);
    // From here on the object removes the file should anything fail.
    ListeningSocket made(socket.release(), path, path);
    // Nobody can connect before `listen`, so the file is never open with other rights.
    if (::chmod(path.c_str(), unix_socket_permissions) != 0) return error_at(path);
    if (::listen(made.descriptor(), SOMAXCONN) != 0) return error_at(path);
    return made;
}

std::string address_text(const sockaddr_storage& address) {
    if (address.ss_family == AF_UNIX) return "unix";
    std::array<char, NI_MAXHOST> host{};
    const void* raw = &address;
    const socklen_t size = address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    const int failure = ::getnameinfo(static_cast<const sockaddr*>(raw), size, host.data(), host.size(), nullptr, 0,
                                      NI_NUMERICHOST);
    const char* text = failure == 0 ? host.data() : "unknown";
    return address.ss_family == AF_INET6 ? fmt::format("[{}]:{}", text, port_of(address))
                                         : fmt::format("{}:{}", text, port_of(address));
}

}  // namespace pgweir::proxy::net
