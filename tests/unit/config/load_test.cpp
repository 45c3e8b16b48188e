// What a good file becomes: defaults, overrides, secrets, and the files in the repository.
#include "config/reference.hpp"
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>

namespace config = pgweir::config;

using pgweir::test::entries;
using pgweir::test::load;
using pgweir::test::problems_of;
using pgweir::test::surroundings_of;
using pgweir::test::texts_of;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Problems = std::vector<std::string>;

namespace {

// Requires that `text` loads.
config::Config loaded(const std::string& text, const config::Surroundings& surroundings = surroundings_of({})) {
    const config::LoadResult result = load(text, surroundings);
    CHECK(texts_of(result.problems) == Problems{});
    REQUIRE(result.config);
    return *result.config;
}

const std::string verifier =
    "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$"
    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

std::string password_of(const std::string& written, const config::Surroundings& surroundings) {
    const std::string text =
        "databases: { app: { dsn: 'host=/tmp' } }\nusers: { lambda: { password: '" + written + "' } }\n";
    return loaded(text, surroundings).users.at("lambda").password.reveal();
}

}  // namespace

TEST_CASE("load: a file with only a database and a user has every default", "[config]") {
    const config::Config config = loaded(entries);
    CHECK(config.listen.address == std::vector<std::string>{"127.0.0.1"});
    CHECK(config.listen.port == 6432);
    CHECK(config.limits.max_client_conn == 10000);
    CHECK(config.timeouts.drain_timeout == seconds(30));
    CHECK(config.http.port == 9127);
    CHECK_FALSE(config.watch);
    const config::DatabaseOptions& app = config.databases.at("app");
    CHECK(app.name == "app");
    CHECK(app.dsn.reveal() == "host=/tmp sslmode=disable");
    CHECK(app.limits.pool_size == 20);
    CHECK(app.timeouts.server_lifetime == minutes(30));
    CHECK(app.breaker.open_above == Approx(0.8));
    CHECK(app.server_settings == config::Settings{{"application_name", "pgweir"}, {"jit", "off"}});
    const config::UserOptions& lambda = config.users.at("lambda");
    CHECK(lambda.name == "lambda");
    CHECK_FALSE(lambda.databases);
    CHECK_FALSE(lambda.pool_mode);
}

TEST_CASE("load: values of every kind are read", "[config]") {
    const config::Config config = loaded(entries + R"(
listen:
  address: [127.0.0.1, "::1"]
  io_threads: auto
  unix_socket_dir: /run/pgweir
  tls: { mode: require, certificate: /c.pem, private_key: /k.pem, min_version: TLSv1.3 }
limits: { max_client_conn: 50 }
timeouts: { client_idle_timeout: 0s, drain_timeout: 250ms, client_login_timeout: 5m }
log: { format: json, level: warning }
http: { port: 0 }
)");
    CHECK(config.listen.address == std::vector<std::string>{"127.0.0.1", "::1"});
    CHECK(config.listen.io_threads == 0);
    CHECK(config.listen.unix_socket_dir == "/run/pgweir");
    CHECK(config.listen.tls.mode == config::TlsMode::require);
    CHECK(config.listen.tls.min_version == config::TlsVersion::tls_1_3);
    CHECK(config.limits.max_client_conn == 50);
    CHECK(config.timeouts.drain_timeout == milliseconds(250));
    CHECK(config.timeouts.client_login_timeout == minutes(5));
    CHECK(config.log.format == config::LogFormat::json);
    CHECK(config.log.level == config::LogLevel::warning);
    CHECK(config.http.port == 0);
}

TEST_CASE("load: databases inherit from the top of the file and override it", "[config]") {
    const config::Config config = loaded(R"(
databases:
  app: { dsn: "host=/tmp" }
  other:
    dsn: host=/tmp
    pool_mode: session
    limits: { pool_size: 5 }
    timeouts: { query_wait_timeout: 2s }
    breaker: { open_above: off }
    server_settings: { JIT: "on", work_mem: 8MB }
users: { lambda: { password: x } }
limits: { pool_size: 8, max_waiting: 3 }
breaker: { open_above: 82.5%, close_below: 10% }
server_settings: { application_name: mine }
)");
    const config::DatabaseOptions& app = config.databases.at("app");
    CHECK(app.limits.pool_size == 8);
    CHECK(app.breaker.open_above == Approx(0.825));
    CHECK(app.server_settings == config::Settings{{"application_name", "mine"}, {"jit", "off"}});
    const config::DatabaseOptions& other = config.databases.at("other");
    CHECK(other.pool_mode == config::PoolMode::session);
    CHECK(other.limits.pool_size == 5);
    CHECK(other.limits.max_waiting == 3);
    CHECK(other.timeouts.query_wait_timeout == seconds(2));
    CHECK_FALSE(other.breaker.open_above);
    CHECK(other.breaker.close_below == Approx(0.1));
    CHECK(other.server_settings == config::Settings{{"application_name", "mine"}, {"jit", "on"}, {"work_mem", "8MB"}});
}

