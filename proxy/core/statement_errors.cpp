#include "proxy/core/statement_errors.hpp"

#include "protocol/backend.hpp"

namespace pgweir::proxy {

std::vector<std::byte> statement_error(std::string_view sqlstate, std::string_view message, std::string_view routine,
                                       std::string_view hint) {
    std::vector<std::byte> out;
    protocol::write_error_response(
        out, {.severity = "ERROR", .sqlstate = sqlstate, .message = message, .hint = hint, .routine = routine});
    return out;
}

}  // namespace pgweir::proxy
