#include "config/load.hpp"

#include "config/document.hpp"
#include "config/dsn.hpp"
#include "config/problems.hpp"
#include "config/read_file.hpp"
#include "config/reader.hpp"
#include "config/schema.hpp"
#include "config/text_check.hpp"
#include "config/validate.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace pgweir::config {

namespace {

class FileReader {
public:
    FileReader(const Surroundings& surroundings, Problems& problems)
        : surroundings_(surroundings), problems_(problems), reader_(surroundings, problems, written_) {}

    void read(const Node& root) {
        // Defaults first, wherever they stand in the file: databases and users begin as copies of them.
        reader_.read(file_section(config_, defaults_), root, "", {"databases", "users"});
        const auto databases = entries_of(root, "databases", "needs at least one database");
        for (const Entry& entry : databases) {
            if (!reader_.is_exhausted()) {
                read_database(entry);
            }
        }
        const auto users = entries_of(root, "users", "needs at least one user; without one nobody can log in");
        for (const Entry& entry : users) {
            if (!reader_.is_exhausted()) {
                read_user(entry);
            }
        }
        if (!reader_.is_exhausted()) {
            validate(config_, defaults_, written_, problems_);
        }
    }

    Config take() { return std::move(config_); }

private:
    std::vector<Entry> entries_of(const Node& root, const std::string& key, const char* when_none) {
        for (const Entry& entry : root.entries) {
            if (entry.key != key) {
                continue;
            }
            std::vector<Entry> entries = reader_.named_entries(entry, key);
            if (entries.empty() && written_[key].is_usable) {
                problems_.add(written_[key].place, key, when_none);
            }
            return entries;
        }
        problems_.add(Place(), key, when_none);
        return {};
    }

    void read_database(const Entry& entry) {
        DatabaseOptions database = defaults_;
        database.name = entry.key;
        const std::string path = join_path("databases", shown(entry.key));
        if (entry.value->is_mapping()) {
            reader_.read(database_section(database), *entry.value, path);
        }
        settle_dsn(database, path + ".dsn");
        config_.databases[entry.key] = std::move(database);
    }

    void settle_dsn(DatabaseOptions& database, const std::string& path) {
        const auto key = written_.find(path);
        if (key == written_.end() || !key->second.is_usable) {
            return;
        }
        NormalisedDsn normalised = normalise_dsn(database.dsn.reveal());
        if (!normalised.problem && surroundings_.check_dsn) {
            normalised.problem = surroundings_.check_dsn(normalised.dsn.reveal());
            if (normalised.problem) {
                normalised.problem = redacted(*normalised.problem, normalised.dsn);
            }
        }
        if (normalised.problem) {
            problems_.add(key->second.place, path, *normalised.problem);
        }
        database.dsn = std::move(normalised.dsn);
    }

    void read_user(const Entry& entry) {
        UserOptions user;
        user.name = entry.key;
        user.max_user_client_connections = config_.limits.max_user_client_connections;
        if (entry.value->is_mapping()) {
            reader_.read(user_section(user), *entry.value, join_path("users", shown(entry.key)));
        }
        config_.users[entry.key] = std::move(user);
    }

    const Surroundings& surroundings_;
    Problems& problems_;
    WrittenKeys written_;
    Reader reader_;
    Config config_;
    DatabaseOptions defaults_;
};

}  // namespace

Surroundings real_surroundings() {
    Surroundings surroundings;
    surroundings.environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    surroundings.read_file = [](const std::string& path) { return read_up_to(path, max_file_size + 1); };
    return surroundings;
}

LoadResult load_text(std::string_view text, const std::string& file_name, const Surroundings& surroundings) {
    Problems problems(file_name);
    const Document document = parse_document(text, problems);
    FileReader reader(surroundings, problems);
    if (document.root != nullptr) {
        if (document.root->is_mapping()) {
            reader.read(*document.root);
        } else {
            problems.add(document.root->place, "", "the file must be a mapping with at least `databases` and `users`");
        }
    } else if (problems.empty()) {
        problems.add(Place(), "", "the file is empty; it needs at least `databases` and `users`");
    }
    LoadResult result;
    if (problems.empty()) {
        result.config = std::make_shared<const Config>(reader.take());
    }
    result.problems = problems.in_file_order();
    return result;
}

LoadResult load_file(const std::string& path, const Surroundings& surroundings) {
    const std::optional<std::string> text = surroundings.read_file(path);
    if (text) {
        return load_text(*text, path, surroundings);
    }
    Problems problems(path);
    problems.add(Place(), "", std::string("cannot be read: ") + std::strerror(errno));
    LoadResult result;
    result.problems = problems.in_file_order();
    return result;
}

}  // namespace pgweir::config
