// A client's bytes and a server's, in any cuts: nothing is read beyond what is there, every
// call makes progress or says why not, and where the bytes are cut decides nothing: neither
// what is sent to the server, nor what is answered here, nor what is remembered of either.
// Input: a seed for the cuts, a quarter of the number of the client's bytes, all bytes.
#include "proxy/core/refused_statement.hpp"
#include "proxy/core/server_scan.hpp"
#include "proxy/core/translator.hpp"
#include "proxy/core/unleased.hpp"
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

// A client and the server it holds, as new.
struct Lease {
    proxy::ClientSession session{};
    proxy::ServerStanding standing{};
    proxy::LeaseWork work{};
    protocol::Exchange exchange{};
    proxy::FrameCursor cursor{};

    Lease() {
        standing.reset();
        session.startup = session.settings = standing.settings;
    }
};

struct ClientOutcome {
    std::vector<std::byte> sent{};
    std::size_t taken = 0;
    proxy::ClientStop stop = proxy::ClientStop::none;
    std::size_t outstanding = 0;
    std::size_t notes = 0;
    std::size_t names = 0;
    proxy::Effects effects{};
    int statements = 0;
    int parses = 0;
    int server_parses = 0;
    bool keeps_large = false;

    friend bool operator==(const ClientOutcome&, const ClientOutcome&) = default;
};

bool is_last(proxy::ClientStop stop) { return stop == proxy::ClientStop::violation || stop == proxy::ClientStop::terminate; }

// No reply ever comes. `max_statements`: on the server.
ClientOutcome play_client(Bytes input, std::uint8_t seed, std::size_t max_statements, Lease& lease) {
    ClientOutcome outcome;
    proxy::TextTable texts;
    const proxy::TranslatorRules rules{.texts = &texts, .max_statements = max_statements};
    lease.exchange.sent(protocol::FrontendType::query, protocol::Origin::proxy);
    Arrival arrival{input};
    std::vector<std::byte> buffer;
    for (const std::size_t end : cuts_of(input.size(), seed)) {
        const Bytes there = arrival.upto(end);
        proxy::Translator translator(lease.session, lease.standing, lease.work, lease.exchange, lease.cursor, rules);
        const proxy::Translation got = translator.run(there, buffer);
        require(got.taken <= there.size());
        require((got.stop == proxy::ClientStop::none) == (got.taken == there.size()));
        require(got.stop != proxy::ClientStop::incomplete || there.size() - got.taken < proxy::max_held_frame);
        require(lease.cursor.body_left == 0 || got.taken == there.size());
        outcome.sent.insert(outcome.sent.end(), got.to_server.begin(), got.to_server.end());
        arrival.taken += got.taken;
        outcome.stop = got.stop;
        outcome.statements += got.statements;
        outcome.parses += got.parses;
        outcome.server_parses += got.server_parses;
        outcome.keeps_large |= got.keeps_large;
        if (is_last(got.stop)) break;
    }
    outcome.taken = arrival.taken;
    outcome.outstanding = lease.exchange.outstanding();
    outcome.notes = lease.work.notes.size();
    outcome.names = lease.session.statements.size();
    outcome.effects = lease.work.effects;
    require(lease.standing.statements.size() <= max_statements);
    return outcome;
}

struct UnleasedOutcome {
    std::vector<std::byte> answers{};
    std::size_t done = 0;
    int answered = 0;
    int rejected = 0;
    bool is_skipping = false;
    proxy::ServerNeed need = proxy::ServerNeed::nothing;
    proxy::Deferred deferred = proxy::Deferred::none;

    friend bool operator==(const UnleasedOutcome&, const UnleasedOutcome&) = default;
};

bool needs_server(proxy::ServerNeed need) { return need == proxy::ServerNeed::server || need == proxy::ServerNeed::listen; }

const proxy::ArrayTypes array_types = {{"16", "1000"}, {"", ""}};

