// The console's tables from a snapshot, and as messages.
#include "proxy/admin/cells.hpp"
#include "proxy/admin/console_answers.hpp"
#include "proxy/admin/shows.hpp"
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

namespace pgweir::test {

using proxy::Cell;
using proxy::ClientView;
using proxy::Column;
using proxy::ConsoleSnapshot;
using proxy::Row;
using proxy::ServerId;
using proxy::ServerState;
using proxy::ServerView;
using proxy::ShowRow;
using proxy::Table;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

namespace {

const std::string file = "users: { ops: { password: hunter2, admin: true }, lambda: { password: hunter2 } }\n"
                         "databases: { app: { dsn: \"host=db.example.com port=5433 user=me password=hunter2 sslmode=verify-full\" } }\n";

ClientView client(std::uint32_t slot, const std::string& application) {
    ClientView view;
    view.id = {proxy::ThreadIndex{0}, slot, 1};
    view.database = "app";
    view.user = "lambda";
    view.application_name = application;
    view.address = "10.0.0.7:51234";
    return view;
}

// Two servers, one held; a client that waits.
ConsoleSnapshot snapshot() {
    ConsoleSnapshot made;
    made.config = load(file).config;
    REQUIRE(made.config);
    proxy::PoolShot pool;
    pool.database = "app";
    pool.options = made.config->databases.at("app");
    pool.dsn = config::facts_of(pool.options->dsn);
    pool.facts.pool_size = pool.facts.effective_size = 20;
    pool.facts.servers[static_cast<std::size_t>(ServerState::idle)] = 1;
    pool.facts.servers[static_cast<std::size_t>(ServerState::leased)] = 1;
    pool.facts.in_use = 1;
    pool.facts.longest_wait = 1500ms;
    pool.clients = {.idle = 2, .active = 1, .waiting = 1};
    ServerView held{.id = ServerId{0}, .state = ServerState::leased};
    held.client = client(3, "").id;
    held.is_pinned = true;
    held.reason = proxy::PinReason::advisory_lock;
    ServerView idle{.id = ServerId{1}, .state = ServerState::idle};
    idle.in_state = 20s;
    pool.view.servers = {held, idle};
    pool.view.flows.push_back({.name = "lambda/web", .clients = 4, .servers = 1, .waiting = 1, .weight = 2});
    pool.identities = {{"db.example.com:5433", 4711, 7, true}, {"db.example.com:5433", 4712, 8, true}};
    pool.sums.transactions = 10;
    made.pools.push_back(std::move(pool));
    ClientView holder = client(3, "checkout");
    holder.server = ServerId{0};
    holder.transaction = "idle in transaction";
    holder.transaction_age = 1234ms;
    holder.statement = "UPDATE t SET a = 'hunter2' WHERE id = 42";
    ClientView waiting = client(4, "report");
    waiting.is_waiting = true;
    waiting.quiet = 1500ms;
    made.clients = {holder, waiting};
    made.version = "1.2.3";
    made.events.push_back({{}, "info", "started", "port=6432"});
    return made;
}

std::vector<Row> rows_of(const std::string& word) {
    const ShowRow* show = proxy::find_show(word);
    REQUIRE(show != nullptr);
    return show->rows(snapshot());
}

Cell cell(const std::string& word, const std::string& column, std::size_t row = 0) {
    const ShowRow* show = proxy::find_show(word);
    REQUIRE(show != nullptr);
    const auto found = std::find_if(show->columns.begin(), show->columns.end(), [&](const Column& one) { return one.name == column; });
    REQUIRE(found != show->columns.end());
    const std::vector<Row> rows = show->rows(snapshot());
    REQUIRE(row < rows.size());
    return rows[row][static_cast<std::size_t>(found - show->columns.begin())];
}

Cell text(const std::string& value) { return value; }
Cell number(std::int64_t value) { return value; }

}  // namespace

TEST_CASE("console tables: every row has a cell of the right kind for each column", "[admin]") {
    for (const ShowRow& show : proxy::shows()) {
        for (const Row& row : show.rows(snapshot())) {
            INFO(show.word);
            REQUIRE(row.size() == show.columns.size());
            for (std::size_t i = 0; i < row.size(); ++i) {
                INFO(show.columns[i].name);
                const bool is_number = show.columns[i].type == proxy::ColumnType::number;
                CHECK((std::holds_alternative<std::monostate>(row[i]) || std::holds_alternative<std::int64_t>(row[i]) == is_number));
            }
        }
    }
}

TEST_CASE("console tables: no cell holds a password or a constant", "[admin]") {
    for (const ShowRow& show : proxy::shows())
        for (const Row& row : show.rows(snapshot()))
            for (const Cell& one : row)
                if (const auto* value = std::get_if<std::string>(&one)) CHECK(value->find("hunter2") == std::string::npos);
}

TEST_CASE("console tables: a pool as PgBouncer describes it", "[admin]") {
    CHECK(cell("POOLS", "cl_active") == number(3));
    CHECK(cell("POOLS", "cl_waiting") == number(1));
    CHECK(cell("POOLS", "sv_active") == number(1));
    CHECK(cell("POOLS", "sv_idle") == number(0));
    CHECK(cell("POOLS", "sv_used") == number(1));
    CHECK(cell("POOLS", "maxwait") == number(1));
    CHECK(cell("POOLS", "maxwait_us") == number(500'000));
    CHECK(cell("DATABASES", "host") == text("db.example.com"));
    CHECK(cell("DATABASES", "port") == number(5433));
    CHECK(cell("DATABASES", "force_user") == text("me"));
    CHECK(cell("STATS", "total_xact_count") == number(10));
    CHECK(cell("STATS", "total_bind_count") == Cell());
    CHECK(cell("VERSION", "version") == text("pgweir 1.2.3"));
}

TEST_CASE("console tables: clients and servers name each other", "[admin]") {
    CHECK(cell("CLIENTS", "link") == cell("SERVERS", "ptr"));
    CHECK(cell("SERVERS", "link") == cell("CLIENTS", "ptr"));
    CHECK(cell("CLIENTS", "state") == text("active"));
    CHECK(cell("CLIENTS", "state", 1) == text("waiting"));
    CHECK(cell("CLIENTS", "wait", 1) == number(1));
    CHECK(cell("SERVERS", "state", 1) == text("used"));
    CHECK(cell("SERVERS", "remote_pid") == number(4711));
}

TEST_CASE("console tables: holders, pins, the queue and flows", "[admin]") {
    CHECK(rows_of("HOLDERS").size() == 1);
    CHECK(cell("HOLDERS", "application_name") == text("checkout"));
    CHECK(cell("HOLDERS", "state") == text("idle in transaction"));
    CHECK(cell("HOLDERS", "transaction_age_ms") == number(1234));
    CHECK(cell("HOLDERS", "statement") == text("UPDATE t SET a = ? WHERE id = ?"));
    CHECK(cell("HOLDERS", "backend_pid") == number(4711));
    CHECK(cell("PINS", "reason") == text("advisory_lock"));
    CHECK(cell("QUEUE", "application_name") == text("report"));
    CHECK(cell("QUEUE", "waiting_ms") == number(1500));
    CHECK(cell("FLOWS", "flow") == text("lambda/web"));
    CHECK(cell("FLOWS", "weight") == number(2));
}

TEST_CASE("console tables: the number of a client leads back to it, and no other number does", "[admin]") {
    for (const proxy::ClientId id : {proxy::ClientId{proxy::ThreadIndex{0}, 0, 1}, proxy::ClientId{proxy::ThreadIndex{3}, 70'000, 9},
                                     proxy::ClientId{proxy::ThreadIndex{1}, 5, 0xffffffff}}) {
        const std::int64_t number = proxy::number_of(id);
        CHECK(number > 0);
        CHECK(proxy::client_of(number, 4) == id);
    }
    CHECK_FALSE(proxy::client_of(0, 4));
    CHECK_FALSE(proxy::client_of(-7, 4));
    CHECK_FALSE(proxy::client_of(4, 3));
}

TEST_CASE("console tables: addresses and times", "[admin]") {
    CHECK(proxy::split_address("10.0.0.7:51234") == std::pair(std::string("10.0.0.7"), std::int64_t{51234}));
    CHECK(proxy::split_address("[::1]:5") == std::pair(std::string("::1"), std::int64_t{5}));
    CHECK(proxy::split_address("unix") == std::pair(std::string("unix"), std::int64_t{0}));
    CHECK(proxy::time_text({}) == "1970-01-01 00:00:00 UTC");
}

TEST_CASE("console tables: rows as messages, in text and binary", "[admin]") {
    const Row row{number(258), text("ab"), Cell()};
    std::vector<std::byte> out;
    proxy::write_data_row(out, row, {});
    CHECK(protocol::as_text(out) == std::string_view("D\0\0\0\x17\0\x03\0\0\0\x03" "258\0\0\0\x02" "ab\xff\xff\xff\xff", 24));
    out.clear();
    proxy::write_data_row(out, row, {1});
    CHECK(protocol::as_text(out) == std::string_view("D\0\0\0\x1c\0\x03\0\0\0\x08\0\0\0\0\0\0\x01\x02\0\0\0\x02" "ab\xff\xff\xff\xff", 29));
    CHECK(proxy::are_formats_for({}, 3));
    CHECK(proxy::are_formats_for({1, 0, 1}, 3));
    CHECK_FALSE(proxy::are_formats_for({1, 0}, 3));
    CHECK_FALSE(proxy::are_formats_for({2}, 3));
}

TEST_CASE("stats history: averages are of the last whole period", "[admin]") {
    proxy::StatsHistory history;
    const std::chrono::steady_clock::time_point start{std::chrono::hours(1)};
    proxy::PoolSums sums;
    CHECK(history.is_due(start));
    history.sample({{"app", sums}}, start);
    CHECK_FALSE(history.is_due(start + 59s));
    CHECK(history.is_due(start + 60s));
    CHECK(history.averages("app").transactions == 0);
    sums.transactions = 600;
    sums.transaction_time = 1'200'000;
    history.sample({{"app", sums}}, start + 60s);
    CHECK(history.averages("app").transactions == 10);
    CHECK(history.averages("app").transaction_time == 2000);
    CHECK(history.averages("other").transactions == 0);
}

}  // namespace pgweir::test
