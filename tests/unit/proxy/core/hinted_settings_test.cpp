#include "proxy/core/hinted_settings.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace pgweir::test {

using proxy::hinted_settings;
using Names = std::vector<std::string>;

TEST_CASE("hinted settings: literals that may be names, and what strings say of settings", "[proxy]") {
    const auto [sql, names] = GENERATE(table<std::string, Names>({
        {"SELECT sets('App.x', '1', false)", {"app.x"}},
        {"SELECT sets('a.b.c', 'd._e')", {"a.b.c", "d._e"}},
        {"DO $$ BEGIN PERFORM set_config('app.y', '1', false); END $$", {"app.y"}},
        {"DO 'BEGIN SET app.z = 1; END'", {"app.z"}},
        {"SELECT 'plain', 'a.', '.b', 'a..b', '1.5', 'a.1', 'a b.c', ''", {}},
        {"SELECT app.x", {}},
        {"SELECT 'a.b", {}},
        {"", {}},
    }));
    CAPTURE(sql);
    CHECK(hinted_settings(sql) == names);
}

TEST_CASE("hinted settings: no more than some", "[proxy]") {
    std::string sql = "SELECT ''";
    for (int i = 0; i < 100; ++i) sql += ", 'a.b" + std::to_string(i) + "'";
    CHECK(hinted_settings(sql).size() == proxy::max_hinted_settings);
}

}  // namespace pgweir::test
