// Any byte stream: frames are the same wherever it is cut, and never larger than the cap.
#include "protocol/frame.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <vector>

using pgweir::test::require;

namespace protocol = pgweir::protocol;

namespace {

struct Seen {
    std::size_t at;
    char type;
    std::size_t body_size;

    friend bool operator==(const Seen&, const Seen&) = default;
};

// The headers of a stream that arrives in two pieces; bodies are skipped, not gathered.
std::vector<Seen> headers_of(protocol::Bytes stream, std::size_t cut) {
    std::vector<Seen> seen;
    std::size_t at = 0;
    for (const std::size_t arrived : {cut, stream.size()}) {
        while (at <= arrived) {
            const protocol::HeaderResult result = protocol::read_header(stream.first(arrived).subspan(at));
            if (result.status != protocol::HeaderStatus::complete) {
                require((result.status == protocol::HeaderStatus::need_more) ==
                        (arrived - at < protocol::frame_header_size));
                break;
            }
            require(result.header.body_size <= protocol::max_frame_body);
            seen.push_back({at, result.header.type, result.header.body_size});
            at += result.header.frame_size();
        }
    }
    return seen;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const protocol::Bytes stream = pgweir::test::fuzz_bytes(data + 1, size - 1);
    const std::size_t cut = std::min<std::size_t>(data[0], stream.size());
    require(headers_of(stream, cut) == headers_of(stream, stream.size()));
    return 0;
}
