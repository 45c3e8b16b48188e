#include "config/addresses.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstddef>

namespace pgweir::config {

namespace {

bool is_ipv4(const std::string& text, in_addr& address) {
    return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& text, in6_addr& address) {
    return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

}  // namespace

bool is_ip_address(const std::string& text) {
    in_addr v4{};
    in6_addr v6{};
    // inet_pton stops at a NUL, and would take what stands before it.
    return text.find('\0') == std::string::npos && (is_ipv4(text, v4) || is_ipv6(text, v6));
}

bool is_loopback_ip(const std::string& text) {
    in_addr v4{};
    if (is_ipv4(text, v4)) {
        return (ntohl(v4.s_addr) >> 24U) == 127U;
    }
    in6_addr v6{};
    if (!is_ipv6(text, v6)) {
        return false;
    }
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6) != 0;
    return IN6_IS_ADDR_LOOPBACK(&v6) != 0 || (is_mapped && v6.s6_addr[12] == 127);
}

bool is_local_host(const std::string& text) {
    return text == "localhost" || text.starts_with('/') || text.starts_with('@') || is_loopback_ip(text);
}

}  // namespace pgweir::config
