// Rules over several keys.
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

using pgweir::test::entries;
using pgweir::test::load;
using pgweir::test::problems_of;
using Problems = std::vector<std::string>;

namespace {

struct Case {
    std::string text;
    Problems problems;   // behind the file's name
};

void check(const Case& given) {
    INFO(given.text);
    Problems expected;
    for (const std::string& problem : given.problems) {
        expected.push_back("f.yaml" + problem);
    }
    CHECK(problems_of(given.text) == expected);
}

const std::string users = "users: { lambda: { password: x } }\n";
const std::string databases = "databases: { app: { dsn: 'host=/tmp' } }\n";

}  // namespace

TEST_CASE("validate: a file has a database and a user", "[config]") {
    check(GENERATE(values<Case>({
        {users, {": databases: needs at least one database"}},
        {"databases: {}\n" + users, {":1:1: databases: needs at least one database"}},
        {"databases:\n" + users, {":1:1: databases: needs at least one database"}},
        {"databases: [app]\n" + users,
         {":1:12: databases: must be a mapping (lines of key: value), not a list"}},
        {databases, {": users: needs at least one user; without one nobody can log in"}},
        {"databases:\n  app:\n" + users, {":2:3: databases.app: needs a dsn"}},
        {"databases: { app: {} }\nusers: { a: }\n",
         {":1:14: databases.app: needs a dsn", ":2:10: users.a: needs a password"}},
    })));
}

TEST_CASE("validate: names of entries are usable and not reserved", "[config]") {
    check(GENERATE(values<Case>({
        {"databases: { pgweir: { dsn: 'host=/tmp' } }\n" + users,
         {":1:14: databases.pgweir: the name is reserved for the admin console: choose another"}},
        {"databases: { pgbouncer: { dsn: 'host=/tmp' } }\n" + users,
         {":1:14: databases.pgbouncer: the name is reserved for the admin console: choose another"}},
        {"databases: { '*': { dsn: 'host=/tmp' } }\n" + users,
         {":1:14: databases.*: \"*\" is not supported: write each entry out"}},
        {"databases: { \"a\\nb\": { dsn: 'host=/tmp' } }\n" + users,
         {":1:14: databases.a\\x0ab: is not usable as a name"}},
        {databases + "users: { '': { password: x } }\n", {":2:10: users.: is not usable as a name"}},
        {databases + "users: { " + std::string(64, 'u') + ": { password: x } }\n",
         {":2:10: users." + std::string(60, 'u') + "...: the name is longer than PostgreSQL's 63 bytes"}},
    })));
}

TEST_CASE("validate: a user's databases exist", "[config]") {
    check(GENERATE(values<Case>({
        {databases + "users: { a: { password: x, databases: [app, ap] } }\n",
         {":2:45: users.a.databases[1]: \"ap\" is not one of the databases (did you mean app?)"}},
        {databases + "users: { a: { password: x, databases: other } }\n",
         {":2:39: users.a.databases: \"other\" is not one of the databases"}},
        {databases + "users: { a: { password: x, databases: [] } }\n",
         {":2:39: users.a.databases: an empty list lets the user into no database: leave it out to allow all"}},
    })));
}

TEST_CASE("validate: the pool's sizes and the breaker's shares fit together", "[config]") {
    check(GENERATE(values<Case>({
        {"limits: { min_pool_size: 21 }\n" + entries,
         {":1:26: limits.min_pool_size: min_pool_size (21) is larger than pool_size (20)"}},
        {"limits: { min_pool_size: 5 }\nusers: { a: { password: x } }\n"
         "databases: { app: { dsn: 'host=/tmp', limits: { pool_size: 4 } } }\n",
         {":3:60: databases.app.limits.pool_size: min_pool_size (5) is larger than pool_size (4)"}},
        {"breaker: { open_above: 60% }\n" + entries,
         {":1:24: breaker.open_above: close_below (70%) must be less than open_above (60%)"}},
        {"breaker: { close_below: 80% }\n" + entries,
         {":1:25: breaker.close_below: close_below (80%) must be less than open_above (80%)"}},
        {"breaker: { open_above: off, close_below: 90% }\n" + entries, {}},
        // The default of a value that cannot be read is not held against its neighbour.
        {"limits: { min_pool_size: 30, pool_size: 5O }\n" + entries,
         {":1:41: limits.pool_size: \"5O\" is not a whole number (1 to 10000)"}},
    })));
}

