// Whatever stands in a configuration file: loading ends, with a configuration or with
// problems in the file's order, and what was loaded equals itself.
#include "config/diff.hpp"
#include "config/load.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <string>
#include <string_view>

using pgweir::test::require;

namespace config = pgweir::config;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = pgweir::test::fuzz_bytes(data, size);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    config::Surroundings surroundings;
    surroundings.environment = [&](const std::string& name) -> std::optional<std::string> {
        return name == "V" ? std::optional<std::string>(text) : std::nullopt;
    };
    const config::LoadResult result = config::load_text(text, "f.yaml", surroundings);
    require((result.config != nullptr) == result.problems.empty());
    require(std::ranges::is_sorted(result.problems, {}, &config::Diagnostic::line));
    for (const config::Diagnostic& problem : result.problems) {
        require(!problem.message.empty() && problem.text().find('\n') == std::string::npos);
    }
    require(!result.config || config::diff(*result.config, *result.config).empty());
    return 0;
}
