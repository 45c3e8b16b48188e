// Builds what goes to a server out of what came from a client: runs of the client's own
// bytes as they stand, with messages put between or in place of them. Nothing is copied as
// long as everything goes on as it came.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <vector>

namespace pgweir::proxy {

class Outgoing {
public:
    // Lifetime: both outlive it. `buffer` is emptied.
    Outgoing(protocol::Bytes input, std::vector<std::byte>& buffer) : input_(input), buffer_(buffer) { buffer_.clear(); }

    // The next `size` bytes of the input go on as they are.
    void keep(std::size_t size) {
        if (run_size_ == 0) run_ = at_;
        at_ += size;
        run_size_ += size;
    }
    // The next `size` bytes of the input do not go on.
    void skip(std::size_t size) {
        flush();
        at_ += size;
        is_changed_ = true;
    }
    // For appending messages at this point.
    std::vector<std::byte>& insert() {
        flush();
        is_changed_ = true;
        return buffer_;
    }
    std::size_t taken() const { return at_; }

    // Everything. Lifetime: the input's and the buffer's.
    protocol::Bytes finish() {
        if (!is_changed_) return input_.subspan(run_, run_size_);
        flush();
        return buffer_;
    }

private:
    void flush() {
        const protocol::Bytes run = input_.subspan(run_, run_size_);
        buffer_.insert(buffer_.end(), run.begin(), run.end());
        run_size_ = 0;
    }

    protocol::Bytes input_;
    std::vector<std::byte>& buffer_;
    std::size_t at_ = 0;
    std::size_t run_ = 0;
    std::size_t run_size_ = 0;
    bool is_changed_ = false;
};

}  // namespace pgweir::proxy
