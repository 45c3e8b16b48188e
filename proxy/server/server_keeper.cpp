#include "proxy/server/server_keeper.hpp"

#include "protocol/backend.hpp"
#include "protocol/frontend.hpp"
#include "proxy/server/pool.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pgweir::proxy {
namespace {

using protocol::Reply;

// A server that cannot be proved clean within this is closed. Chosen: a cancelled statement
// ends within milliseconds; what takes longer is stuck in a function that ignores interrupts.
constexpr Duration recovery_limit = std::chrono::seconds(10);

// How long we wait for the EOF after Terminate. Chosen: an exit takes milliseconds, but a backend
// that is stuck holds its slot upstream for as long as it lives, and so its place here.
constexpr Duration closing_limit = std::chrono::seconds(30);

// Both, when the daemon ends.
constexpr Duration hurried_limit = std::chrono::seconds(2);

// The longest rest of a CopyData message that is filled up so that CopyFail can follow;
// with more to come closing costs less.
constexpr std::size_t max_padding = 64 * 1024;

}  // namespace

void ServerKeeper::attend(ServerConnection& server, ServerDuty duty, Duration limit) {
    stop_attending(server);
    server.duty = duty;
    server.lessee = nullptr;
    server.deadline = Clock::now() + (is_hurried_ ? std::min(limit, hurried_limit) : limit);
    attended_.push_back(&server);
}

void ServerKeeper::stop_attending(ServerConnection& server) {
    std::erase(attended_, &server);
    server.duty = ServerDuty::none;
}

void ServerKeeper::take_in(ServerConnection& server) {
    server.holder.store(static_cast<std::uint32_t>(thread_), std::memory_order_release);
    server.move_to(set_);
    server.pool.arrived(server, thread_);
}

void ServerKeeper::take_back_clean(ServerConnection& server) {
    if (server.was_cancelled || server.cancels_in_flight > 0) {
        server.pool.abandon(server);
        recover(server, {});
        return;
    }
    server.lessee = nullptr;
    server.duty = ServerDuty::none;
    server.pool.release(server, thread_);
}

void ServerKeeper::take_back_dirty(ServerConnection& server) {
    FrameCursor& cut = server.to_server;
    // The lease may have ended before its work was looked at.
    if (server.must_close || server.work.effects.has(Effect::library)) {
        close(server, "its client left what no reset ends");
        return;
    }
    const bool can_fill = cut.type == protocol::FrontendType::copy_data && cut.body_left <= max_padding;
    if (cut.body_left > 0 && !can_fill) {
        close(server, "its client left in the middle of a message");
        return;
    }
    server.pool.abandon(server);
    if (cut.body_left > 0) {
        const std::vector<std::byte> padding(std::exchange(cut.body_left, 0));
        server.send(padding);
    }
    server.standing.reset();
    recover(server, reset_sql(*server.baseline));
}

void ServerKeeper::recover(ServerConnection& server, std::vector<std::string> reset) {
    attend(server, ServerDuty::recovering, recovery_limit);
    server.recovery = Recovery(std::move(reset), server.was_cancelled || server.cancels_in_flight > 0);
    if (Recovery::wants_cancel(server.exchange) && server.cancels_in_flight == 0) {
        server.recovery.expect_cancel();
        server.pool.cancel(server, thread_, {});
    }
    if (advance(server) && server.may_read) read(server);
}

bool ServerKeeper::advance(ServerConnection& server) {
    outgoing_.clear();
    const RecoveryVerdict verdict = server.recovery.advance(server.exchange, server.is_quarantined(), outgoing_);
    if (!outgoing_.empty() && !server.send(outgoing_)) {
        lost(server);
        return false;
    }
    if (verdict == RecoveryVerdict::wait) return true;
    if (verdict == RecoveryVerdict::hopeless || !server.is_quiet()) {
        close(server, "it could not be reset");
        return false;
    }
    stop_attending(server);
    server.was_cancelled = server.needs_reset = false;
    server.quarantine = {};
    server.pinned.reset();
    server.pool.cells(thread_).recovered_servers.add();
    server.pool.recovered(server, thread_);
    return false;
}

void ServerKeeper::cancel_ended(ServerConnection& server) {
    server.cancel_ended();
    if (server.duty == ServerDuty::recovering)
        advance(server);
    else if (server.duty == ServerDuty::closing && !server.stream.is_open())
        finish_closing(server);
}

void ServerKeeper::look_into(ServerConnection& server, net::Edges edges) {
    if (!server.pool.begin_inspection(server, thread_)) return;
    attend(server, ServerDuty::inspecting, closing_limit);
    server.note(edges);
    read(server);
}

void ServerKeeper::on_ready(ServerConnection& server, net::Edges edges) {
    server.note(edges);
    if (edges.writable && server.duty == ServerDuty::recovering && !server.out.flush(server.stream)) {
        lost(server);
        return;
    }
    if (server.may_read) read(server);
}

