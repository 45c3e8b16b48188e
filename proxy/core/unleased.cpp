#include "proxy/core/unleased.hpp"

#include "protocol/backend.hpp"
#include "proxy/core/local_answers.hpp"
#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_unit.hpp"

#include <optional>
#include <utility>

namespace pgweir::proxy {
namespace {

using protocol::BackendType;
using protocol::Bytes;
using protocol::FrontendType;
using protocol::Reader;
using Status = ClientFrame::Status;

struct Scan {
    Unleased& state;
    ClientSession& session;
    const WatchedNames* watched;
    std::vector<std::byte>& out;
    UnleasedScan result{};
};

std::string_view query_text(Bytes body) {
    const std::string_view text = protocol::as_text(body);
    return text.substr(0, text.find('\0'));
}

void look_ahead(const StatementSummary& summary, UnleasedScan& result) {
    result.predicts_pin = summary.predicts_pin;
    result.wants.sequences = summary.effects.has(Effect::sequence_use);
    result.wants.channels = summary.effects.has(Effect::listening);
}

bool is_listen(const StatementTraits& traits, const ClientSession& session) {
    return traits.statements.size() == 1 && traits.statements.front().form == Form::listen && session.deferred == Deferred::none &&
           !session.is_text_opaque;
}

// A failed transaction ends at the beginning of a text that goes on: a server gets another one to roll back.
bool may_leave_block(std::string_view sql, Scan& scan) {
    if (scan.session.is_text_opaque || !begins_with_rollback(sql)) return false;
    scan.session.undone = {};
    scan.session.deferred = Deferred::begun;
    scan.session.begin = "BEGIN";
    return true;
}

void query(const ClientFrame& frame, Bytes body, Scan& scan) {
    if (frame.is_large()) {
        if (scan.session.deferred != Deferred::failed) {
            scan.result.need = ServerNeed::server;
            return;
        }
        write_transaction_failed(scan.session, scan.out);
        protocol::write_ready_for_query(scan.out, scan.session.status());
        return;
    }
    const std::string_view sql = query_text(body);
    const StatementTraits traits = traits_of(sql, scan.watched);
    if (is_answered_here(traits, scan.session)) {
        scan.session.unnamed.parsed = 0;
        answer_here(traits, sql, Description::wanted, scan.session, scan.out);
        ++scan.result.answered;
    } else if (scan.session.deferred == Deferred::failed && !may_leave_block(sql, scan)) {
        scan.session.unnamed.parsed = 0;
        write_transaction_failed(scan.session, scan.out);
    } else if (is_listen(traits, scan.session)) {
        scan.result.need = ServerNeed::listen;
        scan.result.channel = plain_name(traits.statements.front().name).value_or("");
        return;
    } else {
        scan.result.need = ServerNeed::server;
        look_ahead(summary_of(traits), scan.result);
        if (traits.statements.size() == 1 && traits.statements.front().form == Form::execute)
            scan.result.wants.executes = plain_name(traits.statements.front().name).value_or("");
        return;
    }
    protocol::write_ready_for_query(scan.out, scan.session.status());
}

// Answers the unit at the front. Zero: it cannot be answered here, or `result.need` says that more bytes are needed.
std::size_t answer_unit(Bytes bytes, Scan& scan) {
    const std::optional<StatementUnit> unit = statement_unit(bytes);
    if (!unit) return 0;
    const StatementTraits traits = traits_of(unit->sql, scan.watched);
    if (traits.statements.size() != 1 || !is_answered_here(traits, scan.session)) return 0;
    if (!unit->is_whole()) {
        scan.result.need = ServerNeed::more_bytes;
        return 0;
    }
    const bool has_result = traits.statements.front().form == Form::advisory_unlock_all;
    begin_answer(*unit, summary_of(traits), has_result, scan.session, scan.out);
    answer_here(traits, unit->sql, unit->describes ? Description::wanted : Description::left_out, scan.session, scan.out);
    protocol::write_ready_for_query(scan.out, scan.session.status());
    ++scan.result.answered;
    return unit->size;
}

// Close of what no server has to know of: the client's names are kept here.
bool close(Bytes body, Scan& scan) {
    Reader reader(body);
    const bool is_statement = reader.u8() == 'S';
    const std::string_view name = reader.cstring();
    // A failed transaction has no portals but those that end it.
    if (!reader.ok() || (!is_statement && scan.session.deferred != Deferred::failed)) return false;
    if (!is_statement) scan.state.portal = {};
    else if (name.empty()) scan.session.unnamed.parsed = 0;
    else scan.session.statements.erase(kept_name(name));
    if (is_statement) std::erase_if(scan.session.prepared, [&](const auto& one) { return one.first == kept_name(name); });
    protocol::write_bare(scan.out, BackendType::close_complete);
    return true;
}

void need_server(const ClientFrame& frame, Bytes body, Scan& scan) {
    if (scan.session.deferred == Deferred::failed) {
        const BlockAnswer answer = answer_in_block(frame, body, scan.state.portal, scan.session, scan.out);
        if (answer == BlockAnswer::answered) return;
        if (answer == BlockAnswer::fails) write_transaction_failed(scan.session, scan.out);
        scan.state.is_skipping = frame.type != FrontendType::function_call;
        if (!scan.state.is_skipping) protocol::write_ready_for_query(scan.out, scan.session.status());
        return;
    }
    scan.result.need = ServerNeed::server;
    Reader reader(body);
    if (frame.type == FrontendType::parse && !frame.is_large()) {
        // One with a name may be parsed long before it is run.
        if (!reader.cstring().empty()) return;
        look_ahead(summary_of(traits_of(reader.cstring(), scan.watched)), scan.result);
    } else if (frame.type == FrontendType::bind) {
        reader.cstring();
        const std::string name = kept_name(reader.cstring());
        const auto known = scan.session.statements.find(name);
        if (name.empty()) look_ahead(scan.session.unnamed.summary, scan.result);
        else if (known != scan.session.statements.end() && known->second.text) look_ahead(known->second.text->summary, scan.result);
    }
}

bool is_untold(const ClientSession& session) { return !session.undone.error.empty() && !session.undone.is_told; }

// What went before without a transaction block, and without a Sync, is gone.
void refuse_untold(const ClientFrame& frame, Scan& scan) {
    write_transaction_failed(scan.session, scan.out);
    scan.state.is_skipping = frame.type != FrontendType::query && frame.type != FrontendType::function_call;
    if (!scan.state.is_skipping) protocol::write_ready_for_query(scan.out, scan.session.status());
}

// Returns how much was dealt with; nothing when `result.need` says why.
std::size_t one(const ClientFrame& frame, Bytes rest, Scan& scan) {
    switch (frame.type) {
    case FrontendType::terminate: scan.result.need = ServerNeed::terminate; return 0;
    case FrontendType::sync:
        scan.state.is_skipping = false;
        if (std::exchange(scan.state.is_unsynced, false) && is_untold(scan.session)) write_transaction_failed(scan.session, scan.out);
        protocol::write_ready_for_query(scan.out, scan.session.status());
        return frame.here;
    case FrontendType::flush:
    case FrontendType::copy_data:
    case FrontendType::copy_done:
    case FrontendType::copy_fail: return frame.here;
    default: break;
    }
    if (scan.state.is_skipping) return frame.here;
    scan.state.is_unsynced = false;
    if (scan.session.deferred != Deferred::failed) scan.state.portal = {};
    if (scan.session.deferred == Deferred::none && is_untold(scan.session)) {
        refuse_untold(frame, scan);
        return frame.here;
    }
    const Bytes body = body_of(rest, frame);
    if (frame.type == FrontendType::query) {
        query(frame, body, scan);
    } else if (frame.type == FrontendType::parse) {
        if (const std::size_t size = answer_unit(rest, scan); size > 0) return size;
        if (scan.result.need == ServerNeed::nothing) need_server(frame, body, scan);
    } else if (frame.type != FrontendType::close || !close(body, scan)) {
        need_server(frame, body, scan);
    }
    return scan.result.need == ServerNeed::nothing ? frame.here : 0;
}

}  // namespace

UnleasedScan scan_unleased(Bytes bytes, Unleased& state, ClientSession& session, const WatchedNames* watched,
                           std::vector<std::byte>& out) {
    Scan scan{state, session, watched, out};
    UnleasedScan& result = scan.result;
    result.done = eat_body(bytes, state.cursor.body_left);
    while (result.done < bytes.size()) {
        const Bytes rest = bytes.subspan(result.done);
        const ClientFrame frame = front_frame(rest);
        if (frame.status == Status::incomplete) result.need = ServerNeed::more_bytes;
        if (frame.status == Status::violation) result.need = ServerNeed::violation;
        if (result.need != ServerNeed::nothing) break;
        result.done += one(frame, rest, scan);
        if (result.need != ServerNeed::nothing) break;
        state.cursor = FrameCursor{frame.to_come, frame.type};
    }
    return result;
}

Rejected reject_first(Bytes bytes, Unleased& state) {
    const ClientFrame frame = front_frame(bytes);
    state.cursor.body_left = frame.to_come;
    const bool is_simple = frame.type == FrontendType::query || frame.type == FrontendType::function_call;
    state.is_skipping = !is_simple;
    return Rejected{frame.here, is_simple};
}

}  // namespace pgweir::proxy
