#include "proxy/core/prepared_text.hpp"

#include "proxy/core/sql_scanner.hpp"

#include <optional>

namespace pgweir::proxy {

StatementSummary summary_of(const StatementTraits& traits) {
    StatementSummary summary{traits.effects, traits.predicts_pin, traits.commits, traits.local_sets, traits.changes_settings};
    for (const std::string_view name : traits.custom_settings)
        if (std::optional<std::string> plain = plain_name(name)) summary.custom_settings.push_back(*std::move(plain));
    bool is_reset_only = !traits.statements.empty();
    for (const Statement& statement : traits.statements) {
        is_reset_only &= statement.form == Form::reset;
        if (statement.form == Form::reset_all || statement.form == Form::discard_all) summary.resets.emplace_back(all_settings);
        if (statement.form == Form::reset) summary.resets.push_back(plain_name(statement.name).value_or(""));
        if (statement.form == Form::unlisten) summary.unlistened.push_back(plain_name(statement.name).value_or(""));
        if (statement.form == Form::unlisten_all || statement.form == Form::discard_all) summary.unlistened.emplace_back("*");
    }
    if (traits.resets_settings && !is_reset_only && summary.resets.empty()) summary.resets.emplace_back(some_setting);
    return summary;
}

PreparedTextPtr TextTable::intern(std::string_view definition, const StatementTraits& traits) {
    const std::lock_guard lock(shelf_->mutex);
    if (const auto found = shelf_->texts.find(definition); found != shelf_->texts.end()) {
        if (PreparedTextPtr text = found->second.lock()) return text;
        // Its last holder is about to forget it, and waits for us.
        shelf_->texts.erase(found);
    }
    if (shelf_->bytes + definition.size() > most_bytes) return nullptr;
    auto* fresh = new PreparedText{std::string(definition), summary_of(traits)};
    PreparedTextPtr text(fresh, [shelf = shelf_](const PreparedText* gone) {
        {
            const std::lock_guard guard(shelf->mutex);
            const auto found = shelf->texts.find(gone->definition);
            if (found != shelf->texts.end() && found->first.data() == gone->definition.data()) shelf->texts.erase(found);
            shelf->bytes -= gone->definition.size();
        }
        delete gone;
    });
    shelf_->texts.emplace(text->definition, text);
    shelf_->bytes += definition.size();
    return text;
}

std::size_t TextTable::size() const {
    const std::lock_guard lock(shelf_->mutex);
    return shelf_->texts.size();
}

std::size_t TextTable::bytes() const {
    const std::lock_guard lock(shelf_->mutex);
    return shelf_->bytes;
}

}  // namespace pgweir::proxy
