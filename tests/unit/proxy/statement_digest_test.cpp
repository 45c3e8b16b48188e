#include "proxy/admin/statement_digest.hpp"

#include <catch2/catch.hpp>

using pgweir::proxy::digest_id;
using pgweir::proxy::digest_of;

TEST_CASE("statement digest: constants become question marks, and the rest stays", "[admin]") {
    CHECK(digest_of("SELECT * FROM t WHERE id = 42 AND name='O''Brien'") == "SELECT * FROM t WHERE id = ? AND name = ?");
    CHECK(digest_of("select a.b, $1 from \"Tab\"") == "select a.b, $1 from \"Tab\"");
    CHECK(digest_of("INSERT INTO t VALUES (1, 2.5e3, E'x', $$secret$$, $q$s$q$, B'01')") == "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)");
    CHECK(digest_of("SELECT U&'hunter2' UESCAPE '!'") == "SELECT ? UESCAPE ?");
    CHECK(digest_of("ALTER ROLE x PASSWORD 'hunter2'") == "ALTER ROLE x PASSWORD ?");
    CHECK(digest_of("SELECT 1 -- password is hunter2\n/* hunter2 */") == "SELECT ?");
    CHECK(digest_of("SELECT count(*), f((1)) FROM t WHERE a IN (1)") == "SELECT count(*), f((?)) FROM t WHERE a IN (?)");
    CHECK(digest_of("").empty());
}

TEST_CASE("statement digest: where it cannot be told what is a constant, it ends", "[admin]") {
    for (const char* doubtful : {"SELECT 'hunter2", "SELECT 'a\\' hunter2", "SELECT $$hunter2", "SELECT 1 /* hunter2", "SELECT \"hunter2",
                                 "SELECT E'hunter2", "SELECT 12hunter2"}) {
        INFO(doubtful);
        CHECK(digest_of(doubtful).find("hunter2") == std::string::npos);
        CHECK(digest_of(doubtful).ends_with("..."));
    }
}

TEST_CASE("statement digest: cut off anywhere, nothing of a constant is seen", "[admin]") {
    const std::string sql = "SELECT 'hunter2', $$hunter2$$, E'hunter2' FROM t WHERE a = 'hunter2'";
    for (std::size_t size = 0; size <= sql.size(); ++size) {
        INFO(size);
        CHECK(digest_of(std::string_view(sql).substr(0, size)).find("hunt") == std::string::npos);
    }
}

TEST_CASE("statement digest: it is short", "[admin]") {
    const std::string digest = digest_of("SELECT " + std::string(1000, 'x'));
    CHECK(digest == "SELECT...");
    std::string many = "SELECT a";
    for (int i = 0; i < 500; ++i) many += ", b";
    CHECK(digest_of(many).size() <= pgweir::proxy::max_digest + 3);
}

TEST_CASE("statement digest: statements that differ in constants only have the same id", "[admin]") {
    CHECK(digest_id(digest_of("SELECT 1")) == digest_id(digest_of("SELECT  22")));
    CHECK(digest_id(digest_of("SELECT 1")) != digest_id(digest_of("SELECT 1, 2")));
    CHECK(digest_id("x").size() == 16);
    CHECK(digest_id("").empty());
}
