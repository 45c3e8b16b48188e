// What the listening server says, and to whom it is passed on.
#include "proxy/server/listening.hpp"

#include "protocol/backend.hpp"
#include "proxy/server/pool.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

using protocol::Bytes;
using protocol::Reply;

void Listening::on_ready(net::Edges edges) {
    server_->note(edges);
    if (edges.writable && !server_->out.flush(server_->stream)) server_->may_read = true;
    visit();
}

void Listening::go_on() {
    if (server_ != nullptr) visit();
}

void Listening::visit() {
    const Visit end = read();
    for (std::size_t i = 0; i < threads_.size(); ++i) deliver(ThreadIndex{static_cast<std::uint32_t>(i)});
    if (end == Visit::done) advance();
    if (end == Visit::unfinished) post_to_self(Letter::Kind::listening_more, {}, {});
}

Listening::Visit Listening::read() {
    const std::span<std::byte> buffer = surroundings_->buffer;
    while (server_->may_read) {
        std::size_t kept = 0;
        const net::IoResult got = server_->read(buffer, kept);
        if (got.status == net::IoStatus::closed || got.status == net::IoStatus::failed) {
            lost(server_->last_words.empty() ? "it hung up" : server_->last_words);
            return Visit::lost;
        }
        pool_.cells(listening_thread).server_received_bytes.add(got.size);
        if (got.size > 0) heard_at_ = Clock::now();
        if (!judge(Bytes(buffer).first(kept + got.size))) {
            lost(server_->last_words.empty() ? "it sent a reply to nothing" : server_->last_words);
            return Visit::lost;
        }
        if (is_useless_) {
            lost(error_text_);
            return Visit::lost;
        }
        // A few bytes from the server may be as many letters as there are listeners: those are delivered first.
        const bool has_letters = std::any_of(undelivered_.begin(), undelivered_.end(), [](const auto& some) { return !some.empty(); });
        if (has_letters && server_->may_read) return Visit::unfinished;
    }
    return Visit::done;
}

// False when the two sides have lost count, or the server says goodbye.
bool Listening::judge(Bytes bytes) {
    while (!bytes.empty()) {
        const ServerScan scan = scan_server(bytes, server_->from_server, server_->exchange);
        if (scan.event == ServerEventKind::incomplete) break;
        if (scan.event == ServerEventKind::error) note_error(scan.body);
        if (scan.event == ServerEventKind::parameter_status) note_parameter(scan.body);
        if (scan.reply == Reply::unmatched) return false;
        // One that is in pieces is longer than any PostgreSQL sends.
        if (scan.event == ServerEventKind::notification && !scan.in_frame) hand_out(bytes.first(scan.size), scan.body);
        if (scan.event == ServerEventKind::ready) answered();
        bytes = bytes.subspan(scan.size);
    }
    server_->tail.assign(bytes.begin(), bytes.end());
    return true;
}

void Listening::note_error(Bytes body) {
    error_text_ = "an error too long to repeat";
    const auto fields = protocol::decode_error_response(body);
    if (!fields) return;
    if (!fields->message.empty()) error_text_ = fields->message;
    if (fields->severity == "FATAL" || fields->severity == "PANIC") {
        server_->last_words = fields->message;
        return;
    }
    std::vector<std::byte> message;
    protocol::write_error_response(message, *fields);
    error_ = std::make_shared<const std::vector<std::byte>>(std::move(message));
}

void Listening::note_parameter(Bytes body) {
    const auto status = protocol::decode_parameter_status(body);
    // A pooler upstream says its own name there, every minute, to idle sessions.
    const bool is_asked_for = query_ == Query::settings;
    if (status && (is_asked_for || status->name != "application_name")) server_->note_parameter(status->name, status->value);
}

// Sends nothing: more bytes may stand in the buffer.
void Listening::answered() {
    const bool is_good = error_text_.empty();
    switch (std::exchange(query_, Query::none)) {
    case Query::change:
        if (is_good) core_.succeeded(news_);
        else is_useless_ = !core_.failed(news_);
        if (is_good) has_listened_ = true;
        if (is_good) failed_starts_ = 0;
        tell({.text = error_text_, .message = error_});
        break;
    case Query::settings:
        if (is_good) server_->standing.settings = make_standing({});
        else is_useless_ = true;
        break;
    case Query::none:
    case Query::check: break;
    }
}

// `message` is the whole NotificationResponse and `body` its body.
void Listening::hand_out(Bytes message, Bytes body) {
    protocol::Reader reader(body);
    reader.i32();   // the backend that sent it
    const std::string_view channel = reader.cstring();
    const Listeners* listeners = reader.ok() ? core_.listeners(channel) : nullptr;
    if (listeners == nullptr) return;
    const auto shared = std::make_shared<const std::vector<std::byte>>(message.begin(), message.end());
    for (const ClientId& client : *listeners) undelivered_[index_of(client.thread)].push_back(Notification{client, shared});
}

void Listening::deliver(ThreadIndex thread) {
    std::vector<Notification>& some = undelivered_[index_of(thread)];
    if (some.empty()) return;
    threads_[index_of(thread)]->post(
        Letter{.kind = Letter::Kind::notifications, .notifications = std::exchange(some, {})});
}

}  // namespace pgweir::proxy
