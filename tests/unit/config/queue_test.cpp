// The options of the queue, and what is wrong with them.
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

using pgweir::config::Portion;
using pgweir::config::Priority;
using pgweir::config::Weights;
using pgweir::test::entries;
using pgweir::test::load;
using pgweir::test::problems_of;

namespace {

std::vector<std::string> problems(const std::string& line) { return problems_of(line + "\n" + entries); }

}  // namespace

TEST_CASE("load: the queue is fair by user and application_name, with equal weights", "[config]") {
    const auto loaded = load(entries);
    REQUIRE(loaded.config);
    CHECK(loaded.config->queue.fair_by == std::vector<std::string>{"user", "application_name"});
    CHECK(loaded.config->queue.weights.empty());
    CHECK(loaded.config->users.at("lambda").priority == Priority::normal);
    CHECK(loaded.config->databases.at("app").limits.max_user_servers == 0);
    CHECK(loaded.config->databases.at("app").limits.max_flow_servers == Portion::of_percent(50));
}

TEST_CASE("load: flows, weights and priorities as written", "[config]") {
    const auto loaded = load("queue: { fair_by: [address, user], weights: { Web: 4, lambda/batch: 2 } }\n"
                             "databases: { app: { dsn: 'host=/tmp', limits: { max_user_servers: 3, max_flow_servers: 2 } } }\n"
                             "users: { lambda: { password: x, priority: high } }\n");
    REQUIRE(loaded.config);
    CHECK(loaded.config->queue.fair_by == std::vector<std::string>{"address", "user"});
    CHECK(loaded.config->queue.weights == Weights{{"Web", 4}, {"lambda/batch", 2}});
    CHECK(loaded.config->users.at("lambda").priority == Priority::high);
    CHECK(loaded.config->databases.at("app").limits.max_user_servers == 3);
    CHECK(loaded.config->databases.at("app").limits.max_flow_servers == Portion::of_count(2));
    CHECK(load("queue: { fair_by: user }\n" + entries).config->queue.fair_by == std::vector<std::string>{"user"});
    CHECK(load("queue: { fair_by: [] }\n" + entries).config->queue.fair_by.empty());
}

TEST_CASE("load: what is wrong with the queue is said where it stands", "[config]") {
    using Texts = std::vector<std::string>;
    CHECK(problems("queue: { fair_by: [user, aplication_name] }") ==
          Texts{"f.yaml:1:26: queue.fair_by[1]: \"aplication_name\" is not one of user, application_name, address "
                "(did you mean application_name?)"});
    CHECK(problems("queue: { fair_by: tenant }") ==
          Texts{"f.yaml:1:19: queue.fair_by: \"tenant\" is not one of user, application_name, address"});
    CHECK(problems("queue: { fair_by: [user, user] }") == Texts{"f.yaml:1:26: queue.fair_by[1]: is in the list twice"});
    CHECK(problems("queue: { weights: 3 }").size() == 1);
    CHECK(problems("queue: { weights: [web] }").size() == 1);
    CHECK(problems("queue: { weights: { web: 0 } }") == Texts{"f.yaml:1:26: queue.weights.web: \"0\" is out of range: 1 to 100"});
    CHECK(problems("queue: { weights: { web: much } }") ==
          Texts{"f.yaml:1:26: queue.weights.web: \"much\" is not a whole number (1 to 100)"});
    CHECK(problems("queue: { weights: { web: 1, web: 2 } }").size() == 1);
    CHECK(problems("limits: { max_flow_servers: 0 }").size() == 1);
    CHECK(problems_of("databases: { app: { dsn: 'host=/tmp' } }\nusers: { lambda: { password: x, priority: highest } }\n") ==
          Texts{"f.yaml:2:43: users.lambda.priority: \"highest\" is not one of normal, high (did you mean high?)"});
}
