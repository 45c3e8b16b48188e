// Clients and servers without sockets, and the lease between two of them: what a client says goes
// through the translator as the relay would send it, and replies come back as type bytes.
#pragma once

#include "proxy/core/description_hash.hpp"
#include "proxy/core/translator.hpp"
#include "tests/support/ledger.hpp"
#include "tests/support/wire.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::test {

// Messages of a client's as words: "P name sql | B portal name | E | S". Empty names are left out, lengths
// are checked: what is no message reads "?".
inline std::string spoken(std::string_view bytes) {
    std::string words;
    while (!bytes.empty()) {
        const protocol::HeaderResult read = protocol::read_header(protocol::as_bytes(bytes));
        if (read.status != protocol::HeaderStatus::complete || read.header.frame_size() > bytes.size()) return words + "?";
        const char type = read.header.type;
        protocol::Reader body(protocol::as_bytes(bytes).subspan(protocol::frame_header_size, read.header.body_size));
        if (!words.empty()) words += " | ";
        words += type;
        if (type == 'D' || type == 'C') words += static_cast<char>(body.u8());
        const int texts = type == 'B' || type == 'P' ? 2 : type == 'Q' || type == 'D' || type == 'C' ? 1 : 0;
        for (int i = 0; i < texts; ++i) {
            const std::string_view text = body.cstring();
            if (!text.empty()) words += ' ' + std::string(text);
        }
        if (!body.ok()) words += " ?";
        bytes.remove_prefix(read.header.frame_size());
    }
    return words;
}

inline std::string close_statement(std::string_view name) { return message('C', 'S' + cstring(name)); }
inline std::string describe_statement(std::string_view name) { return message('D', 'S' + cstring(name)); }
inline std::string describe_portal() { return message('D', "P\0"_w); }

// The body of a RowDescription with one column.
inline std::string one_column(std::string_view name, std::int64_t type, std::int64_t table = 0) {
    return int16(1) + cstring(name) + int32(table) + int16(table == 0 ? 0 : 1) + int32(type) + int16(4) + int32(-1) + int16(0);
}

struct CoreClient {
    proxy::ClientSession session{};
    CoreClient() { session.startup = session.settings = proxy::make_standing({}); }
};

struct CoreServer {
    proxy::ServerStanding standing{};
    protocol::Exchange exchange{};
    proxy::FrameCursor cursor{};
    CoreServer() { standing.reset(); }
};

struct CoreLease {
    CoreClient& client;
    CoreServer& server;
    proxy::TranslatorRules rules;
    proxy::LeaseWork work{};
    std::string held{};          // of the client's bytes
    proxy::Translation last{};   // what it refers to is gone
    std::string columns = one_column("a", 23);   // what a Describe is answered with

    CoreLease(CoreClient& c, CoreServer& s, proxy::TranslatorRules r) : client(c), server(s), rules(r) {}

    // What goes to the server for them, and for what was held.
    std::string takes(std::string_view bytes = {}) {
        held += bytes;
        std::vector<std::byte> buffer;
        proxy::Translator translator(client.session, server.standing, work, server.exchange, server.cursor, rules);
        last = translator.run(protocol::as_bytes(held), buffer);
        const std::string sent(protocol::as_text(last.to_server));
        held.erase(0, last.taken);
        return sent;
    }
    std::string says(std::string_view bytes = {}) { return spoken(takes(bytes)); }

    // As Ledger::replies, without blanks; every reply is settled by itself.
    std::string replies(std::string_view types) {
        std::string verdicts;
        for (const char type : types) {
            if (type == ' ') continue;
            if (server.exchange.next_is_noted_describe()) describe(type);
            Ledger ledger{std::move(server.exchange)};
            verdicts += Ledger::letter(ledger.reply(type));
            server.exchange = std::move(ledger.exchange);
            work.settle(server.exchange, client.session, server.standing);
        }
        return verdicts;
    }

    bool knows(const std::string& name) const { return client.session.statements.contains(name); }

private:
    void describe(char type) {
        const std::string body = type == 't' ? int16(0) : type == 'T' ? columns : std::string();
        if (type == 't' || type == 'T' || type == 'n')
            work.description = proxy::add_description(work.description, static_cast<protocol::BackendType>(type), protocol::as_bytes(body));
    }
};

}  // namespace pgweir::test
