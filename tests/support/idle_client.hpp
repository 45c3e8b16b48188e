// A client that holds no server, and what it is answered, as words: "C:BEGIN Z:T ". An error or a
// notice reads with its SQLSTATE, "E:25P02"; a row with its number of values.
#pragma once

#include "protocol/backend.hpp"
#include "proxy/core/unleased.hpp"
#include "tests/support/lease.hpp"
#include "tests/support/print.hpp"
#include "tests/support/wire.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

inline std::string heard(std::string_view bytes) {
    std::string words;
    while (!bytes.empty()) {
        const protocol::HeaderResult read = protocol::read_header(protocol::as_bytes(bytes));
        if (read.status != protocol::HeaderStatus::complete || read.header.frame_size() > bytes.size()) return words + "?";
        const protocol::Bytes body = protocol::as_bytes(bytes).subspan(protocol::frame_header_size, read.header.body_size);
        words += read.header.type;
        switch (static_cast<protocol::BackendType>(read.header.type)) {
        case protocol::BackendType::command_complete: words += ':' + std::string(protocol::Reader(body).cstring()); break;
        case protocol::BackendType::ready_for_query: words += ':' + std::string(protocol::as_text(body)); break;
        case protocol::BackendType::data_row: words += ':' + std::to_string(protocol::Reader(body).i16()); break;
        case protocol::BackendType::error_response:
        case protocol::BackendType::notice_response: words += ':' + std::string(protocol::decode_error_response(body).value().sqlstate); break;
        default: break;
        }
        words += ' ';
        bytes.remove_prefix(read.header.frame_size());
    }
    return words;
}

struct IdleClient : CoreClient {
    proxy::Unleased state{};
    std::string held{};
    proxy::UnleasedScan last{};

    // What is answered to them, and to what was held.
    std::string takes(std::string_view bytes = {}) {
        held += bytes;
        std::vector<std::byte> out;
        last = scan_unleased(protocol::as_bytes(held), state, session, nullptr, out);
        held.erase(0, last.done);
        return heard(protocol::as_text(out));
    }
    // It wants a server and leaves the front as it was.
    bool needs_server(std::string_view bytes) {
        const std::string before = held + std::string(bytes);
        return takes(bytes).empty() && last.need == proxy::ServerNeed::server && held == before;
    }
};

}  // namespace pgweir::test
