#include "proxy/core/description_hash.hpp"

#include "tests/support/lease.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

namespace pgweir::test {

using protocol::as_bytes;
using protocol::BackendType;
using proxy::add_description;

namespace {

const std::string no_parameters = int16(0);
const std::string one_parameter = int16(1) + int32(23);

std::uint64_t rows(const std::string& parameters, const std::string& columns) {
    return add_description(add_description(0, BackendType::parameter_description, as_bytes(parameters)), BackendType::row_description,
                           as_bytes(columns));
}

std::uint64_t no_rows(const std::string& parameters) {
    return add_description(add_description(0, BackendType::parameter_description, as_bytes(parameters)), BackendType::no_data, {});
}

std::string column(std::string_view name, std::int64_t table, int number, std::int64_t type, int size, std::int64_t modifier, int format) {
    return int16(1) + cstring(name) + int32(table) + int16(number) + int32(type) + int16(size) + int32(modifier) + int16(format);
}

}  // namespace

TEST_CASE("description hash: what a client may rely on makes a difference", "[proxy]") {
    const std::uint64_t plain = rows(no_parameters, column("a", 1, 1, 25, -1, -1, 0));
    CHECK(plain == rows(no_parameters, column("a", 1, 1, 25, -1, -1, 0)));
    CHECK(plain != rows(one_parameter, column("a", 1, 1, 25, -1, -1, 0)));
    CHECK(plain != rows(no_parameters, column("b", 1, 1, 25, -1, -1, 0)));
    CHECK(plain != rows(no_parameters, column("a", 1, 1, 23, -1, -1, 0)));
    CHECK(plain != rows(no_parameters, column("a", 1, 1, 25, 4, -1, 0)));
    CHECK(plain != rows(no_parameters, column("a", 1, 1, 25, -1, 20, 0)));
    CHECK(plain != rows(no_parameters, int16(0)));
    CHECK(plain != no_rows(no_parameters));
    CHECK(no_rows(no_parameters) != no_rows(one_parameter));
    // A SELECT without columns gives rows all the same.
    CHECK(no_rows(no_parameters) != rows(no_parameters, int16(0)));
}

TEST_CASE("description hash: where a column is from makes none", "[proxy]") {
    const std::uint64_t plain = rows(no_parameters, column("a", 1, 1, 25, -1, -1, 0));
    CHECK(plain == rows(no_parameters, column("a", 2, 7, 25, -1, -1, 0)));
    CHECK(plain == rows(no_parameters, column("a", 1, 1, 25, -1, -1, 1)));
}

TEST_CASE("description hash: an answer forgets what was before it, and is never zero", "[proxy]") {
    const std::uint64_t first = add_description(0, BackendType::parameter_description, as_bytes(no_parameters));
    CHECK(first != 0);
    CHECK(add_description(4711, BackendType::parameter_description, as_bytes(no_parameters)) == first);
    CHECK(no_rows(no_parameters) != 0);
}

TEST_CASE("description hash: the order of columns makes a difference, and a cut message is no danger", "[proxy]") {
    const std::string a = column("a", 0, 0, 25, -1, -1, 0).substr(2);
    const std::string b = column("b", 0, 0, 25, -1, -1, 0).substr(2);
    const std::string both = int16(2) + a + b;
    CHECK(rows(no_parameters, both) != rows(no_parameters, int16(2) + b + a));
    for (std::size_t size = 0; size < both.size(); ++size) CHECK(rows(no_parameters, both.substr(0, size)) != 0);
}

}  // namespace pgweir::test
