#include "config/migrate.hpp"
#include "config/migrate_table.hpp"
#include "config/schema.hpp"
#include "tests/unit/config/migrating.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <set>

namespace config = pgweir::config;

using pgweir::test::config_of;
using pgweir::test::losses_of;
using pgweir::test::migrated;
using pgweir::test::one_user;
using pgweir::test::whole_daemon;
using Texts = std::vector<std::string>;

namespace {

const std::string one_database = "[databases]\napp = host=127.0.0.1 user=app password=p\n";

std::string loss_text(const config::Migration& migration, const std::string& key) {
    for (const config::Loss& loss : migration.losses) {
        if (loss.key == key) {
            return loss.text();
        }
    }
    return "none";
}

}  // namespace

TEST_CASE("migrate: a file that can be carried is carried whole", "[config]") {
    const config::Migration migration = migrated(one_database + whole_daemon, one_user);
    CHECK(losses_of(migration) == Texts{});
    const auto config = config_of(migration);
    CHECK(config->databases.at("app").dsn.reveal() == "host=127.0.0.1 port=5432 dbname=app user=app password=p sslmode=disable");
    CHECK(config->users.at("lambda").password.reveal() == "secret");
}

TEST_CASE("migrate: PgBouncer's defaults are written where ours differ", "[config]") {
    const auto config = config_of(migrated(one_database + whole_daemon, one_user));
    const config::DatabaseOptions& app = config->databases.at("app");
    CHECK(app.pool_mode == config::PoolMode::session);
    CHECK(app.limits.pool_size == 20);
    CHECK(config->limits.max_client_conn == 100);
    CHECK(app.limits.max_waiting == 100);
    CHECK(app.timeouts.query_wait_timeout == std::chrono::seconds(120));
    CHECK(app.timeouts.server_lifetime == std::chrono::seconds(3600));
    CHECK(app.timeouts.server_idle_timeout == std::chrono::seconds(600));
    CHECK(app.timeouts.server_check_delay == std::chrono::seconds(30));
    CHECK(app.timeouts.idle_transaction_timeout == std::chrono::seconds(0));
    CHECK(app.timeouts.idle_transaction_soft_timeout == std::chrono::seconds(0));
    CHECK(app.timeouts.slow_reader_timeout == std::chrono::seconds(0));
    CHECK(config->timeouts.client_login_timeout == std::chrono::seconds(60));
    CHECK(!app.breaker.open_above);
    CHECK(config->listen.tls.mode == config::TlsMode::disable);
}

TEST_CASE("migrate: values go to their options, in PgBouncer's spellings", "[config]") {
    const auto config = config_of(migrated(one_database + whole_daemon +
                                               "listen_port = 0x1931\nmax_client_conn = 010\ndefault_pool_size = 7\nmin_pool_size = 9\n"
                                               "server_idle_timeout = 1.5\nquery_timeout = 30\npool_mode = Transaction\n",
                                           one_user));
    CHECK(config->listen.port == 6449);
    CHECK(config->limits.max_client_conn == 8);
    const config::DatabaseOptions& app = config->databases.at("app");
    CHECK(app.limits.pool_size == 7);
    CHECK(app.limits.min_pool_size == 7);
    CHECK(app.timeouts.server_idle_timeout == std::chrono::milliseconds(1500));
    CHECK(app.timeouts.query_timeout == std::chrono::seconds(30));
    CHECK(app.pool_mode == config::PoolMode::transaction);
}

TEST_CASE("migrate: passwords mean what they meant", "[config]") {
    const std::string users = "\"a\" \"$x ${HOME} $$ 'q' \\ : # \"\"\"\n\"b\" \"SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$" +
                              std::string(43, 'B') + "=:" + std::string(43, 'C') + "=\"\n\"c\" \"md5" + std::string(32, '0') + "\"\n\"d\" \"file:/x\"\n";
    const config::Migration migration = migrated("[databases]\napp = host=h user=u password='p$1 ''x \\'\n" + whole_daemon, users);
    CHECK(losses_of(migration) == Texts{"users:3 users.c", "users:4 users.d"});
    const auto config = config_of(migration);
    CHECK(config->users.at("a").password.reveal() == "$x ${HOME} $$ 'q' \\ : # \"");
    CHECK(config->users.at("b").password.reveal().starts_with("SCRAM-SHA-256$4096:AAAA"));
    CHECK(config->users.at("c").password.reveal() == config->users.at("d").password.reveal());
    CHECK(config->databases.at("app").dsn.reveal() == "host=h port=5432 dbname=app user=u password='p$1 \\'x \\\\' sslmode=disable");
    for (const config::Loss& loss : migration.losses) {
        CHECK(loss.text().find("/x") == std::string::npos);
    }
}