TEST_CASE("load: users inherit the client limit and name their databases", "[config]") {
    const config::Config config = loaded(R"(
databases: { app: { dsn: "host=/tmp" }, b: { dsn: "host=/tmp" } }
users:
  one: { password: x, databases: app }
  two: { password: x, databases: [app, b], pool_mode: session, limits: { max_user_client_connections: 7 } }
limits: { max_user_client_connections: 3 }
)");
    CHECK(config.users.at("one").databases == std::vector<std::string>{"app"});
    CHECK(config.users.at("one").max_user_client_connections == 3);
    CHECK(config.users.at("two").databases == std::vector<std::string>{"app", "b"});
    CHECK(config.users.at("two").pool_mode == config::PoolMode::session);
    CHECK(config.users.at("two").max_user_client_connections == 7);
}

TEST_CASE("load: an empty section is as good as none, and aliases stand for their anchor", "[config]") {
    const config::Config config = loaded(R"(
limits:
  # pool_size: 5
databases:
  app: { dsn: "host=/tmp", limits: &small { pool_size: 2 } }
  b: { dsn: "host=/tmp", limits: *small }
users: { lambda: { password: x } }
)");
    CHECK(config.databases.at("app").limits.pool_size == 2);
    CHECK(config.databases.at("b").limits.pool_size == 2);
}

TEST_CASE("load: a password comes as it is, from the environment or from a file", "[config]") {
    const auto surroundings = surroundings_of({{"PASSWORD", "a${B}$$c"}, {"DIR", "/run"}},
                                              {{"/run/password", "from file\n"}, {"/crlf", "x\r\n"}});
    CHECK(password_of("plain", surroundings) == "plain");
    CHECK(password_of("12345", surroundings) == "12345");
    CHECK(password_of("${PASSWORD}", surroundings) == "a${B}$$c");
    CHECK(password_of("<${PASSWORD}>", surroundings) == "<a${B}$$c>");
    CHECK(password_of("a$b$$c$${d}$", surroundings) == "a$b$c${d}$");
    CHECK(password_of(verifier, surroundings) == verifier);
    CHECK(password_of("file:/run/password", surroundings) == "from file");
    CHECK(password_of("file:${DIR}/password", surroundings) == "from file");
    CHECK(password_of("file:/crlf", surroundings) == "x");
}

TEST_CASE("load: only what is written as file: is read from a file", "[config]") {
    const auto surroundings = surroundings_of({{"PASSWORD", "file:/run/password"}}, {{"/run/password", "no"}});
    CHECK(password_of("${PASSWORD}", surroundings) == "file:/run/password");
}

TEST_CASE("load: the repository's file and the sample load", "[config]") {
    auto surroundings =
        surroundings_of({{"SUPABASE_DB_URL", "postgresql://u:p@db.example.com/app"}, {"LAMBDA_PASSWORD", "secret"}});
    surroundings.read_file = config::real_surroundings().read_file;
    SECTION("sample") {
        const config::Config config = loaded(config::reference_sample(), surroundings);
        CHECK(config.databases.at("app").limits.pool_size == 20);
        CHECK(config.users.at("lambda").password.reveal() == "secret");
    }
    SECTION("config/pgweir.yaml") {
        const config::LoadResult result = config::load_file(PGWEIR_SOURCE_DIR "/config/pgweir.yaml", surroundings);
        CHECK(texts_of(result.problems) == Problems{});
        REQUIRE(result.config);
        CHECK(result.config->databases.contains("app"));
    }
}

TEST_CASE("load: a file that cannot be read is said so", "[config]") {
    const config::LoadResult result = config::load_file("/nowhere/f.yaml", config::real_surroundings());
    CHECK(texts_of(result.problems) == Problems{"/nowhere/f.yaml: cannot be read: No such file or directory"});
    CHECK(result.config == nullptr);
    const config::LoadResult folder = config::load_file("/", config::real_surroundings());
    CHECK(texts_of(folder.problems) == Problems{"/: cannot be read: Is a directory"});
}
