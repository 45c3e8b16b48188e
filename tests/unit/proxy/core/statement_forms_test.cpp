// The statements that are recognised to their last word.
#include "tests/support/statement.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {

TEST_CASE("statement forms: those to be answered or acted upon are recognised", "[proxy]") {
    const auto [sql, forms] = GENERATE(table<std::string, std::string>({
        {"", "empty"},
        {" \n-- x\n/* y */ ;; ;", "empty"},
        {"BEGIN", "begin"},
        {"begin work", "begin"},
        {"BEGIN TRANSACTION;", "begin"},
        {"START TRANSACTION", "begin"},
        {"BEGIN ISOLATION LEVEL SERIALIZABLE", "begin"},
        {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY DEFERRABLE", "begin"},
        {"START TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE, NOT DEFERRABLE", "begin"},
        {"BEGIN ISOLATION LEVEL READ UNCOMMITTED READ ONLY", "begin"},
        {"/**/ BEGIN /**/ READ /**/ ONLY /**/ ; --", "begin"},
        {"COMMIT", "commit"},
        {"COMMIT WORK", "commit"},
        {"END TRANSACTION", "commit"},
        {"ROLLBACK", "rollback"},
        {"abort work", "rollback"},
        {"DISCARD ALL", "discard_all"},
        {"RESET ALL", "reset_all"},
        {"RESET Work_Mem", "reset work_mem"},
        {"RESET app . \"X\"", "reset app.X"},
        {"RESET \"all\"", "reset all"},
        {"RESET time", "reset time"},
        {"CLOSE ALL", "close_all"},
        {"UNLISTEN *", "unlisten_all"},
        {"UNLISTEN Abc", "unlisten abc"},
        {"LISTEN \"A \"\"b\"", "listen A \"b"},
        {"LISTEN c;", "listen c"},
        {"SELECT pg_advisory_unlock_all()", "advisory_unlock_all"},
        {"select Pg_Catalog.PG_ADVISORY_UNLOCK_ALL ( ) ;", "advisory_unlock_all"},
        {"DEALLOCATE ALL", "deallocate_all"},
        {"DEALLOCATE PREPARE ALL", "deallocate_all"},
        {"DEALLOCATE p", "deallocate p"},
        {"DEALLOCATE PREPARE \"P\"", "deallocate P"},
        {"DEALLOCATE prepare", "deallocate prepare"},
        {"DEALLOCATE prepare PREPARE", "deallocate prepare"},
        {"PREPARE \"P\" AS SELECT 1", "prepare P"},
        {"PREPARE p (int) AS SELECT $1", "prepare p"},
        {"PREPARE transaction AS SELECT 1", "prepare transaction"},
        {"PREPARE TRANSACTION 'x'", "other"},
        {"EXECUTE p", "execute p"},
        {"EXECUTE \"p 1\"(1, 2)", "execute p 1"},
    }));
    CAPTURE(sql);
    CHECK(forms_of(traits_of(sql)) == forms);
}

TEST_CASE("statement forms: anything more or less is another statement", "[proxy]") {
    const auto sql = GENERATE(
        as<std::string>{}, "BEGIN x", "BEGIN READ", "BEGIN ,", "BEGIN READ ONLY,", "BEGIN , READ ONLY",
        "BEGIN READ ONLY,, READ WRITE", "BEGIN ISOLATION SERIALIZABLE", "BEGIN ISOLATION LEVEL REPEATABLE",
        "BEGIN ISOLATION LEVEL \"serializable\"", "BEGIN NOT READ ONLY", "BEGIN WORK TRANSACTION", "(BEGIN)",
        "BEGIN ATOMIC", "START", "START WORK", "START TRANSACTION x", "\"begin\"", "COMMIT AND CHAIN",
        "COMMIT AND NO CHAIN", "COMMIT PREPARED 'x'", "COMMIT WORK WORK", "END x", "ROLLBACK TO a",
        "ROLLBACK PREPARED 'x'", "ROLLBACK AND CHAIN", "DISCARD TEMP", "DISCARD ALL x", "DISCARD \"all\"", "RESET",
        "RESET ALL x", "RESET TIME ZONE", "RESET SESSION AUTHORIZATION", "RESET a.", "RESET a.b c", "CLOSE c");
    CAPTURE(sql);
    CHECK(forms_of(traits_of(sql)) == "other");
}

TEST_CASE("statement forms: an anything but plain name or call is another statement", "[proxy]") {
    const auto sql = GENERATE(
        as<std::string>{}, "RESET select", "LISTEN", "LISTEN select", "LISTEN authorization", "LISTEN a.b",
        "LISTEN 'a'", "LISTEN a b", "LISTEN \"\"", "LISTEN \xc3\xa4", "LISTEN *", "UNLISTEN", "UNLISTEN * *",
        "UNLISTEN \"*\" x", "LISTEN a123456789012345678901234567890123456789012345678901234567890123",
        "LISTEN \"a123456789012345678901234567890123456789012345678901234567890123\"", "DEALLOCATE", "DEALLOCATE ALL x",
        "DEALLOCATE PREPARE p q", "DEALLOCATE PREPARE PREPARE PREPARE", "EXECUTE", "EXECUTE p q", "EXECUTE (1)",
        "EXECUTE user", "SELECT pg_advisory_unlock_all", "SELECT pg_advisory_unlock_all(1)",
        "SELECT pg_advisory_unlock_all() AS x", "SELECT app.pg_advisory_unlock_all()", "SELECT pg_catalog",
        "SELECT \"PG_advisory_unlock_all\"()", "SELECT pg_advisory_unlock_all(), 1",
        "(SELECT pg_advisory_unlock_all())", "VALUES pg_advisory_unlock_all()");
    CAPTURE(sql);
    CHECK(forms_of(traits_of(sql)) == "other");
}

TEST_CASE("statement forms: up to four statements are told, semicolons too many not", "[proxy]") {
    CHECK(forms_of(traits_of("SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL;")) ==
          "advisory_unlock_all, close_all, unlisten_all, reset_all");
    CHECK(forms_of(traits_of(";;BEGIN;; SELECT 1 ;/**/; COMMIT;;")) == "begin, other, commit");
    CHECK(forms_of(traits_of("SELECT 1;SELECT 2;SELECT 3;SELECT 4;")) == "other, other, other, other");
    CHECK(forms_of(traits_of("SELECT 1;SELECT 2;SELECT 3;SELECT 4;COMMIT")).empty());
}

TEST_CASE("statement forms: semicolons in strings, comments and parentheses separate nothing", "[proxy]") {
    const auto sql =
        GENERATE(as<std::string>{}, "SELECT ';', $$;$$, \";\" /* ; */ -- ;", "SELECT (1;2)", "SELECT E'\\';COMMIT;'",
                 "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; COMMIT)", "(((SELECT 1)))", "((;");
    CAPTURE(sql);
    CHECK(forms_of(traits_of(sql)) == "other");
}

TEST_CASE("statement forms: of a text in doubt nothing is told", "[proxy]") {
    const auto sql = GENERATE(as<std::string>{}, "COMMIT; SELECT 'a", "COMMIT /*", "SELECT 'a\\'; COMMIT; --'",
                              "LISTEN U&\"a\"", "SELECT 1COMMIT", std::string("COMMIT\0", 7),
                              "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END");
    CAPTURE(sql);
    CHECK(forms_of(traits_of(sql)).empty());
}

}   // namespace pgweir::test
