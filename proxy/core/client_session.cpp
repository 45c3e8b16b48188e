#include "proxy/core/client_session.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgweir::proxy {
namespace {

// PostgreSQL: the encodings that only clients may have, because a trailing byte may be ASCII.
constexpr std::array<std::string_view, 7> opaque_encodings = {"SJIS", "BIG5",    "GBK",           "UHC",
                                                              "GB18030", "JOHAB", "SHIFT_JIS_2004"};

}  // namespace

protocol::TransactionStatus ClientSession::status() const {
    switch (deferred) {
    case Deferred::none: return protocol::TransactionStatus::idle;
    case Deferred::begun: return protocol::TransactionStatus::in_transaction;
    case Deferred::failed: return protocol::TransactionStatus::failed;
    }
    return protocol::TransactionStatus::idle;
}

bool has_large_statement(const ClientSession& session) {
    return std::any_of(session.statements.begin(), session.statements.end(), [](const auto& one) { return !one.second.text; });
}

bool is_of(const std::vector<std::string>& channels, protocol::Bytes notification) {
    protocol::Reader reader(notification);
    reader.i32();   // the notifying session's pid
    return std::find(channels.begin(), channels.end(), reader.cstring()) != channels.end();
}

bool has_opaque_encoding(const SessionSettings& settings) {
    const std::string* encoding = value_of(settings, "client_encoding");
    return encoding != nullptr && std::find(opaque_encodings.begin(), opaque_encodings.end(), *encoding) != opaque_encodings.end();
}

}  // namespace pgweir::proxy
