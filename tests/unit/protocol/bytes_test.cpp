#include "protocol/bytes.hpp"

#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>
#include <string>

namespace pgweir::test {

using protocol::as_bytes;
using protocol::as_text;
using protocol::Bytes;
using protocol::load_i32;
using protocol::Reader;
using protocol::Writer;

namespace {

// Does one random read and says how many bytes it must take if it fits.
std::size_t random_read(Reader& reader, std::mt19937& random) {
    const std::size_t left = reader.rest().size();
    switch (random() % 5) {
    case 0: reader.u8(); return 1;
    case 1: reader.i16(); return 2;
    case 2: reader.i32(); return 4;
    case 3: {
        const std::size_t nul = as_text(reader.rest()).find('\0');
        const std::string_view text = reader.cstring();
        CHECK(text.find('\0') == std::string_view::npos);
        return nul == std::string_view::npos ? left + 1 : nul + 1;
    }
    default: {
        const std::size_t count = random() % 12;
        const Bytes taken = reader.bytes(count);
        CHECK((taken.size() == count || taken.empty()));
        return count;
    }
    }
}

}  // namespace

TEST_CASE("reader: integers are big-endian and signed", "[protocol]") {
    const std::string body = "\xff\xff\xfe\x80\x00\x00\x00\x01\x02\x03\x04"_w;
    Reader reader(as_bytes(body));
    CHECK(reader.u8() == 0xff);
    CHECK(reader.i16() == -2);
    CHECK(reader.i32() == std::numeric_limits<std::int32_t>::min());
    CHECK(reader.i32() == 0x01020304);
    CHECK(reader.ok());
    CHECK(reader.at_end());
}

TEST_CASE("reader: a string ends at its NUL, which is consumed", "[protocol]") {
    const std::string body = "app\0\0rest"_w;
    Reader reader(as_bytes(body));
    CHECK(reader.cstring() == "app");
    CHECK(reader.cstring().empty());
    CHECK(reader.ok());
    CHECK(as_text(reader.rest()) == "rest");
}

TEST_CASE("reader: a string without its NUL fails", "[protocol]") {
    Reader reader(as_bytes("app"));
    CHECK(reader.cstring().empty());
    CHECK_FALSE(reader.ok());
    CHECK(reader.at_end());
}

TEST_CASE("reader: after the first read that does not fit all yield nothing", "[protocol]") {
    const std::string body = "\1\2\3"_w;
    Reader reader(as_bytes(body));
    CHECK(reader.i32() == 0);
    CHECK_FALSE(reader.ok());
    CHECK(reader.u8() == 0);
    CHECK(reader.i16() == 0);
    CHECK(reader.cstring().empty());
    CHECK(reader.bytes(1).empty());
    CHECK(reader.bytes(0).empty());
    CHECK_FALSE(reader.ok());
}

TEST_CASE("reader: a count larger than memory is refused like any other", "[protocol]") {
    Reader reader(as_bytes("abc"));
    CHECK(reader.bytes(std::numeric_limits<std::size_t>::max()).empty());
    CHECK_FALSE(reader.ok());
}

TEST_CASE("reader: random reads of random bytes take exactly what fits and fail for good", "[protocol]") {
    std::mt19937 random(20260901);   // fixed: a failure must come back
    for (int round = 0; round < 2000; ++round) {
        std::string body(random() % 40, '\0');
        for (char& c : body) {
            c = static_cast<char>(random() % 4 == 0 ? 0 : random());
        }
        // On the heap and no longer than the data, so that a sanitizer sees one byte too many.
        const std::vector<char> exact(body.begin(), body.end());
        Reader reader(as_bytes(std::string_view(exact.data(), exact.size())));
        std::size_t left = exact.size();
        while (reader.ok() && left > 0) {
            const std::size_t wanted = random_read(reader, random);
            REQUIRE(reader.ok() == (wanted <= left));
            left = reader.ok() ? left - wanted : 0;
            REQUIRE(reader.rest().size() == left);
        }
    }
}

TEST_CASE("writer: a message has its type and a length that counts itself", "[protocol]") {
    std::vector<std::byte> out;
    Writer(out).begin('S').cstring("a").cstring("").end();
    CHECK(text_of(out) == "S\0\0\0\7a\0\0"_w);
}

TEST_CASE("writer: appends to what is there and patches its own length only", "[protocol]") {
    std::vector<std::byte> out;
    Writer(out).begin('Z').u8('I').end();
    Writer(out).begin_untyped().i32(80877103).end();
    CHECK(text_of(out) == ready_for_query('I') + ssl_request());
}

TEST_CASE("writer: what it wrote the reader reads", "[protocol]") {
    std::vector<std::byte> out;
    Writer(out).begin('x').u8(200).i16(-300).i32(-70000).cstring("text").bytes(as_bytes("a\0b"_w)).end();
    Reader reader(out);
    CHECK(reader.u8() == 'x');
    CHECK(reader.i32() == static_cast<std::int32_t>(out.size()) - 1);
    CHECK(reader.u8() == 200);
    CHECK(reader.i16() == -300);
    CHECK(reader.i32() == -70000);
    CHECK(reader.cstring() == "text");
    CHECK(as_text(reader.bytes(3)) == "a\0b"_w);
    CHECK(reader.ok());
    CHECK(reader.at_end());
}

TEST_CASE("bytes: load_i32 reads the first four only", "[protocol]") {
    const std::string body = "\x7f\xff\xff\xff\x01"_w;
    CHECK(load_i32(as_bytes(body)) == std::numeric_limits<std::int32_t>::max());
}

}  // namespace pgweir::test