void ServerKeeper::read(ServerConnection& server) {
    while (server.may_read && server.duty != ServerDuty::none) {
        std::size_t kept = 0;
        const net::IoResult got = server.read(buffer_, kept);
        if (got.status == net::IoStatus::closed || got.status == net::IoStatus::failed) {
            lost(server);
            return;
        }
        server.pool.cells(thread_).server_received_bytes.add(got.size);
        if (server.duty == ServerDuty::closing) continue;
        if (!judge(server, std::span<const std::byte>(buffer_).first(kept + got.size))) return;
    }
    if (server.duty != ServerDuty::inspecting) return;
    // Whatever it was, it was harmless.
    stop_attending(server);
    server.pool.end_inspection(server);
}

// False when the server is not this keeper's any more, or not for the same duty.
bool ServerKeeper::judge(ServerConnection& server, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ServerScan scan = scan_server(bytes, server.from_server, server.exchange);
        if (scan.event == ServerEventKind::incomplete) {
            server.tail.assign(bytes.begin(), bytes.end());
            return true;
        }
        if (!judge_run(server, scan)) return false;
        bytes = bytes.subspan(scan.size);
    }
    return true;
}

bool ServerKeeper::judge_run(ServerConnection& server, const ServerScan& scan) {
    if (scan.event == ServerEventKind::error) {
        const auto fields = protocol::decode_error_response(scan.body);
        if (fields) server.quarantine.failed(fields->sqlstate, fields->message);
        // One too long to read is taken for a refusal.
        if (scan.reply == Reply::to_proxy) server.recovery.failed(fields ? fields->sqlstate : std::string_view{});
        if (fields && scan.reply == Reply::unmatched) server.last_words = fields->message;
    }
    // A pooler upstream says its own name there, every minute, to idle sessions.
    if (const auto status = scan.event == ServerEventKind::parameter_status ? protocol::decode_parameter_status(scan.body)
                                                                           : protocol::ParameterStatus{};
        status && !status->name.empty() && status->name != "application_name")
        server.note_parameter(status->name, status->value);
    if (scan.reply == Reply::unmatched) {
        close(server, server.last_words.empty() ? "it sent a reply to nothing" : server.last_words);
        return false;
    }
    if (server.duty != ServerDuty::recovering) return true;
    const bool owes_sync = server.exchange.wants_sync() && server.exchange.outstanding() == 0;
    const bool may_go_on = scan.event == ServerEventKind::ready || server.exchange.wants_copy_data() || owes_sync;
    return !may_go_on || advance(server);
}

void ServerKeeper::close(ServerConnection& server, std::string_view why) {
    spdlog::info("event=server_close pool={} server={} reason={:?}", server.pool.name(), index_of(server.id), why);
    server.pool.close(server);
    attend(server, ServerDuty::closing, closing_limit);
    server.holder.store(static_cast<std::uint32_t>(thread_), std::memory_order_release);
    if (server.out.empty() && server.to_server.body_left == 0) {
        outgoing_.clear();
        protocol::write_terminate(outgoing_);
        server.send(outgoing_);
    }
    server.stream.shut_down();
    server.may_read = true;
    read(server);
}

void ServerKeeper::lost(ServerConnection& server) {
    if (server.duty != ServerDuty::closing) {
        server.pool.cells(thread_).lost_servers.add();
        const std::string_view words = server.last_words.empty() ? "it hung up" : std::string_view(server.last_words);
        spdlog::info("event=server_lost pool={} server={} reason={:?}", server.pool.name(), index_of(server.id), words);
        server.pool.close(server);
        attend(server, ServerDuty::closing, closing_limit);
    }
    server.leave_set();
    server.stream.close();
    finish_closing(server);
}

void ServerKeeper::finish_closing(ServerConnection& server) {
    // A helper may still be using the handle for a cancel; `cancel_ended` comes back here.
    if (server.cancels_in_flight > 0) return;
    stop_attending(server);
    server.pool.closed(server);
}

void ServerKeeper::hurry() {
    is_hurried_ = true;
    for (ServerConnection* server : attended_) server->deadline = std::min(server->deadline, Clock::now() + hurried_limit);
}

void ServerKeeper::tick(TimePoint now) {
    const std::vector<ServerConnection*> attended = attended_;
    for (ServerConnection* server : attended) {
        if (now < server->deadline) {
            // Its quarantine may be over.
            if (server->duty == ServerDuty::recovering) advance(*server);
            continue;
        }
        if (server->duty == ServerDuty::closing) {
            lost(*server);
            continue;
        }
        server->pool.cells(thread_).lost_servers.add();
        close(*server, "recovery deadline");
    }
}

}  // namespace pgweir::proxy
