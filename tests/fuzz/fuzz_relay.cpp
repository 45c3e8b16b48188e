// A client's bytes and a server's, in any cuts: nothing is read beyond what is there, every
// call makes progress or says why not, and where the bytes are cut decides nothing.
// Input: a seed for the cuts, a quarter of the number of the client's bytes, all bytes.
#include "proxy/core/relay_core.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <vector>

using pgweir::test::require;

namespace protocol = pgweir::protocol;
namespace proxy = pgweir::proxy;

namespace {

using protocol::Bytes;

// The borders of pieces: pseudo-random lengths, or the whole at once for seed 0.
std::vector<std::size_t> cuts_of(std::size_t size, std::uint8_t seed) {
    std::vector<std::size_t> ends;
    std::uint32_t random = seed;
    for (std::size_t at = 0; seed != 0 && at < size;) {
        random = random * 1664525U + 1013904223U;
        at += 1 + (random >> 24U) % (seed < 128 ? 4U : 200U);
        ends.push_back(std::min(at, size));
    }
    ends.push_back(size);
    return ends;
}

// What is there of an input that arrives piece by piece and is taken from the front. Copied,
// so that a sanitizer sees the first byte too many.
struct Arrival {
    Bytes input;
    std::size_t taken = 0;
    std::vector<std::byte> there{};

    Bytes upto(std::size_t end) {
        there.assign(input.begin() + static_cast<std::ptrdiff_t>(taken), input.begin() + static_cast<std::ptrdiff_t>(end));
        there.shrink_to_fit();
        return there;
    }
};

struct ClientOutcome {
    std::size_t forwarded = 0;
    proxy::ClientStop stop = proxy::ClientStop::none;
    std::size_t outstanding = 0;
    int statements = 0;
    bool names_statement = false;
    bool commits = false;

    friend bool operator==(const ClientOutcome&, const ClientOutcome&) = default;
};

ClientOutcome play_client(Bytes input, std::uint8_t seed, protocol::Exchange& exchange) {
    ClientOutcome outcome;
    proxy::FrameCursor cursor;
    Arrival arrival{input};
    for (const std::size_t end : cuts_of(input.size(), seed)) {
        const Bytes there = arrival.upto(end);
        const proxy::ClientScan scan = scan_client(there, cursor, exchange);
        require(scan.forward <= there.size());
        require((scan.stop == proxy::ClientStop::none) == (scan.forward == there.size()));
        require(scan.stop != proxy::ClientStop::incomplete || there.size() - scan.forward < proxy::max_held_frame);
        require(cursor.body_left == 0 || scan.forward == there.size());
        arrival.taken += scan.forward;
        outcome.stop = scan.stop;
        outcome.statements += scan.statements;
        outcome.names_statement |= scan.names_statement;
        outcome.commits |= scan.commits;
        if (scan.stop == proxy::ClientStop::violation || scan.stop == proxy::ClientStop::terminate) {
            break;
        }
    }
    outcome.forwarded = arrival.taken;
    outcome.outstanding = exchange.outstanding();
    return outcome;
}

struct UnleasedOutcome {
    std::size_t done = 0;
    int answers = 0;
    bool is_skipping = false;
    proxy::ServerNeed need = proxy::ServerNeed::nothing;

    friend bool operator==(const UnleasedOutcome&, const UnleasedOutcome&) = default;
};

bool needs_server(proxy::ServerNeed need) {
    return need == proxy::ServerNeed::server || need == proxy::ServerNeed::statement;
}

// Refuses every statement.
UnleasedOutcome play_unleased(Bytes input, std::uint8_t seed) {
    UnleasedOutcome outcome;
    proxy::Unleased state;
    Arrival arrival{input};
    for (const std::size_t end : cuts_of(input.size(), seed)) {
        do {
            const Bytes there = arrival.upto(end);
            const proxy::UnleasedScan scan = scan_unleased(there, state);
            require(scan.done <= there.size() && scan.ready_replies >= 0);
            require((scan.need == proxy::ServerNeed::nothing) == (scan.done == there.size()));
            arrival.taken += scan.done;
            outcome.answers += scan.ready_replies;
            outcome.need = scan.need;
            if (needs_server(scan.need)) {
                const Bytes rest = arrival.upto(end);
                const proxy::Rejected rejected = reject_first(rest, state);
                require(rejected.done > 0 && rejected.done <= rest.size());
                arrival.taken += rejected.done;
                outcome.answers += 1000 + (rejected.ready_at_once ? 1 : 0);
            }
        } while (needs_server(outcome.need));
        if (outcome.need == proxy::ServerNeed::violation || outcome.need == proxy::ServerNeed::terminate) {
            break;
        }
    }
    outcome.done = arrival.taken;
    outcome.is_skipping = state.is_skipping;
    return outcome;
}

struct ServerOutcome {
    std::size_t taken = 0;
    std::size_t to_client = 0;
    std::size_t to_proxy = 0;
    bool is_lost = false;
    std::size_t outstanding = 0;

    friend bool operator==(const ServerOutcome&, const ServerOutcome&) = default;
};

// False when the server is lost.
bool take_runs(Arrival& arrival, std::size_t end, proxy::ServerCursor& cursor, protocol::Exchange& exchange, ServerOutcome& outcome) {
    while (arrival.taken < end) {
        const Bytes there = arrival.upto(end);
        const proxy::ServerScan scan = scan_server(there, cursor, exchange);
        require(scan.size <= there.size() && scan.body.size() <= there.size());
        if (scan.event == proxy::ServerEventKind::incomplete) {
            require(scan.size == 0 && there.size() < 64 * 1024);
            return true;
        }
        if (scan.reply == protocol::Reply::unmatched) {
            return false;
        }
        require(scan.size > 0);
        require(scan.in_frame == (cursor.body_left > 0) && (!scan.in_frame || scan.size == there.size()));
        outcome.to_client += scan.reply == protocol::Reply::to_client ? scan.size : 0;
        outcome.to_proxy += scan.reply == protocol::Reply::to_proxy ? scan.size : 0;
        arrival.taken += scan.size;
    }
    return true;
}

ServerOutcome play_server(Bytes input, std::uint8_t seed, protocol::Exchange exchange) {
    ServerOutcome outcome;
    proxy::ServerCursor cursor;
    Arrival arrival{input};
    for (const std::size_t end : cuts_of(input.size(), seed)) {
        outcome.is_lost = !take_runs(arrival, end, cursor, exchange, outcome);
        if (outcome.is_lost) {
            break;
        }
    }
    outcome.taken = arrival.taken;
    outcome.outstanding = exchange.outstanding();
    return outcome;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::uint8_t seed = data[0];
    const Bytes all = pgweir::test::fuzz_bytes(data + 2, size - 2);
    const Bytes from_client = all.first(std::min<std::size_t>(data[1] * 4U, all.size()));
    const Bytes from_server = all.subspan(from_client.size());

    protocol::Exchange exchange;
    exchange.sent(protocol::FrontendType::query, protocol::Origin::proxy);
    protocol::Exchange other = exchange;
    require(play_client(from_client, seed, exchange) == play_client(from_client, 0, other));
    require(play_unleased(from_client, seed) == play_unleased(from_client, 0));
    require(play_server(from_server, seed, exchange) == play_server(from_server, 0, exchange));
    return 0;
}