TEST_CASE("migrate: a database without a user is the one user's, or nobody's", "[config]") {
    const std::string ini = "[databases]\napp = host=127.0.0.1\n" + whole_daemon;
    const config::Migration alone = migrated(ini, one_user);
    CHECK(losses_of(alone) == Texts{});
    CHECK(config_of(alone)->databases.at("app").dsn.reveal().find("user=lambda password=secret") != std::string::npos);
    const config::Migration many = migrated(ini, one_user + "\"other\" \"x\"\n");
    CHECK(losses_of(many) == Texts{"f.ini:2 databases.app.user"});
    CHECK(config_of(many)->databases.at("app").dsn.reveal().find("user=") == std::string::npos);
    CHECK(losses_of(migrated(ini + "auth_query = SELECT 1\n", one_user)) == Texts{"f.ini:2 databases.app.user", "f.ini:9 auth_query"});
}

TEST_CASE("migrate: the pool mode is the one that PgBouncer would choose", "[config]") {
    const std::string users = "\"app\" \"x\"\n\"lambda\" \"y\"\n";
    const std::string lines = "[users]\napp = pool_mode=transaction\nlambda = pool_mode=session\n";
    const config::Migration migration = migrated("[databases]\none = host=h user=app pool_mode=session\ntwo = host=h user=other password=p\n" + lines + whole_daemon, users);
    const auto config = config_of(migration);
    CHECK(config->databases.at("one").pool_mode == config::PoolMode::session);
    CHECK(config->databases.at("two").pool_mode == config::PoolMode::session);
    CHECK(!config->users.at("lambda").pool_mode);
    CHECK(losses_of(migration) == Texts{"f.ini:5 users.app.pool_mode", "f.ini:6 users.lambda.pool_mode"});

    const config::Migration sole = migrated("[databases]\none = host=h\n[users]\nlambda = pool_mode=transaction\n" + whole_daemon, one_user);
    CHECK(losses_of(sole) == Texts{});
    CHECK(config_of(sole)->databases.at("one").pool_mode == config::PoolMode::transaction);
}

TEST_CASE("migrate: sizes of one pool for each database", "[config]") {
    const config::Migration migration = migrated(
        "[databases]\na = host=h user=u pool_size=3\nb = host=h user=u max_db_connections=4\nc = host=h user=u pool_size=50 reserve_pool=10\n"
        "d = host=h user=u pool_size=0\n" + whole_daemon + "max_db_connections = 30\n", one_user);
    const auto config = config_of(migration);
    CHECK(config->databases.at("a").limits.pool_size == 3);
    CHECK(config->databases.at("b").limits.pool_size == 4);
    CHECK(config->databases.at("c").limits.pool_size == 30);
    CHECK(config->databases.at("d").limits.pool_size == 1);
    CHECK(losses_of(migration) == Texts{"f.ini:4 databases.c.reserve_pool", "f.ini:5 databases.d.pool_size"});
}

