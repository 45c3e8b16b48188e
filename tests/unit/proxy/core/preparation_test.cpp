#include "proxy/core/preparation.hpp"

#include "tests/support/lease.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using proxy::Deferred;
using proxy::Preparation;
using proxy::PreparationWishes;

namespace {

const proxy::BaselineSettings baseline = {{"work_mem", "4MB"}};

// Its queries, one line each; "?" before those that may fail.
std::string lines(const Preparation& preparation) {
    std::string text;
    for (const proxy::PreparingQuery& query : preparation.queries) text += (query.must_succeed ? "" : "?") + query.sql + "\n";
    return text;
}

std::string lines(const CoreClient& client, const CoreServer& server, PreparationWishes wishes = {}) {
    return lines(prepare(client.session, server.standing, baseline, wishes));
}

}  // namespace

TEST_CASE("preparation: a server that stands as the client wants it needs nothing", "[proxy]") {
    CoreClient client;
    CoreServer server;
    const auto preparation = prepare(client.session, server.standing, baseline, {});
    CHECK(preparation.queries.empty());
    CHECK_FALSE(preparation.switches_settings);
    CHECK_FALSE(preparation.awaits_vital());
    client.session.settings = proxy::make_standing({{"work_mem", "1MB"}});
    server.standing.settings = proxy::make_standing({{"work_mem", "1MB"}});
    CHECK(lines(client, server).empty());
}

TEST_CASE("preparation: settings are switched in one query that must succeed", "[proxy]") {
    CoreClient client;
    CoreServer server;
    client.session.settings = proxy::make_standing({{"timezone", "UTC"}});
    server.standing.settings = proxy::make_standing({{"work_mem", "1MB"}});
    const Preparation preparation = prepare(client.session, server.standing, baseline, {.needs_check = true});
    REQUIRE(preparation.queries.size() == 1);
    CHECK(preparation.queries.front().sql ==
          proxy::switch_settings_sql(server.standing.settings->settings, client.session.settings->settings, baseline));
    CHECK(preparation.switches_settings);
    CHECK(preparation.awaits_vital());
}

TEST_CASE("preparation: a check is a query by itself, when there is no other", "[proxy]") {
    CoreClient client;
    CoreServer server;
    CHECK(lines(client, server, {.needs_check = true}) == ";\n");
    CHECK(lines(client, server, {.needs_check = true, .discards_sequences = true}) == "?DISCARD SEQUENCES\n");
}

TEST_CASE("preparation: prepared statements of SQL are dropped and made where they differ", "[proxy]") {
    CoreClient client;
    CoreServer server;
    server.standing.prepared = {{"a", "PREPARE a AS SELECT 1"}, {"b", "PREPARE b AS SELECT 1"}, {"c \"d\"", "PREPARE x"}};
    client.session.prepared = {{"a", "PREPARE a AS SELECT 1"}, {"b", "PREPARE b AS SELECT 2"}};
    CHECK(lines(client, server) == "?DEALLOCATE \"b\"\n?DEALLOCATE \"c \"\"d\"\"\"\n?PREPARE b AS SELECT 2\n");
    CHECK_FALSE(prepare(client.session, server.standing, baseline, {}).awaits_vital());
}

TEST_CASE("preparation: a BEGIN that cannot be refused goes along with the first statement", "[proxy]") {
    struct Row {
        const char* begin;
        bool must_wait;
    };
    const Row row = GENERATE(Row{"begin", false}, Row{"START TRANSACTION READ ONLY", false}, Row{"begin isolation level repeatable read", false},
                             Row{"BEGIN READ WRITE", true}, Row{"begin isolation level SERIALIZABLE", true}, Row{"begin -- write", false});
    INFO(row.begin);
    CoreClient client;
    CoreServer server;
    client.session.deferred = Deferred::begun;
    client.session.begin = row.begin;
    const Preparation preparation = prepare(client.session, server.standing, baseline, {.needs_check = true});
    CHECK(preparation.begins == row.must_wait);
    CHECK(lines(preparation) == (row.must_wait ? std::string(row.begin) + "\n" : ";\n"));
    client.session.deferred = Deferred::none;
    CHECK(lines(client, server).empty());
}

TEST_CASE("preparation: settings come first and the BEGIN last", "[proxy]") {
    CoreClient client;
    CoreServer server;
    client.session.settings = proxy::make_standing({{"timezone", "UTC"}});
    client.session.prepared = {{"a", "PREPARE a AS SELECT 1"}};
    client.session.deferred = Deferred::begun;
    client.session.begin = "begin read write";
    Preparation preparation = prepare(client.session, server.standing, baseline, {.needs_check = true, .discards_sequences = true});
    REQUIRE(preparation.queries.size() == 4);
    CHECK(preparation.queries[1].sql == "PREPARE a AS SELECT 1");
    CHECK(preparation.queries[2].sql == "DISCARD SEQUENCES");
    CHECK(preparation.queries[3].sql == "begin read write");
    std::string vital;
    for (; preparation.answered <= preparation.queries.size(); ++preparation.answered) vital += preparation.awaits_vital() ? 'v' : '-';
    CHECK(vital == "v--v-");
}

}  // namespace pgweir::test