// Refuses every statement that needs a server.
UnleasedOutcome play_unleased(Bytes input, std::uint8_t seed) {
    UnleasedOutcome outcome;
    proxy::Unleased state;
    Lease lease;
    Arrival arrival{input};
    for (const std::size_t end : cuts_of(input.size(), seed)) {
        do {
            const Bytes there = arrival.upto(end);
            const proxy::UnleasedScan scan = scan_unleased(there, state, lease.session, nullptr, outcome.answers);
            require(scan.done <= there.size());
            require((scan.need == proxy::ServerNeed::nothing) == (scan.done == there.size()));
            arrival.taken += scan.done;
            outcome.answered += scan.answered;
            outcome.need = scan.need;
            if (needs_server(scan.need)) {
                const Bytes rest = arrival.upto(end);
                // Whether it is answered depends on how much is there.
                proxy::ClientSession session = lease.session;
                std::vector<std::byte> answers;
                require(answer_refused(rest, &array_types, session, answers) <= rest.size());
                const proxy::Rejected rejected = reject_first(rest, state);
                require(rejected.done > 0 && rejected.done <= rest.size());
                arrival.taken += rejected.done;
                outcome.rejected += rejected.ready_at_once ? 1001 : 1;
            }
        } while (needs_server(outcome.need));
        if (outcome.need == proxy::ServerNeed::violation || outcome.need == proxy::ServerNeed::terminate) break;
    }
    outcome.done = arrival.taken;
    outcome.is_skipping = state.is_skipping;
    outcome.deferred = lease.session.deferred;
    return outcome;
}

struct ServerOutcome {
    std::size_t taken = 0;
    std::size_t to_client = 0;
    std::size_t to_proxy = 0;
    bool is_lost = false;
    std::size_t outstanding = 0;
    std::size_t notes = 0;
    std::size_t names = 0;

    friend bool operator==(const ServerOutcome&, const ServerOutcome&) = default;
};

// False when the server is lost.
bool take_runs(Arrival& arrival, std::size_t end, proxy::ServerCursor& cursor, Lease& lease, ServerOutcome& outcome) {
    while (arrival.taken < end) {
        const Bytes there = arrival.upto(end);
        const proxy::ServerScan scan = scan_server(there, cursor, lease.exchange);
        require(scan.size <= there.size() && scan.body.size() <= there.size());
        if (scan.event == proxy::ServerEventKind::incomplete) {
            require(scan.size == 0 && there.size() < 64 * 1024);
            return true;
        }
        if (scan.reply == protocol::Reply::unmatched) {
            return false;
        }
        require(scan.size > 0);
        lease.work.settle(lease.exchange, lease.session, lease.standing);
        require(scan.in_frame == (cursor.body_left > 0) && (!scan.in_frame || scan.size == there.size()));
        outcome.to_client += scan.reply == protocol::Reply::to_client ? scan.size : 0;
        outcome.to_proxy += scan.reply == protocol::Reply::to_proxy ? scan.size : 0;
        arrival.taken += scan.size;
    }
    return true;
}

ServerOutcome play_server(Bytes input, std::uint8_t seed, Lease& lease) {
    ServerOutcome outcome;
    proxy::ServerCursor cursor;
    Arrival arrival{input};
    for (const std::size_t end : cuts_of(input.size(), seed)) {
        outcome.is_lost = !take_runs(arrival, end, cursor, lease, outcome);
        if (outcome.is_lost) {
            break;
        }
    }
    outcome.taken = arrival.taken;
    outcome.outstanding = lease.exchange.outstanding();
    outcome.notes = lease.work.notes.size();
    outcome.names = lease.session.statements.size();
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

    const std::size_t max_statements = 1 + seed % 4U;
    Lease lease;
    Lease other;
    require(play_client(from_client, seed, max_statements, lease) == play_client(from_client, 0, max_statements, other));
    require(play_unleased(from_client, seed) == play_unleased(from_client, 0));
    require(play_server(from_server, seed, lease) == play_server(from_server, 0, other));
    return 0;
}