TEST_CASE("migrate: settings of the session, from pairs and from connect_query", "[config]") {
    const auto settings = [](const std::string& pairs) {
        const config::Migration migration = migrated("[databases]\napp = host=h user=u " + pairs + "\n" + whole_daemon, one_user);
        std::string out = migration.losses.empty() ? "" : "lost ";
        const auto config = config_of(migration);
        for (const auto& [name, value] : config->databases.at("app").server_settings) {
            out += name + "=" + value + " ";
        }
        return out;
    };
    CHECK(settings("timezone=UTC client_encoding=UTF8") == "application_name=pgweir client_encoding=UTF8 jit=off timezone=UTC ");
    CHECK(settings("connect_query='set Statement_Timeout to ''5 min'';'") == "application_name=pgweir jit=off statement_timeout=5 min ");
    CHECK(settings("connect_query='SET SESSION work_mem = 64'") == "application_name=pgweir jit=off work_mem=64 ");
    for (const char* other : {"SELECT 1", "SET a = 1; SET b = 2", "SET LOCAL a = 1", "SET a = 1, 2", "SET ROLE x", "SET a TO DEFAULT", "SET TIME ZONE 1"}) {
        CHECK(settings("connect_query='" + std::string(other) + "'") == "lost application_name=pgweir jit=off ");
    }
}

TEST_CASE("migrate: TLS on both sides", "[config]") {
    const std::string tls = "client_tls_sslmode = verify-full\nclient_tls_cert_file = /c\nclient_tls_key_file = /k\nclient_tls_ca_file = /a\n"
                            "client_tls_protocols = tlsv1.3\nserver_tls_sslmode = verify-full\nserver_tls_ca_file = /s a\nserver_tls_protocols = all\n";
    const config::Migration migration = migrated(one_database + whole_daemon + tls, one_user);
    CHECK(losses_of(migration) == Texts{});
    const auto config = config_of(migration);
    CHECK(config->listen.tls.mode == config::TlsMode::require);
    CHECK(config->listen.tls.client_ca == "/a");
    CHECK(config->listen.tls.min_version == config::TlsVersion::tls_1_3);
    CHECK(config->databases.at("app").dsn.reveal().ends_with("sslmode=verify-full sslrootcert='/s a' ssl_min_protocol_version=TLSv1"));
    const config::Migration prefer = migrated(one_database + whole_daemon + "server_tls_sslmode = prefer\n", one_user);
    CHECK(losses_of(prefer) == Texts{"f.ini:9 server_tls_sslmode"});
    CHECK(config_of(prefer)->databases.at("app").dsn.reveal().ends_with("sslmode=require"));
}

TEST_CASE("migrate: what has no place is listed, unknown keys with the nearest", "[config]") {
    const config::Migration migration = migrated(
        "[databases]\n* = host=h\npgbouncer = host=h\napp = host=h user=u psswd=x\n[users]\nlambda = pool_moode=session\nghost = pool_mode=session\n[other]\nx = 1\n" +
            whole_daemon + "pool_mod = session\nlogfile = /x\nsyslog = 0\nauth_type = pam\nadmin_users = lambda\npidfile =\n", one_user);
    CHECK(losses_of(migration) == Texts{"f.ini users", "f.ini:2 databases.*", "f.ini:3 databases.pgbouncer", "f.ini:4 databases.app.psswd",
                                        "f.ini:6 users.lambda", "f.ini:6 users.lambda.pool_moode", "f.ini:7 users.ghost", "f.ini:9 other.x",
                                        "f.ini:16 pool_mod", "f.ini:17 logfile", "f.ini:19 auth_type", "f.ini:20 admin_users"});
    CHECK(loss_text(migration, "pool_mod") ==
          "f.ini:16: pool_mod: is not a key that PgBouncer knows (did you mean pool_mode?); correct or remove it");
    config_of(migration);
    CHECK(migration.yaml.find("#   " + loss_text(migration, "logfile") + "\n") != std::string::npos);
}

TEST_CASE("migrate: numbers that are none, or out of range, are listed", "[config]") {
    const config::Migration migration = migrated(one_database + whole_daemon +
                                                     "query_wait_timeout = 0\nserver_lifetime = 0\nclient_login_timeout = soon\nmax_client_conn = -4\nlisten_port = 70000\n", one_user);
    CHECK(losses_of(migration).size() == 5);
    const auto config = config_of(migration);
    CHECK(config->databases.at("app").timeouts.query_wait_timeout == std::chrono::hours(1));
    CHECK(config->databases.at("app").timeouts.server_lifetime == std::chrono::seconds(1));
    CHECK(config->limits.max_client_conn == 1);
    CHECK(config->listen.port == 65535);
}

