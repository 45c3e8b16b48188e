#include "protocol/exchange.hpp"

#include <algorithm>

namespace pgweir::protocol {

namespace {

bool asks_for_reply(FrontendType type) {
    switch (type) {
    case FrontendType::copy_data:
    case FrontendType::copy_done:
    case FrontendType::copy_fail:
    case FrontendType::flush:
    case FrontendType::password:
    case FrontendType::terminate: return false;
    default: return true;
    }
}

}  // namespace

void Exchange::push(Request request, Origin origin, Noted noted) {
    // Spent entries are cleared when they are all, or when they outweigh the live ones.
    if (is_empty()) {
        entries_.clear();
        head_ = 0;
    } else if (head_ > 64 && head_ > entries_.size() / 2) {
        entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
    entries_.push_back(Entry{request, origin, noted});
}

void Exchange::settle(const Entry& entry, Outcome outcome) {
    if (entry.noted == Noted::yes) outcomes_.push_back(outcome);
}

void Exchange::take_outcomes(std::vector<Outcome>& into) {
    into.insert(into.end(), outcomes_.begin(), outcomes_.end());
    outcomes_.clear();
}

void Exchange::pop() {
    settle(head(), has_head_failed_ ? Outcome::failed : Outcome::done);
    ++head_;
    is_head_answered_ = has_head_failed_ = false;
    drop_copy_ends();
}

void Exchange::drop_copy_ends() {
    while (!is_empty() && head().request == Request::copy_end) ++head_;
}

bool Exchange::ends_with_ready(Request request) {
    return request == Request::query || request == Request::sync || request == Request::function_call;
}

void Exchange::sent(FrontendType type, Origin origin, Noted noted) {
    if (skipping_ && type != FrontendType::sync) {
        if (noted == Noted::yes) outcomes_.push_back(Outcome::skipped);
        has_lost_count_ |= doubtful_ > 0 && asks_for_reply(type);
        return;
    }
    switch (type) {
    case FrontendType::query:
        push(Request::query, origin, noted);
        unsynced_ = false;
        return;
    case FrontendType::function_call:
        push(Request::function_call, origin, noted);
        unsynced_ = false;
        return;
    case FrontendType::sync:
        if (wants_copy_data() && outstanding() == 1) {
            ++doubtful_;
            return;
        }
        push(Request::sync, origin, noted);
        unsynced_ = false;
        skipping_ = false;
        return;
    case FrontendType::parse: push(Request::parse, origin, noted); break;
    case FrontendType::bind: push(Request::bind, origin, noted); break;
    case FrontendType::describe: push(Request::describe, origin, noted); break;
    case FrontendType::execute: push(Request::execute, origin, noted); break;
    case FrontendType::close: push(Request::close, origin, noted); break;
    case FrontendType::copy_done:
    case FrontendType::copy_fail:
        // Outside COPY the server ignores it, and so it must not stand in an empty ledger.
        if (!is_empty()) push(Request::copy_end, origin, noted);
        if (in_copy_) copy_end_sent_ = true;
        return;
    case FrontendType::copy_data:
    case FrontendType::flush:
    case FrontendType::password:
    case FrontendType::terminate: return;
    }
    unsynced_ = true;
}

Reply Exchange::whose() const {
    return entries_[head_].origin == Origin::client ? Reply::to_client : Reply::to_proxy;
}

Reply Exchange::next_reply(BackendType type) const {
    if (is_empty()) return Reply::unmatched;
    const bool shows_error = entries_[head_].origin == Origin::stand_in && type == BackendType::error_response;
    return shows_error ? Reply::to_client : whose();
}

bool Exchange::next_is_noted_describe() const {
    return !is_empty() && entries_[head_].request == Request::describe && entries_[head_].noted == Noted::yes;
}

// A reply to the oldest request: `fits` says whether it may answer that, `finishes`
// whether it is the last one.
Reply Exchange::finish_if(bool fits, bool finishes) {
    if (!fits) return Reply::unmatched;
    const Reply reply = whose();
    is_head_answered_ = true;
    if (!in_copy_) doubtful_ = 0;
    if (finishes) pop();
    return reply;
}

Reply Exchange::received(BackendType type) {
    switch (type) {
    case BackendType::parameter_status:
    case BackendType::notification_response: return Reply::asynchronous;
    case BackendType::notice_response: return is_empty() ? Reply::asynchronous : whose();
    default: break;
    }
    if (is_empty() || has_lost_count_) return Reply::unmatched;
    const Request oldest = head().request;
    const bool runs_sql = oldest == Request::query || oldest == Request::execute;
    switch (type) {
    case BackendType::error_response: return fail();
    case BackendType::parse_complete: return finish_if(oldest == Request::parse, true);
    case BackendType::bind_complete: return finish_if(oldest == Request::bind, true);
    case BackendType::close_complete: return finish_if(oldest == Request::close, true);
    case BackendType::no_data: return finish_if(oldest == Request::describe, true);
    case BackendType::parameter_description: return finish_if(oldest == Request::describe, false);
    case BackendType::row_description:
        return finish_if(oldest == Request::describe || oldest == Request::query, oldest == Request::describe);
    case BackendType::portal_suspended: return finish_if(oldest == Request::execute, true);
    case BackendType::empty_query_response: return finish_if(runs_sql, oldest == Request::execute);
    case BackendType::command_complete:
        if (in_copy_) end_copy_in();
        return finish_if(runs_sql, oldest == Request::execute);
    case BackendType::data_row:
    case BackendType::copy_out_response:
    case BackendType::copy_data:
    case BackendType::copy_done: return finish_if(runs_sql, false);
    case BackendType::copy_in_response:
        if (runs_sql) enter_copy_in();
        return finish_if(runs_sql, false);
    case BackendType::function_call_response: return finish_if(oldest == Request::function_call, false);
    default: return Reply::unmatched;
    }
}

Reply Exchange::ready(TransactionStatus status) {
    if (has_lost_count_) return Reply::unmatched;
    const bool is_unasked = is_empty() || (head().request != Request::sync && !is_head_answered_);
    if (is_unasked && doubtful_ > 0) return ready_for_doubtful(status);
    if (is_empty() || !ends_with_ready(head().request)) return Reply::unmatched;
    const Reply reply = whose();
    status_ = status;
    in_copy_ = false;
    pop();
    return reply;
}

// The server had not read that Sync as part of its COPY.
Reply Exchange::ready_for_doubtful(TransactionStatus status) {
    --doubtful_;
    status_ = status;
    if (is_empty()) {
        skipping_ = false;
        unsynced_ = false;
    }
    return Reply::to_client;
}

Reply Exchange::fail() {
    const Reply reply = next_reply(BackendType::error_response);
    is_head_answered_ = has_head_failed_ = true;
    if (in_copy_)
        fail_copy_in();
    else
        doubtful_ = 0;
    if (!ends_with_ready(head().request)) pop_to_sync();
    return reply;
}

void Exchange::fail_copy_in() {
    in_copy_ = false;
    // A simple COPY that fails has swallowed the message behind it, if it got that far.
    const bool has_more = outstanding() > 1 && entries_[head_ + 1].request != Request::copy_end;
    has_lost_count_ |= has_more && head().request == Request::query;
}

void Exchange::pop_to_sync() {
    is_head_answered_ = has_head_failed_ = false;
    settle(head(), Outcome::failed);
    ++head_;
    for (; !is_empty() && head().request != Request::sync; ++head_) {
        settle(head(), Outcome::skipped);
        has_lost_count_ |= doubtful_ > 0 && head().request != Request::copy_end;
    }
    if (!is_empty()) return;
    skipping_ = true;
    unsynced_ = true;
}

void Exchange::enter_copy_in() {
    in_copy_ = true;
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(head_) + 1;
    const auto behind =
        std::find_if(first, entries_.end(), [](const Entry& entry) { return entry.request != Request::sync; });
    copy_end_sent_ = behind != entries_.end() && behind->request == Request::copy_end;
    // Syncs sent before the end of the data reach a server that ignores them.
    doubtful_ = static_cast<int>(behind - first);
    if (doubtful_ == 0) return;
    const bool is_last = std::all_of(behind, entries_.end(), [](const Entry& entry) { return entry.request == Request::copy_end; });
    if (is_last && head().request == Request::execute) unsynced_ = true;
    entries_.erase(first, behind);
}

// The server has read up to CopyDone, and ignored every Sync before it.
void Exchange::end_copy_in() {
    in_copy_ = false;
    doubtful_ = 0;
    const std::size_t behind = head_ + 1;
    if (behind < entries_.size() && entries_[behind].request == Request::copy_end)
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(behind));
}

bool Exchange::awaits_ready() const {
    return std::any_of(entries_.begin() + static_cast<std::ptrdiff_t>(head_), entries_.end(), [](const Entry& entry) {
        return ends_with_ready(entry.request);
    });
}

bool Exchange::drop_one_ready() {
    while (!is_empty()) {
        const Entry entry = head();
        ++head_;
        if (entry.origin != Origin::client) continue;
        if (ends_with_ready(entry.request)) return true;
    }
    return false;
}

}  // namespace pgweir::protocol
