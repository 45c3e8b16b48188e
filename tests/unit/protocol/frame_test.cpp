#include "protocol/frame.hpp"

#include "tests/support/split.hpp"
#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::test {

using protocol::as_bytes;
using protocol::frame_header_size;
using protocol::HeaderResult;
using protocol::HeaderStatus;
using protocol::max_frame_body;
using protocol::read_header;

namespace {

HeaderResult header_of(const std::string& bytes) { return read_header(as_bytes(bytes)); }

std::string header(std::int64_t length) { return 'D' + int32(length); }

using Frames = std::vector<std::pair<char, std::string>>;

// Gathers whole frames, as a reader of small messages does.
Frames frames_of(const Pieces& pieces) {
    Frames frames;
    std::string held;
    for (const std::string_view piece : pieces) {
        held += piece;
        while (true) {
            const HeaderResult result = header_of(held);
            if (result.status != HeaderStatus::complete || held.size() < result.header.frame_size()) {
                break;
            }
            frames.emplace_back(result.header.type, held.substr(frame_header_size, result.header.body_size));
            held.erase(0, result.header.frame_size());
        }
    }
    return frames;
}

}  // namespace

TEST_CASE("frame: fewer than five bytes need more, whatever they are", "[protocol]") {
    const std::string bytes = GENERATE(""_w, "Z"_w, "Z\0"_w, "Z\0\0\0"_w, "Z\xff\xff\xff"_w);
    CHECK(header_of(bytes).status == HeaderStatus::need_more);
}

TEST_CASE("frame: a header tells the type and the body's size", "[protocol]") {
    const HeaderResult result = header_of(ready_for_query('I') + "what follows");
    REQUIRE(result.status == HeaderStatus::complete);
    CHECK(result.header.type == 'Z');
    CHECK(result.header.body_size == 1);
    CHECK(result.header.frame_size() == 6);
}

TEST_CASE("frame: a body may be empty", "[protocol]") {
    const HeaderResult result = header_of(header(4));
    REQUIRE(result.status == HeaderStatus::complete);
    CHECK(result.header.body_size == 0);
}

TEST_CASE("frame: a length below four is refused", "[protocol]") {
    const std::int64_t length = GENERATE(3, 2, 1, 0, -1, -4, INT32_MIN);
    CHECK(header_of(header(length)).status == HeaderStatus::invalid);
}

TEST_CASE("frame: the longest body PostgreSQL has is accepted and one byte more is not", "[protocol]") {
    const auto longest = static_cast<std::int64_t>(max_frame_body) + 4;
    const HeaderResult result = header_of(header(longest));
    REQUIRE(result.status == HeaderStatus::complete);
    CHECK(result.header.body_size == max_frame_body);
    CHECK(header_of(header(longest + 1)).status == HeaderStatus::invalid);
    CHECK(header_of(header(INT32_MAX)).status == HeaderStatus::invalid);
}

TEST_CASE("frame: the same frames are found wherever the stream is cut", "[protocol]") {
    const std::string stream = parse("", "select 1") + bind("", "") + execute("") + sync() + query("select 2") +
                               data_row({"1", "", "three"}) + ready_for_query('T');
    REQUIRE(frames_of({stream}).size() == 7);
    at_every_split(stream, frames_of);
}

}  // namespace pgweir::test
