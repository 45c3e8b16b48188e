#include "proxy/core/file_watch.hpp"

#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using proxy::FilePrint;
using proxy::FilePrints;
using proxy::FileWatch;
using std::chrono_literals::operator""ms;

namespace {

const std::string config_file = "/etc/pgweir.yaml";
const std::string secret_file = "/run/secrets/password";
constexpr std::nullopt_t missing = std::nullopt;

FilePrint content(unsigned char first) { return std::array<unsigned char, 32>{first}; }

FilePrints files(FilePrint config, FilePrint secret = content(100)) {
    return {{config_file, config}, {secret_file, secret}};
}

struct Watched {
    FileWatch watch;
    VirtualClock clock;

    Watched() { watch.read(files(content(1))); }

    std::optional<std::string> look(const FilePrints& seen) {
        clock.advance(1000ms);
        return watch.look(seen, clock.now);
    }
};

}  // namespace

TEST_CASE("file watch: it looks where the configuration was read from, once a second", "[proxy]") {
    Watched watched;
    CHECK(watched.watch.paths() == std::vector{config_file, secret_file});
    CHECK(watched.watch.is_due(watched.clock.now + 1000ms));
    watched.look(files(content(1)));
    CHECK_FALSE(watched.watch.is_due(watched.clock.now + 999ms));
    CHECK(watched.watch.is_due(watched.clock.now + 1000ms));
}

TEST_CASE("file watch: what stays the same is never read again", "[proxy]") {
    Watched watched;
    for (int i = 0; i < 5; ++i) CHECK_FALSE(watched.look(files(content(1))));
}

TEST_CASE("file watch: a change counts when it was the same in two looks", "[proxy]") {
    Watched watched;
    CHECK_FALSE(watched.look(files(content(1))));
    CHECK_FALSE(watched.look(files(content(2))));
    CHECK(watched.look(files(content(2))) == config_file);

    SECTION("it is told until somebody has read it") {
        CHECK(watched.look(files(content(2))) == config_file);
        watched.watch.read(files(content(2)));
        CHECK_FALSE(watched.look(files(content(2))));
        CHECK_FALSE(watched.look(files(content(2))));
    }
    SECTION("what is written meanwhile has to settle anew") {
        CHECK_FALSE(watched.look(files(content(3))));
        CHECK(watched.look(files(content(3))) == config_file);
    }
    SECTION("what is taken back is no change") {
        CHECK_FALSE(watched.look(files(content(1))));
        CHECK_FALSE(watched.look(files(content(1))));
    }
}

TEST_CASE("file watch: a file that is different in each look is being written", "[proxy]") {
    Watched watched;
    for (unsigned char i = 2; i < 20; ++i) CHECK_FALSE(watched.look(files(content(i))));
    CHECK(watched.look(files(content(19))) == config_file);
}

TEST_CASE("file watch: one file that changes holds back the others", "[proxy]") {
    Watched watched;
    CHECK_FALSE(watched.look(files(content(2), content(101))));
    CHECK_FALSE(watched.look(files(content(2), content(102))));
    CHECK(watched.look(files(content(2), content(102))) == config_file);
}

TEST_CASE("file watch: a secret counts as the file itself", "[proxy]") {
    Watched watched;
    watched.look(files(content(1), content(101)));
    CHECK(watched.look(files(content(1), content(101))) == secret_file);
}

TEST_CASE("file watch: a missing file is a content like any other", "[proxy]") {
    Watched watched;

    SECTION("gone for a moment is not noticed") {
        CHECK_FALSE(watched.look(files(missing)));
        CHECK_FALSE(watched.look(files(content(1))));
        CHECK_FALSE(watched.look(files(content(1))));
    }
    SECTION("gone for long is, once") {
        CHECK_FALSE(watched.look(files(missing)));
        CHECK(watched.look(files(missing)) == config_file);
        watched.watch.read({{config_file, missing}});   // it named no secrets
        CHECK_FALSE(watched.look({{config_file, missing}}));
        CHECK_FALSE(watched.look({{config_file, missing}}));
        // The old content is read again, so that the failure is over.
        CHECK_FALSE(watched.look({{config_file, content(1)}}));
        CHECK(watched.look({{config_file, content(1)}}) == config_file);
    }
}

TEST_CASE("file watch: a look that began before the last reading says nothing", "[proxy]") {
    Watched watched;
    watched.look(files(content(2)));
    watched.watch.read({{config_file, content(2)}, {"/etc/key", content(7)}});
    CHECK_FALSE(watched.look(files(content(1))));
    CHECK_FALSE(watched.look({{config_file, content(2)}, {"/etc/key", content(7)}}));
    CHECK_FALSE(watched.look({{config_file, content(2)}, {"/etc/key", content(7)}}));
}

TEST_CASE("file watch: files hold what they held, whatever came besides", "[proxy]") {
    CHECK(proxy::holds({}, files(content(1))));
    CHECK(proxy::holds({{config_file, content(1)}}, files(content(1))));
    CHECK_FALSE(proxy::holds({{config_file, content(2)}}, files(content(1))));
    CHECK_FALSE(proxy::holds({{config_file, missing}}, files(content(1))));
    CHECK_FALSE(proxy::holds(files(content(1)), {{config_file, content(1)}}));
}

}  // namespace pgweir::test
