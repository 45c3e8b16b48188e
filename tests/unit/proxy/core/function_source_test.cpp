#include "proxy/core/function_source.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using proxy::mentions;
using proxy::read_source;
using proxy::SessionTrace;
using proxy::SourceLanguage;

namespace {

bool may_change_session(std::string_view source, SourceLanguage language) {
    return read_source(source, language).trace != SessionTrace::none;
}

}  // namespace

TEST_CASE("function source: what leaves something in the session", "[proxy]") {
    const std::string source = GENERATE(as<std::string>(),
        "select set_config('app.tenant', $1, false)",
        "begin perform set_config('a', 'true', is_local); end",
        "begin perform set_config('a', 'x)', true); end",
        "begin perform pg_advisory_lock(1); end",
        "select pg_try_advisory_lock_shared(1, 2)",
        "SELECT PG_ADVISORY_UNLOCK(1)",
        "begin create temp table t(a int); end",
        "create or replace temporary view v as select 1",
        "select 1 into temp t",
        "create table pg_temp.t ()",
        "begin SET search_path = x; end",
        "begin if a then set role to b; end if; end",
        "begin if a then null; else reset all; end if; end",
        "begin loop set session authorization default; end loop; end",
        "begin execute 'set role to x'; end",
        "begin execute format('SET %I TO %L', a, b); end",
        "begin execute $q$ reset role $q$; end",
        "begin execute 'declare c cursor with hold for select 1'; end",
        "begin listen x; end", "begin unlisten *; end", "begin load 'x'; end",
        "prepare p as select 1", "begin deallocate all; end", "discard temp",
        "perform dblink_connect_u('a', 'b')");
    INFO(source);
    CHECK(may_change_session(source, SourceLanguage::sql));
}

TEST_CASE("function source: what ends with the transaction, or only looks like more", "[proxy]") {
    const std::string source = GENERATE(as<std::string>(),
        "", "begin null; end",
        "select set_config('app.tenant', $1, true)",
        "begin perform pg_catalog.set_config('a', coalesce(b, 'c'), true)::text; end",
        "select set_config('a', 'b', is_local => true)",
        "select set_config('a', 'b', 'true'::boolean)",
        "select pg_advisory_xact_lock(1), pg_try_advisory_xact_lock_shared(1)",
        "begin set local role x; set constraints all deferred; set transaction read only; end",
        "begin execute 'SET LOCAL work_mem = ''1MB'''; end",
        "update t set a = 1", "update \"t\" set a = 1", "update t as u set (a, b) = (1, 2)",
        "insert into t values (1) on conflict do update set a = 2",
        "begin execute 'update ' || t || ' set a = 1'; end",
        "begin execute format('update %I set a = 1', t); end",
        "alter table t alter c set default 1",
        "declare temp int; begin set := 1; temp := 2; load := 3; end",
        "declare c cursor without hold for select 1",
        "begin -- set role x; set_config(\n null; /* pg_advisory_lock(1) */ end",
        "select nextval('s'), currval('s')",
        "begin execute 'insert into ' || t || ' values (1)'; end", "begin execute format('update %I set a = 1', t); end",
        "begin execute $q$select 1$q$; end", "create trigger t execute function f()");
    INFO(source);
    CHECK_FALSE(may_change_session(source, SourceLanguage::sql));
}

TEST_CASE("function source: in other languages SQL is in strings", "[proxy]") {
    const std::string source = GENERATE(as<std::string>(),
        "plpy.execute(\"SET role x\")",
        "# don't\nplpy.execute('''\n  set search_path = x''')",
        "plv8.execute(`reset all`)",
        "plpy.execute(\"select pg_advisory_lock(1)\")",
        "x--; plv8.execute('listen y')");
    INFO(source);
    CHECK(may_change_session(source, SourceLanguage::other));
}

TEST_CASE("function source: other languages have sets of their own", "[proxy]") {
    const std::string source = GENERATE(as<std::string>(),
        "s = set()\nload = 1\nplan = plpy.prepare('select 1')",
        "plpy.execute(\"update t set a = 1\")",
        "plpy.execute(\"set local role x\")",
        "q = 'update t' + ' set a = 1'");
    INFO(source);
    CHECK_FALSE(may_change_session(source, SourceLanguage::other));
}

TEST_CASE("function source: settings with a dot are named, where they can be", "[proxy]") {
    const auto [source, names] = GENERATE(table<std::string, std::string>({
        {"select set_config('App.Tenant', $1, false)", "app.tenant"},
        {"begin perform set_config('app.a.b', 'c', false); set app.d = 1; end", "app.a.b app.d"},
        {"begin execute 'set session app.e to 1'; end", "app.e"},
        {"begin execute 'select set_config(''app.f'', ''x'', false)'; end", "app.f"},
        {"begin set \"app\".g = 1; end", "app.g"},
        {"select set_config('work_mem', '1MB', false)", ""},
        {"select set_config('app.tenant', $1, true)", ""},
    }));
    INFO(source);
    const proxy::SourceReading reading = read_source(source, SourceLanguage::sql);
    std::string found;
    for (const std::string& name : reading.custom_settings) found += (found.empty() ? "" : " ") + name;
    CHECK(found == names);
    CHECK(reading.trace <= SessionTrace::visible);
}

TEST_CASE("function source: how much of it can be found afterwards", "[proxy]") {
    const auto [source, trace] = GENERATE(table<std::string, SessionTrace>({
        {"select set_config(name, 'x', false)", SessionTrace::hidden},
        {"select set_config('app.' || name, 'x', false)", SessionTrace::hidden},
        {"begin execute format('SET %I TO 1', name); end", SessionTrace::hidden},
        {"begin execute 'set ' || name; end", SessionTrace::hidden},
        {"begin execute query; end", SessionTrace::hidden},
        {"begin execute 'se' || 't work_mem = 1'; end", SessionTrace::hidden},
        {"begin execute format(query, a); end", SessionTrace::hidden},
        {"begin update pg_settings set setting = 1 where name = 'work_mem'; end", SessionTrace::visible},
        {"begin load 'x'; end", SessionTrace::lasting},
        {"select dblink_connect('x')", SessionTrace::lasting},
        {"begin set role x; reset all; discard temp; listen x; end", SessionTrace::visible},
    }));
    INFO(source);
    CHECK(read_source(source, SourceLanguage::sql).trace == trace);
}

TEST_CASE("function source: a source that ends anywhere is judged without fail", "[proxy]") {
    const std::string source = "begin /* c */ -- d\n execute 'set role x'; perform set_config('a', ('b'), true); set \"x\" = 1; end";
    for (std::size_t size = 0; size <= source.size(); ++size) {
        const std::string_view piece = std::string_view(source).substr(0, size);
        CHECK_NOTHROW(may_change_session(piece, SourceLanguage::sql));
        CHECK_NOTHROW(may_change_session(piece, SourceLanguage::other));
    }
}

TEST_CASE("function source: words are asked for in lower case, wherever they stand", "[proxy]") {
    const auto is_wanted = [](std::string_view word) { return word == "set_tenant"; };
    CHECK(mentions("begin perform Set_Tenant('x'); end", is_wanted));
    CHECK(mentions("execute 'select app.set_tenant(1)'", is_wanted));
    CHECK_FALSE(mentions("select set_tenants(1), my_set_tenant()", is_wanted));
}

}  // namespace pgweir::test
