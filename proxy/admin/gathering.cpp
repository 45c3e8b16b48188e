#include "proxy/admin/console.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;

asio::awaitable<std::optional<ConsoleSnapshot>> take_snapshot(ConsoleServices& services, Gathering what) {
    if (what == Gathering::nothing) {
        std::optional<ConsoleSnapshot> snapshot = services.snapshot();
        co_return snapshot;
    }
    // Shared with the relays: they may come to it when nobody waits any more.
    struct Gathered {
        std::mutex mutex;
        std::vector<ClientView> clients;
    };
    auto gathered = std::make_shared<Gathered>();
    std::function<void(Relay&)> task = [gathered, wants_all = what == Gathering::clients](Relay& relay) {
        std::vector<ClientView> clients;
        if (wants_all) relay.show(clients);
        else relay.show_holders(clients);
        const std::lock_guard lock(gathered->mutex);
        std::move(clients.begin(), clients.end(), std::back_inserter(gathered->clients));
    };
    const bool have_all = co_await services.on_relays(std::move(task));
    if (!have_all) co_return std::nullopt;
    // Looked at after the clients: those that have just come to a server would otherwise be nobody's.
    std::optional<ConsoleSnapshot> snapshot = services.snapshot();
    snapshot->clients = std::move(gathered->clients);
    co_return snapshot;
}

}  // namespace pgweir::proxy
