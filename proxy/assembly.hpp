// Where the configuration's names meet the daemon's: from a Config to limits, targets,
// verifiers, and the directory that logins ask.
#pragma once

#include "config/options.hpp"
#include "protocol/scram.hpp"
#include "proxy/client/directory.hpp"
#include "proxy/client/login.hpp"
#include "proxy/net/tls_context.hpp"
#include "proxy/server/login.hpp"
#include "proxy/server/pool.hpp"

#include <map>
#include <memory>
#include <string>
#include <variant>

namespace pgweir::proxy {

PoolLimits pool_limits(const config::DatabaseOptions& database, const config::Config& config);
// The same without weights and a reserve for users of high priority.
PoolLimits pool_limits(const config::DatabaseOptions& database);

ServerTarget server_target(const config::DatabaseOptions& database);

// What the listeners show.
struct TlsOffers {
    std::shared_ptr<const TlsOffer> clients;   // never null
    net::ServerTls http;                       // without a context HTTP is plain
};

// All of them, or what is wrong with one. Reads the certificates' files: helper threads only, but at start.
std::variant<TlsOffers, net::TlsError> make_tls_offers(const config::Config& config);

using UserVerifiers = std::map<std::string, protocol::ScramVerifier>;

// Passwords turned into verifiers. Keeps what it has made, because hashing a plain-text
// password takes milliseconds and a reload rarely changes one.
class Verifiers {
public:
    // Blocks for some 6 ms for each plain-text password it has not seen: helper threads only.
    UserVerifiers make(const config::Config& config);

private:
    std::map<std::string, protocol::ScramVerifier> by_password_;
};

using Pools = std::map<std::string, std::shared_ptr<Pool>>;

// Requires: a pool for each database and a verifier for each user.
std::shared_ptr<const Directory> make_directory(const config::Config& config, const Pools& pools,
                                                const UserVerifiers& verifiers,
                                                const protocol::Sha256& mock_secret);

}  // namespace pgweir::proxy
