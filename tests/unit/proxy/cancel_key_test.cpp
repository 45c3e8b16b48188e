#include "proxy/client/cancel_key.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <set>
#include <vector>

using pgweir::proxy::CancelKey;
using pgweir::proxy::CancelKeys;
using pgweir::proxy::ClientId;
using pgweir::proxy::ThreadIndex;

namespace {

constexpr ClientId somebody{ThreadIndex{1}, 7, 0};
constexpr ClientId somebody_else{ThreadIndex{2}, 7, 0};

}  // namespace

TEST_CASE("cancel keys: a key that was bound finds its client", "[proxy]") {
    CancelKeys keys;
    const CancelKey key = keys.make(0);
    keys.bind(key, somebody);
    CHECK(keys.find(key.pid, key.secret_bytes()) == somebody);
}

TEST_CASE("cancel keys: the secret has four bytes up to protocol 3.1 and 32 from 3.2 on", "[proxy]") {
    CancelKeys keys;
    CHECK(keys.make(0).secret_bytes().size() == 4);
    CHECK(keys.make(1).secret_bytes().size() == 4);
    CHECK(keys.make(2).secret_bytes().size() == 32);
    CHECK(keys.make(9999).secret_bytes().size() == 32);
}

TEST_CASE("cancel keys: a key finds nobody before it is bound and after it is forgotten", "[proxy]") {
    CancelKeys keys;
    const CancelKey key = keys.make(2);
    CHECK_FALSE(keys.find(key.pid, key.secret_bytes()));
    keys.bind(key, somebody);
    keys.forget(key);
    CHECK_FALSE(keys.find(key.pid, key.secret_bytes()));
}

TEST_CASE("cancel keys: a secret must be whole and right in every byte", "[proxy]") {
    CancelKeys keys;
    const CancelKey key = keys.make(GENERATE(0, 2));
    keys.bind(key, somebody);
    for (std::size_t at = 0; at < key.secret_size; ++at) {
        CancelKey wrong = key;
        wrong.secret[at] ^= std::byte{1};
        CHECK_FALSE(keys.find(key.pid, wrong.secret_bytes()));
        CHECK_FALSE(keys.find(key.pid, key.secret_bytes().first(at)));
    }
    std::vector<std::byte> longer(key.secret_bytes().begin(), key.secret_bytes().end());
    longer.push_back(std::byte{0});
    CHECK_FALSE(keys.find(key.pid, longer));
    CHECK_FALSE(keys.find(key.pid + 1, key.secret_bytes()));
}

TEST_CASE("cancel keys: live keys have pids of their own, positive as PostgreSQL's", "[proxy]") {
    CancelKeys keys;
    std::set<std::int32_t> pids;
    for (int i = 0; i < 2000; ++i) {
        const CancelKey key = keys.make(0);
        CHECK(key.pid > 0);
        pids.insert(key.pid);
    }
    CHECK(pids.size() == 2000);
}

TEST_CASE("cancel keys: two keys share neither secret nor client", "[proxy]") {
    CancelKeys keys;
    const CancelKey first = keys.make(2);
    const CancelKey second = keys.make(2);
    CHECK(first.secret != second.secret);
    keys.bind(first, somebody);
    keys.bind(second, somebody_else);
    CHECK(keys.find(first.pid, first.secret_bytes()) == somebody);
    CHECK(keys.find(second.pid, second.secret_bytes()) == somebody_else);
    CHECK_FALSE(keys.find(first.pid, second.secret_bytes()));
}

TEST_CASE("cancel keys: forgetting what is not there harms nobody", "[proxy]") {
    CancelKeys keys;
    const CancelKey key = keys.make(0);
    keys.bind(key, somebody);
    keys.forget(CancelKey());
    CancelKey namesake = key;   // an older key whose pid was given out again
    namesake.secret[0] ^= std::byte{1};
    keys.forget(namesake);
    CHECK(keys.find(key.pid, key.secret_bytes()) == somebody);
    keys.forget(key);
    keys.forget(key);
    CHECK_FALSE(keys.find(key.pid, key.secret_bytes()));
}
