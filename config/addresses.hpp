// What can be told of an address from its text alone.
#pragma once

#include <string>
#include <string_view>

namespace pgweir::config {

// IPv4 in dotted form or IPv6, without brackets or scope.
bool is_ip_address(const std::string& text);

// 127.0.0.0/8, ::1 or such an IPv4 address mapped into IPv6.
bool is_loopback_ip(const std::string& text);

// A host as libpq takes it that cannot leave this machine: a loopback address,
// `localhost`, or the directory or abstract name of a unix socket.
bool is_local_host(const std::string& text);

}  // namespace pgweir::config
