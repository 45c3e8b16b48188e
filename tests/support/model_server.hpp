// A naive PostgreSQL: reads messages from a queue one by one and puts answers into
// another, each with the name of whoever asked. Follows the manual's "Message Flow" and
// postgres.c, and shares no code and no idea with the ledger it is compared with.
#pragma once

#include "protocol/exchange.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <string_view>

namespace pgweir::test {

using Random = std::mt19937;

inline int below(Random& random, int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); }

struct ModelServer {
    enum class Fate { works, fails, copies_in, copies_in_badly, copies_in_twice, copies_out, suspends, is_empty };

    struct Incoming {
        char type;
        protocol::Origin origin;
        Fate fate = Fate::works;   // of what it asks for, or of this piece of COPY data
    };
    struct Outgoing {
        char type;                 // `Z` when idle, `+` in a transaction
        protocol::Origin origin;
    };

    std::deque<Incoming> input{};
    std::deque<Outgoing> output{};
    bool is_skipping = false;
    bool has_unsynced_work = false;
    int copies_left = 0;           // above 0: reads COPY data
    Incoming copy_statement{};
    bool is_in_transaction = false;
    bool has_failed_copy = false;
    bool has_sent_into_copy = false;   // something that is no COPY data, behind a COPY statement

    // A COPY failed, and which messages it had read by then is anybody's guess.
    bool is_doubtful() const { return has_failed_copy && has_sent_into_copy; }

    // Whether a COPY statement may be waiting for its data, seen from where nothing is late.
    bool may_be_in_copy() const {
        const auto starts_copy = [](const Incoming& message) {
            const bool runs = message.type == 'Q' || message.type == 'E';
            return runs && (message.fate == Fate::copies_in || message.fate == Fate::copies_in_badly ||
                            message.fate == Fate::copies_in_twice);
        };
        const auto is_answer = [](const Outgoing& message) { return message.type == 'G'; };
        return copies_left > 0 || std::any_of(input.begin(), input.end(), starts_copy) ||
               std::any_of(output.begin(), output.end(), is_answer);
    }

    void send(const Incoming& message, bool is_copy_known) {
        const bool is_copy_data = std::string_view("dcfH").find(message.type) != std::string_view::npos;
        has_sent_into_copy = has_sent_into_copy || ((is_copy_known || may_be_in_copy()) && !is_copy_data);
        input.push_back(message);
    }

    void say(std::string_view types, protocol::Origin origin) {
        for (const char type : types) {
            output.push_back({type, origin});
        }
    }
    void say_ready(protocol::Origin origin) {
        has_unsynced_work = false;
        output.push_back({is_in_transaction ? '+' : 'Z', origin});
    }

    static bool is_simple(char type) { return type == 'Q' || type == 'F'; }

    // Nothing is on its way, nothing is awaited.
    bool is_at_rest() const {
        for (const Outgoing& message : output) {
            if (message.type != 'A') {
                return false;
            }
        }
        for (const Incoming& message : input) {
            if (std::string_view("dcfH").find(message.type) == std::string_view::npos) {
                return false;
            }
        }
        return !is_skipping && !has_unsynced_work && copies_left == 0 && !is_in_transaction;
    }

    void step(Random& random) {
        if (below(random, 20) == 0) {
            say("A", protocol::Origin::client);
        }
        if (copies_left > 0 && copy_statement.fate == Fate::copies_in_badly && below(random, 3) == 0) {
            fail_copy();
            return;
        }
        if (input.empty()) {
            return;
        }
        const Incoming message = input.front();
        input.pop_front();
        if (copies_left > 0) {
            read_in_copy(message);
        } else if (!is_skipping || message.type == 'S') {
            read(message, random);
        }
    }

private:
    void read_in_copy(const Incoming& message) {
        switch (message.type) {
        case 'S':
        case 'H': return;
        case 'd':
            if (message.fate == Fate::fails) {
                fail_copy();
            }
            return;
        case 'c':
            say("C", copy_statement.origin);
            if (--copies_left > 0) {
                say("G", copy_statement.origin);
            } else if (is_simple(copy_statement.type)) {
                say_ready(copy_statement.origin);
            }
            return;
        case 'f': fail_copy(); return;
        default: fail_copy();
        }
    }

    void fail_copy() {
        copies_left = 0;
        has_failed_copy = true;
        fail(copy_statement);
    }

    void fail(const Incoming& message) {
        say("E", message.origin);
        if (is_simple(message.type)) {
            say_ready(message.origin);
        } else if (message.type != 'S') {
            is_skipping = true;
        }
    }

    void read(const Incoming& message, Random& random) {
        if (below(random, 10) == 0 && std::string_view("QPBDEC").find(message.type) != std::string_view::npos) {
            say("N", message.origin);
        }
        if (message.type == 'S') {
            // A deferred constraint, say; where nothing was done there is nothing to fail.
            if (message.fate == Fate::fails && has_unsynced_work && !is_skipping) {
                fail(message);
            }
            is_skipping = false;
            say_ready(message.origin);
            return;
        }
        if (std::string_view("dcfH").find(message.type) != std::string_view::npos) {
            return;
        }
        has_unsynced_work = true;
        if (message.fate == Fate::fails) {
            fail(message);
            return;
        }
        switch (message.type) {
        case 'P': say("1", message.origin); break;
        case 'B': say("2", message.origin); break;
        case 'C': say("3", message.origin); break;
        case 'D': say(below(random, 2) == 0 ? "tT" : "n", message.origin); break;
        case 'F': say("V", message.origin); break;
        default: run(message, random);
        }
        if (is_simple(message.type) && copies_left == 0) {
            say_ready(message.origin);
        }
    }

    void run(const Incoming& message, Random& random) {
        const bool is_query = message.type == 'Q';
        switch (message.fate) {
        case Fate::is_empty: say("I", message.origin); return;
        case Fate::copies_out: say("HdddcC", message.origin); return;
        case Fate::copies_in:
        case Fate::copies_in_badly:
        case Fate::copies_in_twice:
            copy_statement = message;
            copies_left = is_query && message.fate == Fate::copies_in_twice ? 2 : 1;
            say("G", message.origin);
            return;
        case Fate::suspends: say(is_query ? "TDDC" : "DDs", message.origin); return;
        case Fate::works:
        case Fate::fails: break;
        }
        if (is_query && below(random, 4) == 0) {
            is_in_transaction = !is_in_transaction;
        }
        say(is_query ? "TDDC" : "DC", message.origin);
    }
};

}  // namespace pgweir::test