TEST_CASE("migrate: an HBA file says who may enter what", "[config]") {
    const std::string users = "\"a\" \"1\"\n\"b\" \"2\"\n\"c\" \"3\"\n";
    const std::string ini = "[databases]\nx = host=h user=u\ny = host=h user=u\n" + whole_daemon + "auth_type = hba\nauth_hba_file = hba\n";
    const auto with = [&](const std::string& hba) { return migrated(ini, users, {{"hba", hba}}); };
    const config::Migration open = with("host all all 0.0.0.0/0 scram-sha-256\n");
    CHECK(losses_of(open) == Texts{});
    CHECK(!config_of(open)->users.at("a").databases);

    const config::Migration mapped = with("host y b all reject\nhost x a all md5\nhost all b all md5\nhost all all all reject\n");
    CHECK(losses_of(mapped) == Texts{});
    const auto config = config_of(mapped);
    CHECK(config->users.at("a").databases == Texts{"x"});
    CHECK(config->users.at("b").databases == Texts{"x"});
    CHECK(config->users.at("c").password.reveal() != "3");

    CHECK(losses_of(with("host all all 10.0.0.0/8 md5\nlocal all all peer\nhost all all all trust\nhost all +g all md5\n")) ==
          Texts{"hba:1 auth_hba_file", "hba:2 auth_hba_file", "hba:3 auth_hba_file", "hba:4 auth_hba_file"});
}

TEST_CASE("migrate: files that cannot be read", "[config]") {
    const config::Migration no_users = migrated(one_database + "[pgbouncer]\nauth_file = gone\n");
    CHECK(no_users.is_incomplete);
    CHECK(loss_text(no_users, "auth_file") == "f.ini:4: auth_file: gone: cannot be read; run it as a user who may read the file");
    config_of(no_users);
    const config::Migration nothing = config::migrate_pgbouncer("gone", pgweir::test::reader_of({}));
    CHECK(nothing.yaml.empty());
    REQUIRE(nothing.problems.size() == 1);
    CHECK(nothing.problems[0].is_unreadable);
}

TEST_CASE("migrate: an empty file becomes a file of placeholders with which nobody can log in", "[config]") {
    const config::Migration migration = migrated("[databases]\n[pgbouncer]\nlisten_addr = 127.0.0.1\n");
    CHECK(losses_of(migration) == Texts{"f.ini databases", "f.ini users"});
    CHECK(config_of(migration)->users.at("example").password.reveal().starts_with("SCRAM-SHA-256$4096:"));
}

TEST_CASE("migrate: a flood of mistakes is counted, not printed", "[config]") {
    std::string ini = "[pgbouncer]\n";
    for (int at = 0; at < 5000; ++at) {
        ini += "k" + std::to_string(at) + " = 1\n";
    }
    const config::Migration migration = migrated(ini);
    CHECK(migration.losses.size() == 1000);
    CHECK(migration.further_losses >= 4000);
    config_of(migration);
}

TEST_CASE("migrate: the table names each key once, and options that there are", "[config]") {
    config::Config defaults;
    config::DatabaseOptions database;
    config::UserOptions user;
    const std::vector<std::pair<config::IniScope, config::Section>> scopes = {
        {config::IniScope::daemon, config::file_section(defaults, database)},
        {config::IniScope::database, config::database_section(database)},
        {config::IniScope::user, config::user_section(user)}};
    for (const auto& [scope, section] : scopes) {
        std::set<std::string> paths;
        for (const config::NamedOption& named : config::flatten(section, "")) {
            paths.insert(named.path);
        }
        std::set<std::string_view> keys;
        for (const config::IniRow& row : config::ini_rows(scope)) {
            INFO(row.key);
            CHECK(keys.insert(row.key).second);
            const bool is_option = row.kind == config::IniKind::number || row.kind == config::IniKind::seconds;
            CHECK((!is_option || paths.contains(std::string(row.path))));
            CHECK((row.kind != config::IniKind::lost || row.fallback == "*" || (!row.why.empty() && !row.instead.empty())));
        }
    }
}
