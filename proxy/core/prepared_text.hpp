// Texts of named prepared statements, each kept once however many clients have parsed
// it. What two clients share is the text and its parameter types, never an answer of a
// server: those depend on when, and by whom, it was parsed.
#pragma once

#include "proxy/core/statement_settings.hpp"
#include "proxy/core/statement_traits.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

// StatementTraits without the views into the text.
struct StatementSummary {
    Effects effects;
    bool predicts_pin = false;
    bool commits = false;
    bool ends_block = false;           // a plain COMMIT or ROLLBACK is the last of them
    std::uint8_t local_sets = 0;
    bool changes_settings = false;
    bool forgets_statements = false;   // DEALLOCATE ALL or DISCARD ALL is among them
    std::vector<std::string> custom_settings = {};
    std::vector<std::string> named_statements = {};   // that a PREPARE, EXECUTE or DEALLOCATE among them speaks of
    std::vector<std::string> resets = {};       // settings taken back; also all_settings or some_setting
    std::vector<std::string> local_resets = {}; // the same for those taken back until the end of the transaction
    std::vector<std::string> unlistened = {};   // channels that an UNLISTEN among them gives up; "*" for all
};

StatementSummary summary_of(const StatementTraits& traits);
bool ends_block(const StatementTraits& traits);   // as in StatementSummary

// Of a text that is not looked through: it may have done anything.
inline StatementSummary unseen_summary() { return {.effects = Effect::unseen, .commits = true}; }

// Immutable.
struct PreparedText {
    std::string definition;   // a Parse message behind its name: the SQL, its NUL, the parameter types
    StatementSummary summary;

    std::string_view sql() const { return std::string_view(definition).substr(0, definition.find('\0')); }
};

using PreparedTextPtr = std::shared_ptr<const PreparedText>;

// Any thread may use it. A text lives as long as somebody holds it.
class TextTable {
public:
    // Null when all texts together would take more than `max_bytes`.
    PreparedTextPtr intern(std::string_view definition, const StatementTraits& traits);

    std::size_t size() const;
    std::size_t bytes() const;

    // Chosen: some hundred thousand statements of a usual length.
    static constexpr std::size_t max_bytes = std::size_t{256} * 1024 * 1024;

private:
    struct Shelf {
        std::mutex mutex;
        std::unordered_map<std::string_view, std::weak_ptr<const PreparedText>> texts;   // keys live in the texts
        std::size_t bytes = 0;
    };

    std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

}  // namespace pgweir::proxy
