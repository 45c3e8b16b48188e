// A client in a failed transaction that holds no server: a statement in its transaction got none, or its
// server was taken from it. Everything fails until the block ends, and what ends it is
// answered here, in whatever way a driver says it. Pure.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/core/client_frame.hpp"
#include "proxy/core/client_session.hpp"
#include "proxy/core/statement_traits.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// Writes what a statement of the block is answered with: what the client has not been told yet, or that
// the transaction has failed.
void write_transaction_failed(ClientSession& session, std::vector<std::byte>& out);

// Ends the block of a COMMIT. True: what was to be committed is gone, and an error was written that says so.
bool refuses_commit(ClientSession& session, std::vector<std::byte>& out);

// What the portals of a failed block run: COMMIT or ROLLBACK, of the last Bind.
struct BlockPortal {
    Form form = Form::other;
};

enum class BlockAnswer {
    fails,      // it is no part of what ends a block
    answered,
    refused,    // it is, but was answered with an error
};

// One message of the extended protocol. The end of a block may come as several: prepared by one, run by another
// much later. Requires: the frame is whole or streamed.
BlockAnswer answer_in_block(const ClientFrame& frame, protocol::Bytes body, BlockPortal& portal, ClientSession& session,
                            std::vector<std::byte>& out);

// Whether a text of several statements begins with the block's end: a server must run the rest.
bool begins_with_rollback(std::string_view sql);

}  // namespace pgweir::proxy
