// Admission: how many clients there may be, in all and for each user. Shared by all
// threads; never blocks for longer than a map look-up.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace pgweir::proxy {

class Gate;

// Proof of having passed the gate; its end gives the place back. Move-only.
class [[nodiscard]] Ticket {
public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket();

    // Charges the place to a user as well. False, and nothing charged, when that user is
    // at `limit` (0: no limit). Requires: a live ticket that is not charged yet.
    bool charge(const std::string& user, int limit);

    bool is_live() const { return gate_ != nullptr; }
    bool is_reserved() const { return is_reserved_; }

private:
    friend class Gate;
    Ticket(Gate& gate, bool is_reserved) : gate_(&gate), is_reserved_(is_reserved) {}

    Gate* gate_ = nullptr;
    bool is_reserved_ = false;
    std::atomic<int>* user_count_ = nullptr;
};

// A resource; outlives all its tickets.
class Gate {
public:
    explicit Gate(int max_client_conn) : limit_(max_client_conn) {}

    // Nullopt when max_client_conn clients are inside.
    std::optional<Ticket> enter();
    // For who claims to be an administrator: one of `reserved` places on top of the others, or else one of
    // those. Nullopt when all are taken.
    std::optional<Ticket> enter_reserved(int reserved);

    void set_limit(int max_client_conn) { limit_.store(max_client_conn, std::memory_order_relaxed); }
    int limit() const { return limit_.load(std::memory_order_relaxed); }
    int inside() const { return inside_.load(std::memory_order_relaxed); }

private:
    friend class Ticket;
    std::atomic<int>& count_of(const std::string& user);

    std::atomic<int> limit_;
    std::atomic<int> inside_{0};
    std::atomic<int> reserved_inside_{0};
    std::mutex mutex_;
    std::unordered_map<std::string, std::atomic<int>> users_;   // nodes are stable; only configured users come here
};

}  // namespace pgweir::proxy
