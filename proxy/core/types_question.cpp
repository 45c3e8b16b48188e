#include "proxy/core/types_question.hpp"

#include "protocol/backend.hpp"
#include "proxy/core/frame_run.hpp"
#include "proxy/core/sql_characters.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>

namespace pgweir::proxy {
namespace {

using protocol::BackendType;
using protocol::Bytes;
using protocol::FrontendType;
using protocol::Reader;

constexpr std::int32_t oid_type = 26;   // PostgreSQL: OIDOID

bool is_space(char c) { return kind_of(c) == SqlCharacter::blank; }

// Without the spaces at its beginning.
std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    return text;
}

// Where one has spaces, the other has some too.
bool is_same_but_for_spaces(std::string_view one, std::string_view other) {
    one = trimmed(one);
    other = trimmed(other);
    while (!one.empty() && !other.empty()) {
        const bool has_space = is_space(one.front());
        if (has_space != is_space(other.front()) || (!has_space && one.front() != other.front())) return false;
        one = has_space ? trimmed(one) : one.substr(1);
        other = has_space ? trimmed(other) : other.substr(1);
    }
    return trimmed(one).empty() && trimmed(other).empty();
}

struct Question {
    std::string_view name;         // of its statement
    std::string_view definition;   // as in PreparedText
    bool wants_text = false;
    std::size_t size = 0;
};

// Parse, Describe, Bind, Execute and Sync, in this order and in one piece.
std::optional<Question> read(Bytes bytes) {
    FrameRun run(bytes);
    Question question;
    const std::optional<Bytes> parse = run.take(FrontendType::parse);
    if (!parse) return std::nullopt;
    Reader parsing(*parse);
    question.name = parsing.cstring();
    question.definition = protocol::as_text(parsing.rest());
    if (!is_same_but_for_spaces(parsing.cstring(), types_question) || parsing.i16() != 0 || !parsing.ok()) return std::nullopt;

    const std::optional<Bytes> describe = run.take(FrontendType::describe);
    if (!describe) return std::nullopt;
    Reader describing(*describe);
    if (describing.u8() != 'S' || describing.cstring() != question.name || !describing.ok()) return std::nullopt;

    const std::optional<Bytes> bind = run.take(FrontendType::bind);
    if (!bind) return std::nullopt;
    Reader binding(*bind);
    if (!binding.cstring().empty() || binding.cstring() != question.name) return std::nullopt;
    for (int formats = binding.i16(); formats > 0 && binding.ok(); --formats) binding.i16();
    if (binding.i16() != 0) return std::nullopt;
    question.wants_text = true;
    for (int formats = binding.i16(); formats > 0 && binding.ok(); --formats) question.wants_text &= binding.i16() == 0;
    if (!binding.ok()) return std::nullopt;

    const std::optional<Bytes> execute = run.take(FrontendType::execute);
    if (!execute) return std::nullopt;
    Reader executing(*execute);
    if (!executing.cstring().empty() || executing.i32() != 0 || !executing.ok() || !run.take(FrontendType::sync)) return std::nullopt;
    question.size = run.size();
    return question;
}

void keep_statement(const Question& question, ClientSession& session) {
    if (question.name.empty()) {
        session.unnamed = {.parsed = next_parse_number(), .definition = std::string(question.definition), .summary = {}, .is_bound = true};
        return;
    }
    // Known to this client alone: the table of texts is for those that many share.
    auto text = std::make_shared<const PreparedText>(PreparedText{std::string(question.definition), {}});
    session.statements.insert_or_assign(kept_name(question.name),
                                        NamedStatement{.text = std::move(text), .parsed = next_parse_number()});
}

}  // namespace

bool is_types_question(Bytes bytes) { return read(bytes).has_value(); }

std::size_t answer_types_question(Bytes bytes, const ArrayTypes& types, ClientSession& session, std::vector<std::byte>& out) {
    const std::optional<Question> question = read(bytes);
    if (!question || !question->wants_text) return 0;
    keep_statement(*question, session);
    constexpr std::array columns = {protocol::Column{"oid", oid_type, sizeof(std::int32_t)},
                                    protocol::Column{"typarray", oid_type, sizeof(std::int32_t)}};
    protocol::write_bare(out, BackendType::parse_complete);
    protocol::write_no_parameters(out);
    protocol::write_row_description(out, columns);
    protocol::write_bare(out, BackendType::bind_complete);
    for (const auto& [type, its_array] : types) {
        const std::array<std::string_view, columns.size()> values = {type, its_array};
        protocol::write_data_row(out, values);
    }
    protocol::write_command_complete(out, "SELECT " + std::to_string(types.size()));
    protocol::write_ready_for_query(out, session.status());
    return question->size;
}

}  // namespace pgweir::proxy
