// Migrates a pgbouncer.ini whose files are a map.
#pragma once

#include "config/migrate.hpp"
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace pgweir::test {

inline config::ReadText reader_of(Texts files) {
    return [files](const std::string& path) {
        config::FileText text;
        text.content = look_up(files, path);
        if (!text.content) {
            text.error = "cannot be read";
        }
        return text;
    };
}

// `f.ini`, and `users` as what it may name as auth_file.
inline config::Migration migrated(const std::string& ini, const std::string& users = {}, Texts more = {}) {
    more["f.ini"] = ini;
    more["users"] = users;
    return config::migrate_pgbouncer("f.ini", reader_of(more));
}

inline std::vector<std::string> losses_of(const config::Migration& migration) {
    std::vector<std::string> out;
    for (const config::Loss& loss : migration.losses) {
        out.push_back(loss.origin.text() + " " + loss.key);
    }
    return out;
}

// What the printed YAML says, which must load.
inline std::shared_ptr<const config::Config> config_of(const config::Migration& migration) {
    INFO(migration.yaml);
    const config::LoadResult result = load(migration.yaml);
    CHECK(texts_of(result.problems) == std::vector<std::string>{});
    REQUIRE(result.config != nullptr);
    return result.config;
}

// Nothing of it is lost.
inline const std::string whole_daemon =
    "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = users\nserver_tls_sslmode = disable\n";
inline const std::string one_user = "\"lambda\" \"secret\"\n";

}  // namespace pgweir::test
