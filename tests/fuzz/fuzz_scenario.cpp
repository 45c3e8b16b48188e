// Whatever stands in a scenario: loading ends, with a scenario or with problems in the file's order.
#include "config/scenario.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <string>

using pgweir::test::require;

namespace config = pgweir::config;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = pgweir::test::fuzz_bytes(data, size);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    config::Surroundings surroundings;
    surroundings.environment = [](const std::string&) { return std::optional<std::string>("7"); };
    const config::ScenarioResult result = config::load_scenario_text(text, "s.yaml", surroundings);
    require((result.scenario != nullptr) == result.problems.empty());
    require(std::ranges::is_sorted(result.problems, {}, &config::Diagnostic::line));
    for (const config::Diagnostic& problem : result.problems) {
        require(!problem.message.empty() && problem.text().find('\n') == std::string::npos);
    }
    require(!result.scenario || !result.scenario->flows.empty());
    return 0;
}
