// A statement's text: cut into tokens within it, judged without a crash, alike however its
// blanks and keywords are spelled, and never judged more harmless for what is put before or behind it.
#include "proxy/core/watched_names.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/statement.hpp"

#include <string>
#include <string_view>

using pgweir::test::require;

namespace proxy = pgweir::proxy;

namespace {

using proxy::StatementTraits;

bool is_inside(std::string_view part, std::string_view text) {
    return part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size();
}

// Whether all borders are certain.
bool check_tokens(std::string_view sql) {
    proxy::SqlScanner scanner(sql);
    const char* end = sql.data();
    for (proxy::SqlToken token = scanner.next(); token.kind != proxy::SqlTokenKind::end; token = scanner.next()) {
        require(!token.text.empty() && is_inside(token.text, sql) && token.text.data() >= end);
        end = token.text.data() + token.text.size();
    }
    require(scanner.next().kind == proxy::SqlTokenKind::end);
    return scanner.is_certain() && sql.find('\0') == std::string_view::npos;
}

void check_views(const StatementTraits& traits, std::string_view sql) {
    for (const proxy::Statement& statement : traits.statements) {
        require(statement.name.empty() || is_inside(statement.name, sql));
        require(statement.name.empty() || proxy::plain_name(statement.name).has_value());
    }
    for (const std::string_view name : traits.custom_settings)
        require(is_inside(name, sql) && proxy::plain_name(name).has_value());
}

// `more` may do all that `less` may.
void require_all_of(const StatementTraits& less, const StatementTraits& more) {
    require((less.effects | more.effects) == more.effects);
    require(more.predicts_pin || !less.predicts_pin);
    require(more.changes_settings || !less.changes_settings);
    require(more.commits || !less.commits);
    require(more.custom_settings.size() >= less.custom_settings.size());
}

void check_respelled(const StatementTraits& traits, std::string_view sql, std::string_view between) {
    const std::string other = pgweir::test::respelled(sql, between);
    StatementTraits same = pgweir::test::traits_of(other);
    // Where RESET may stand in a body that is not read it is looked for in all of the text, comments included; they
    // are not respelled.
    require(same.resets.size() <= traits.resets.size());
    if (same.resets.empty()) same.resets = traits.resets;
    require(pgweir::test::words_of(same) == pgweir::test::words_of(traits));
    require(pgweir::test::forms_of(same) == pgweir::test::forms_of(traits));
    require(same.custom_settings.size() == traits.custom_settings.size());
}

}   // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view sql = pgweir::protocol::as_text(pgweir::test::fuzz_bytes(data, size));
    const bool is_certain = check_tokens(sql);
    const StatementTraits traits = pgweir::test::traits_of(sql);
    check_views(traits, sql);
    require(is_certain || traits.effects.has(proxy::Effect::unseen));
    require(is_certain || (traits.statements.empty() && traits.local_sets == 0));

    static const proxy::WatchedNames watched = pgweir::test::watched_names({"a", "orders", "take_lock",
                                                                            "stra\xc3\x9f"
                                                                            "e"});
    StatementTraits watching = proxy::traits_of(sql, &watched);
    watching.effects |= traits.effects;   // unseen: of CALL only where nothing is watched
    require_all_of(traits, watching);

    const std::string behind = std::string(sql) + "\n;\nSELECT 1";
    require_all_of(traits, pgweir::test::traits_of(behind));
    const std::string before = "SET a.b = 1;" + std::string(sql);
    const StatementTraits after = pgweir::test::traits_of(before);
    require_all_of(traits, after);
    require(after.effects == (traits.effects | proxy::Effect::settings));

    if (is_certain) {
        check_respelled(traits, sql, " ");
        check_respelled(traits, sql, "\n/* ; ' $$ /* \" */ */ -- '\r");
    }
    return 0;
}
