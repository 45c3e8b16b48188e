#include "proxy/server/login_address.hpp"

#include "proxy/server/libpq.hpp"

#include <string_view>
#include <variant>

namespace pgweir::proxy {
namespace {

std::string value_of(const PQconninfoOption* options, std::string_view keyword) {
    for (; options->keyword != nullptr; ++options) {
        if (keyword == options->keyword) {
            return options->val != nullptr ? options->val : "";
        }
    }
    return {};
}

std::string either(std::string text, const std::string& other) { return text.empty() ? other : text; }

}   // namespace

metrics::UpstreamAddress upstream_address(const ServerTarget& target) {
    const auto parsed = libpq::parse_dsn(target.dsn.reveal());
    const auto* dsn = std::get_if<libpq::OptionsPtr>(&parsed);
    if (dsn == nullptr) {
        return {};
    }
    const PQconninfoOption* options = dsn->get();
    return {.host = either(value_of(options, "host"), value_of(options, "hostaddr")),
            .port = either(value_of(options, "port"), "5432"),
            .database = either(value_of(options, "dbname"), target.database),
            .user = value_of(options, "user")};
}

}   // namespace pgweir::proxy
