// Asks a server that has just been logged in to what learning wants to know.
#pragma once

#include "proxy/server/learning.hpp"
#include "proxy/server/libpq.hpp"

namespace pgweir::proxy {

// What could not be had stays null, and that is no failure. False when the connection is broken
// or the deadline passed: it cannot be used any more. Leaves the session as it was.
// Requires: a non-blocking connection outside a transaction. Blocks: helper threads only.
bool learn(PGconn* connection, libpq::TimePoint deadline, Knowledge& knowledge);

}  // namespace pgweir::proxy
