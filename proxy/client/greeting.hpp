// What a client that has been let in is told before its first statement. Pure.
#pragma once

#include "proxy/client/cancel_key.hpp"
#include "proxy/client/logged_in_client.hpp"
#include "proxy/core/welcome.hpp"

#include <cstddef>
#include <vector>

namespace pgweir::proxy {

// The parameters as the client is told them: the server's, but with the client's own values where
// it has set some that may be set.
Welcome as_told(const Welcome& welcome, const ClientSettings& settings);

// Appends AuthenticationOk, the ParameterStatus messages, BackendKeyData and
// ReadyForQuery. Parameters are the server's, but with the client's own values where it
// has set some that may be set: they will be applied when it gets a server.
void write_greeting(std::vector<std::byte>& out, const Welcome& welcome, const ClientSettings& settings,
                    const CancelKey& key);

}  // namespace pgweir::proxy
