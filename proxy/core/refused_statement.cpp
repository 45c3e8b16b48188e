#include "proxy/core/refused_statement.hpp"

#include "protocol/backend.hpp"
#include "protocol/sqlstate.hpp"
#include "proxy/core/client_frame.hpp"
#include "proxy/core/statement_unit.hpp"

#include <optional>

namespace pgweir::proxy {
namespace {

using protocol::Bytes;
using protocol::FrontendType;

bool is_rollback(const StatementTraits& traits) {
    return traits.statements.size() == 1 && traits.statements.front().form == Form::rollback;
}

// As PostgreSQL answers it, with its warning unless the client wants none.
void answer_rollback(const ClientSession& session, std::vector<std::byte>& out) {
    const std::string* const level = value_of(session.settings->settings, "client_min_messages");
    if (level == nullptr || *level != "error") {
        protocol::write_notice_response(out, {.severity = "WARNING",
                                              .sqlstate = protocol::sqlstate::no_active_sql_transaction,
                                              .message = "there is no transaction in progress",
                                              .routine = "UserAbortTransactionBlock"});
    }
    protocol::write_command_complete(out, "ROLLBACK");
    protocol::write_ready_for_query(out, session.status());
}

std::size_t answer_query(const ClientFrame& frame, Bytes body, ClientSession& session, std::vector<std::byte>& out) {
    const std::string_view text = protocol::as_text(body);
    if (frame.is_large() || !is_rollback(traits_of(text.substr(0, text.find('\0')), nullptr))) return 0;
    session.unnamed.parsed = 0;
    answer_rollback(session, out);
    return frame.here;
}

std::size_t answer_unit(Bytes bytes, ClientSession& session, std::vector<std::byte>& out) {
    const std::optional<StatementUnit> unit = statement_unit(bytes);
    if (!unit || !unit->is_whole()) return 0;
    const StatementTraits traits = traits_of(unit->sql, nullptr);
    if (!is_rollback(traits)) return 0;
    begin_answer(*unit, summary_of(traits), false, session, out);
    answer_rollback(session, out);
    return unit->size;
}

}  // namespace

std::size_t answer_refused(Bytes bytes, const ArrayTypes* types, ClientSession& session, std::vector<std::byte>& out) {
    const ClientFrame frame = front_frame(bytes);
    if (session.deferred != Deferred::none || session.is_text_opaque || frame.status != ClientFrame::Status::whole) return 0;
    if (frame.type == FrontendType::query) return answer_query(frame, body_of(bytes, frame), session, out);
    if (frame.type != FrontendType::parse) return 0;
    if (const std::size_t size = answer_unit(bytes, session, out); size > 0) return size;
    return types == nullptr ? 0 : answer_types_question(bytes, *types, session, out);
}

}  // namespace pgweir::proxy
