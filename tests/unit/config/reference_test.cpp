// The reference in the repository is the one that the schema makes. After a change of an
// option: `pgweir reference` prints the new text (markdown, schema or sample).
#include "config/reference.hpp"

#include "config/schema.hpp"
#include "config/values.hpp"
#include "config/words.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <set>

namespace config = pgweir::config;

namespace {

std::string file_text(const std::string& path) {
    std::ifstream stream(PGWEIR_SOURCE_DIR "/" + path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<config::NamedOption> all_options(config::Config& file, config::DatabaseOptions& database,
                                             config::UserOptions& user) {
    std::vector<config::NamedOption> out = flatten(file_section(file, database), "");
    for (const config::NamedOption& option : flatten(database_section(database), "databases.<name>")) {
        out.push_back(option);
    }
    for (const config::NamedOption& option : flatten(user_section(user), "users.<name>")) {
        out.push_back(option);
    }
    return out;
}

}  // namespace

TEST_CASE("reference: the Markdown table is the one in tests/golden", "[config]") {
    CHECK(config::reference_markdown() == file_text("tests/golden/reference.md"));
}

TEST_CASE("reference: the JSON schema is the one in tests/golden", "[config]") {
    CHECK(config::reference_json_schema() == file_text("tests/golden/pgweir.schema.json"));
}

TEST_CASE("schema: every option has its own key path and a sentence", "[config]") {
    config::Config file;
    config::DatabaseOptions database;
    config::UserOptions user;
    std::set<std::string> paths;
    for (const config::NamedOption& named : all_options(file, database, user)) {
        INFO(named.path);
        CHECK(paths.insert(named.path).second);
        CHECK(named.option.facts->meaning.ends_with('.'));
    }
    CHECK(paths.contains("users.<name>.limits.max_user_client_connections"));
}

TEST_CASE("schema: every default can be written as it is printed", "[config]") {
    config::Config file;
    config::DatabaseOptions database;
    config::UserOptions user;
    int read_back = 0;
    for (const config::NamedOption& named : all_options(file, database, user)) {
        const config::Slot& slot = named.option.slot;
        const bool is_scalar = !named.option.is_secret() && !std::holds_alternative<config::Settings*>(slot) &&
                               !std::holds_alternative<config::Weights*>(slot) &&
                               !std::holds_alternative<std::optional<config::PoolMode>*>(slot) &&
                               !std::holds_alternative<std::optional<std::vector<std::string>>*>(slot);
        if (is_scalar) {
            INFO(named.path);
            const std::string before = print(named.option);
            CHECK(assign(named.option, before).value_or("") == "");
            CHECK(print(named.option) == before);
            ++read_back;
        }
    }
    CHECK(read_back > 0);
}
