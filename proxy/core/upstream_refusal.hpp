// What the refusal of a server login means: from a SQLSTATE and a message to a class that
// says what to do next. One table, of PostgreSQL, Supavisor and libpq. Values, no I/O.
#pragma once

#include "proxy/core/dial_outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace pgweir::proxy {

// Whose words a message is.
enum class RefusalSpeaker {
    server,   // PostgreSQL or a pooler in front of it, in an ErrorResponse
    libpq,    // our own side: network, TLS, what libpq makes of the DSN
};

struct UpstreamRefusal {
    DialOutcome outcome = DialOutcome::transient;
    bool is_known = true;                   // false: in no row of the table, and transient for want of better
    std::optional<int> upstream_limit{};    // capacity: how many connections there may be, when the message says so
};

// `message` begins where the speaker begins, without severity, SQLSTATE or address: what
// decides is how it begins, for further on stand names that somebody has chosen.
UpstreamRefusal classify_refusal(RefusalSpeaker speaker, std::string_view sqlstate, std::string_view message);

// The N of `pool_size: N` or `limit: N` in a pooler's capacity refusal.
std::optional<int> find_upstream_limit(std::string_view message);

// Refusals that stand in no row: counted all, and told once for each text.
class UnknownRefusals {
public:
    // True when this one is to be told: its text is new, and not too many have been told.
    bool note(std::string_view sqlstate, std::string_view text);

    std::uint64_t count() const { return count_; }

    // Texts told at most. Chosen: an upstream that puts a number into each text fills a page of the log, not the disk.
    static constexpr std::size_t max_told = 50;

private:
    std::set<std::string, std::less<>> told_;
    std::uint64_t count_ = 0;
};

}  // namespace pgweir::proxy