TEST_CASE("validate: other machines are let in without TLS only by a written word", "[config]") {
    const std::string exposed = " is not a loopback address and there is no TLS certificate: set "
                                "listen.tls.certificate and private_key, or write listen.tls.mode: disable";
    const std::string tls = "tls: { certificate: /c, private_key: /k }";
    check(GENERATE_COPY(values<Case>({
        {"listen: { address: 0.0.0.0 }\n" + entries, {":1:20: listen.address: 0.0.0.0" + exposed}},
        {"listen: { address: [127.0.0.1, '::'] }\n" + entries, {":1:32: listen.address[1]: ::" + exposed}},
        {"listen: { address: 10.0.0.1, tls: { mode: allow } }\n" + entries,
         {":1:20: listen.address: 10.0.0.1" + exposed}},
        {"listen: { address: 0.0.0.0, tls: { mode: disable } }\n" + entries, {}},
        {"listen: { address: 0.0.0.0, " + tls + " }\n" + entries, {}},
        {"listen: { address: ['127.8.9.10', '::1', '::ffff:127.0.0.1'] }\n" + entries, {}},
    })));
}

TEST_CASE("validate: certificate and key go together and require needs them", "[config]") {
    check(GENERATE(values<Case>({
        {"listen: { tls: { certificate: /c } }\n" + entries,
         {":1:31: listen.tls.certificate: needs listen.tls.private_key beside it"}},
        {"listen: { tls: { private_key: /k } }\n" + entries,
         {":1:31: listen.tls.private_key: needs listen.tls.certificate beside it"}},
        {"listen: { tls: { mode: require } }\n" + entries,
         {":1:24: listen.tls.mode: require needs listen.tls.certificate and private_key"}},
        {"listen: { tls: { client_ca: /a } }\n" + entries,
         {":1:29: listen.tls.client_ca: needs listen.tls.certificate and private_key"}},
        {"http: { tls: { certificate: /c } }\n" + entries, {":1:29: http.tls.certificate: needs http.tls.private_key beside it"}},
        {"http: { tls: { private_key: /k } }\n" + entries, {":1:29: http.tls.private_key: needs http.tls.certificate beside it"}},
        {"http: { tls: { certificate: /c, private_key: /k, min_version: TLSv1.3 } }\n" + entries, {}},
    })));
}

TEST_CASE("validate: addresses are IP addresses and each is listened on once", "[config]") {
    check(GENERATE(values<Case>({
        {"listen: { address: localhost }\n" + entries,
         {":1:20: listen.address: must be an IP address: write 127.0.0.1 or ::1"}},
        {"listen: { address: '*' }\n" + entries,
         {":1:20: listen.address: must be an IP address: write 0.0.0.0 or \"::\" for all"}},
        {"listen: { address: 127.0.0.256 }\n" + entries,
         {":1:20: listen.address: \"127.0.0.256\" is not an IP address"}},
        {"listen: { address: [127.0.0.1, 127.0.0.1] }\n" + entries,
         {":1:32: listen.address[1]: is in the list twice"}},
        {"listen: { address: [] }\n" + entries,
         {":1:20: listen.address: is empty, and there is no listen.unix_socket_dir: clients cannot connect"}},
        {"listen: { address: [], unix_socket_dir: /run }\n" + entries, {}},
        {"listen: { unix_socket_dir: run }\n" + entries,
         {":1:28: listen.unix_socket_dir: must be an absolute path"}},
        {"listen: { unix_socket_dir: /" + std::string(92, 'd') + " }\n" + entries,
         {":1:28: listen.unix_socket_dir: is longer than 92 bytes"}},
        {"http: { address: metrics.example }\n" + entries,
         {":1:18: http.address: \"metrics.example\" is not an IP address"}},
        {"http: { port: 6432 }\n" + entries, {":1:15: http.port: http.port and listen.port are the same"}},
    })));
}
