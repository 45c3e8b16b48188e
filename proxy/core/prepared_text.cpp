#include "proxy/core/prepared_text.hpp"

#include "proxy/core/sql_scanner.hpp"

#include <optional>

namespace pgweir::proxy {
namespace {

bool names_statement(Form form) { return form == Form::prepare || form == Form::execute || form == Form::deallocate; }

}  // namespace

bool ends_block(const StatementTraits& traits) {
    const Form last = traits.statements.empty() ? Form::other : traits.statements.back().form;
    return last == Form::commit || last == Form::rollback;
}

StatementSummary summary_of(const StatementTraits& traits) {
    StatementSummary summary{.effects = traits.effects,
                             .predicts_pin = traits.predicts_pin,
                             .commits = traits.commits,
                             .ends_block = ends_block(traits),
                             .local_sets = traits.local_sets,
                             .changes_settings = traits.changes_settings};
    for (const std::string_view name : traits.custom_settings)
        if (std::optional<std::string> plain = plain_name(name)) summary.custom_settings.push_back(*std::move(plain));
    for (const SettingReset& reset : traits.resets) {
        const bool is_all = reset.name == all_settings;
        std::string name = is_all ? std::string(all_settings) : plain_name(reset.name).value_or(std::string(some_setting));
        (reset.is_local ? summary.local_resets : summary.resets).push_back(std::move(name));
    }
    for (const Statement& statement : traits.statements) {
        summary.forgets_statements |= statement.form == Form::deallocate_all || statement.form == Form::discard_all;
        if (names_statement(statement.form)) summary.named_statements.push_back(plain_name(statement.name).value_or(""));
        if (statement.form == Form::unlisten) summary.unlistened.push_back(plain_name(statement.name).value_or(""));
        if (statement.form == Form::unlisten_all || statement.form == Form::discard_all) summary.unlistened.emplace_back("*");
    }
    return summary;
}

PreparedTextPtr TextTable::intern(std::string_view definition, const StatementTraits& traits) {
    const std::lock_guard lock(shelf_->mutex);
    if (const auto found = shelf_->texts.find(definition); found != shelf_->texts.end()) {
        if (PreparedTextPtr text = found->second.lock()) return text;
        // Its last holder is about to forget it, and waits for us.
        shelf_->texts.erase(found);
    }
    if (shelf_->bytes + definition.size() > max_bytes) return nullptr;
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
