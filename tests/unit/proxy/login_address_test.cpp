#include "proxy/server/login_address.hpp"

#include <catch2/catch.hpp>

#include <string>

using pgweir::metrics::UpstreamAddress;
using pgweir::proxy::ServerTarget;
using pgweir::proxy::upstream_address;

namespace {

UpstreamAddress address_of(const std::string& dsn) {
    return upstream_address(ServerTarget{.dsn = pgweir::config::Secret(dsn), .database = "app", .server_settings = {}});
}

}   // namespace

TEST_CASE("upstream address: what the DSN says, and nothing secret", "[proxy]") {
    const UpstreamAddress address =
        address_of("host=db.example port=5433 dbname=postgres user=postgres.ref password=secret sslmode=require");
    CHECK(address.host == "db.example");
    CHECK(address.port == "5433");
    CHECK(address.database == "postgres");
    CHECK(address.user == "postgres.ref");
}

TEST_CASE("upstream address: what the DSN leaves open is what the login takes", "[proxy]") {
    const UpstreamAddress address = address_of("hostaddr=127.0.0.1 user=me");
    CHECK(address.host == "127.0.0.1");
    CHECK(address.port == "5432");
    CHECK(address.database == "app");
}

TEST_CASE("upstream address: of a DSN that cannot be read there is none", "[proxy]") {
    CHECK(address_of("host='").host.empty());
    CHECK(address_of("host='").user.empty());
}
