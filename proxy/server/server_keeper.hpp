// The life of servers outside a lease, on one relay thread: taking in fresh logins,
// making abandoned ones clean, looking into what an idle one says, closing. Owned by
// its relay thread and used by it alone.
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/net/readiness.hpp"
#include "proxy/server/server_connection.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

class ServerKeeper {
public:
    // `buffer` is the thread's read buffer. Lifetime: `set` and `buffer` outlive the keeper.
    ServerKeeper(ThreadIndex thread, net::Readiness& set, std::span<std::byte> buffer)
        : thread_(thread), set_(set), buffer_(buffer) {}

    // A fresh login becomes one of the pool's servers.
    void take_in(ServerConnection& server);

    // The end of a lease after which nothing is outstanding and nothing was left behind. A
    // server that a cancel may still hit is proved first. Requires: server.exchange.is_idle().
    void take_back_clean(ServerConnection& server);

    // The end of a lease in whatever state: cancel, drain, roll back, reset, reuse.
    void take_back_dirty(ServerConnection& server);

    // Says goodbye and waits for the server's EOF; the place in the pool is taken until then.
    void close(ServerConnection& server, std::string_view why);

    // Something came from a server this thread does not hold: if it is idle here, look.
    void look_into(ServerConnection& server, net::Edges edges);

    // For a server this keeper holds (duties recovering, inspecting, closing).
    void on_ready(ServerConnection& server, net::Edges edges);

    void cancel_ended(ServerConnection& server);

    // The daemon ends: servers that are not clean or gone within a moment are cut off.
    void hurry();

    // Deadlines. Call every 100 ms.
    void tick(TimePoint now);

private:
    void attend(ServerConnection& server, ServerDuty duty, Duration limit);
    void stop_attending(ServerConnection& server);
    void recover(ServerConnection& server, std::vector<std::string> reset);
    // False when the server is not this keeper's to recover any more: clean, or being closed.
    bool advance(ServerConnection& server);
    void read(ServerConnection& server);
    bool judge(ServerConnection& server, std::span<const std::byte> bytes);
    bool judge_run(ServerConnection& server, const ServerScan& scan);
    void finish_closing(ServerConnection& server);
    void lost(ServerConnection& server);

    const ThreadIndex thread_;
    net::Readiness& set_;
    const std::span<std::byte> buffer_;
    bool is_hurried_ = false;
    std::vector<ServerConnection*> attended_;   // those with a deadline
    std::vector<std::byte> outgoing_;           // reused
};

}  // namespace pgweir::proxy
