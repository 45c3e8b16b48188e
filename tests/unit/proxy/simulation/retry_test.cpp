#include "proxy/simulation/retry.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using config::Backoff;
using config::RetryOptions;
using proxy::Chance;
using proxy::pause_before_retry;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST_CASE("retry: the pause doubles from base up to 20 s, half to one and a half of it", "[proxy]") {
    RetryOptions retry;
    retry.honours_hint = false;
    Chance chance(1, 0);
    for (int round = 0; round < 100; ++round) {
        proxy::Duration middle = 100ms;
        for (int made = 1; made < 40; ++made) {
            const proxy::Duration pause = pause_before_retry(retry, made, 5s, chance);
            CHECK(pause >= middle / 2);
            CHECK(pause < middle * 3 / 2);
            middle = std::min<proxy::Duration>(middle * 2, 20s);
        }
    }
}

TEST_CASE("retry: a hint is honoured with a random part of the same length, unless the pause is longer", "[proxy]") {
    RetryOptions retry;
    retry.backoff = GENERATE(Backoff::none, Backoff::constant, Backoff::exponential);
    Chance chance(1, 0);
    for (int round = 0; round < 100; ++round) {
        const proxy::Duration pause = pause_before_retry(retry, 1, 2s, chance);
        CHECK(pause >= 2s);
        CHECK(pause < 4s);
    }
    retry.backoff = Backoff::constant;
    retry.base = 60s;
    CHECK(pause_before_retry(retry, 3, 2s, chance) >= 30s);
}

TEST_CASE("retry: without backoff and hint there is still the way there and back", "[proxy]") {
    RetryOptions retry;
    retry.backoff = Backoff::none;
    retry.honours_hint = false;
    Chance chance(1, 0);
    CHECK(pause_before_retry(retry, 1, 5s, chance) == proxy::client_round_trip);
}

TEST_CASE("chance: the same seed and stream give the same, the mean is what was asked for", "[proxy]") {
    Chance first(7, 1);
    Chance second(7, 1);
    Chance other(7, 2);
    proxy::Duration sum{};
    bool differs = false;
    for (int i = 0; i < 100'000; ++i) {
        const proxy::Duration drawn = first.spread(10ms, config::Distribution::exponential);
        REQUIRE(drawn == second.spread(10ms, config::Distribution::exponential));
        differs = differs || drawn != other.spread(10ms, config::Distribution::exponential);
        sum += drawn;
    }
    CHECK(differs);
    CHECK(static_cast<double>((sum / 100'000).count()) == Approx(1e7).epsilon(0.02));
    CHECK(first.spread(10ms, config::Distribution::constant) == 10ms);
}

}  // namespace pgweir::test
