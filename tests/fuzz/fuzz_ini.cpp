// A pgbouncer.ini and the files that it names: whatever they hold, the migration ends, and what it
// prints is a configuration that loads. Lines of `----` part the ini from the file that every name in it stands for.
#include "config/load.hpp"
#include "config/migrate.hpp"
#include "tests/fuzz/require.hpp"

#include <string>
#include <string_view>

using pgweir::test::require;

namespace config = pgweir::config;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = pgweir::protocol::as_text(pgweir::test::fuzz_bytes(data, size));
    constexpr std::string_view border = "----\n";
    const std::size_t end = text.find(border);
    const std::string ini(text.substr(0, end));
    const std::string other(end == std::string_view::npos ? std::string_view() : text.substr(end + border.size()));
    const config::ReadText read = [&](const std::string& path) {
        config::FileText file;
        if (path == "f.ini") file.content = ini;
        else if (path.starts_with("no")) file.error = "cannot be read";
        else file.content = other;
        return file;
    };
    const config::Migration migration = config::migrate_pgbouncer("f.ini", read);
    require(migration.yaml.empty() == !migration.problems.empty());
    for (const config::Loss& loss : migration.losses) {
        require(!loss.key.empty() && !loss.why.empty() && !loss.instead.empty());
        require(loss.text().find('\n') == std::string::npos);
    }
    if (!migration.yaml.empty()) {
        require(config::load_text(migration.yaml, "f.yaml", config::Surroundings()).config != nullptr);
    }
    return 0;
}
