// Who may log in, and to what: the part of the configuration a login needs, with
// passwords turned into verifiers and database names into pools. Immutable; a reload
// swaps the whole directory.
#pragma once

#include "config/options.hpp"
#include "protocol/scram.hpp"
#include "proxy/client/console_client.hpp"
#include "proxy/core/flow_name.hpp"
#include "proxy/core/waiter_queue.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

class Pool;

struct DirectoryUser {
    protocol::ScramVerifier verifier;
    std::optional<std::vector<std::string>> databases;   // nullopt: all
    std::optional<config::PoolMode> pool_mode;           // nullopt: the database's
    int max_user_client_connections = 0;                 // 0: no limit
    Priority priority = Priority::normal;
    ConsoleRole role = ConsoleRole::none;

    bool may_use(std::string_view database) const;
};

struct DirectoryDatabase {
    std::shared_ptr<Pool> pool;
    config::PoolMode pool_mode;
};

struct Directory {
    std::map<std::string, DirectoryUser, std::less<>> users;
    std::map<std::string, DirectoryDatabase, std::less<>> databases;
    protocol::Sha256 mock_secret{};   // for mock_verifier; the same for the daemon's life
    std::chrono::milliseconds client_login_timeout{};
    FlowParts fair_by{};
    int reserved_admin_conn = 0;
};

}  // namespace pgweir::proxy
