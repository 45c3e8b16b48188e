#include "proxy/admin/cells.hpp"

#include <fmt/chrono.h>

#include <charconv>
#include <ctime>

namespace pgweir::proxy {

Cell rest_microseconds(Duration duration) {
    return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count() % 1'000'000);
}

std::string time_text(std::chrono::system_clock::time_point at) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", parts);
}

std::pair<std::string, std::int64_t> split_address(std::string_view address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos) return {std::string(address), 0};
    std::string_view host = address.substr(0, colon);
    const std::string_view digits = address.substr(colon + 1);
    std::int64_t port = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    return {std::string(host), port};
}

std::int64_t number_of_server(std::size_t pool, ServerId id) {
    constexpr std::int64_t places = 100'000;   // more than max_pool_size, and easy to read
    return static_cast<std::int64_t>(pool + 1) * places + static_cast<std::int64_t>(index_of(id));
}

}  // namespace pgweir::proxy
