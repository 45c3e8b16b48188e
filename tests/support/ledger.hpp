// An Exchange driven by type bytes, so that a test reads like a line of a protocol
// trace. Replies come back as one letter each: c client's, p proxy's, a asynchronous,
// x unmatched.
#pragma once

#include "protocol/exchange.hpp"

#include <string>
#include <string_view>

namespace pgweir::test {

struct Ledger {
    protocol::Exchange exchange{};

    // Blanks are for the reader.
    void sends(std::string_view types, protocol::Origin origin = protocol::Origin::client) {
        for (const char type : types) {
            if (type != ' ') {
                exchange.sent(static_cast<protocol::FrontendType>(type), origin);
            }
        }
    }
    void proxy_sends(std::string_view types) { sends(types, protocol::Origin::proxy); }

    // `Z` is ReadyForQuery when idle, `+` in a transaction, `!` in a failed one.
    protocol::Reply reply(char type) {
        switch (type) {
        case 'Z': return exchange.ready(protocol::TransactionStatus::idle);
        case '+': return exchange.ready(protocol::TransactionStatus::in_transaction);
        case '!': return exchange.ready(protocol::TransactionStatus::failed);
        default: return exchange.received(static_cast<protocol::BackendType>(type));
        }
    }

    std::string replies(std::string_view types) {
        std::string verdicts;
        for (const char type : types) {
            verdicts += type == ' ' ? ' ' : letter(reply(type));
        }
        return verdicts;
    }

    static char letter(protocol::Reply reply) {
        switch (reply) {
        case protocol::Reply::to_client: return 'c';
        case protocol::Reply::to_proxy: return 'p';
        case protocol::Reply::asynchronous: return 'a';
        case protocol::Reply::unmatched: return 'x';
        }
        return '?';
    }
};

}  // namespace pgweir::test
