// A verifier text and a client's two messages, a line each: nobody gets in who does not
// know the password, and a verifier that is read is written as it was.
#include "protocol/errc.hpp"
#include "protocol/scram.hpp"
#include "tests/fuzz/require.hpp"

#include <string>
#include <string_view>

using pgweir::test::require;

namespace protocol = pgweir::protocol;

namespace {

// Lifetime: the input.
std::string_view next_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

void check_verifier(std::string_view text) {
    const auto verifier = protocol::parse_verifier(text);
    if (verifier) {
        const std::string written = format_verifier(*verifier);
        require(format_verifier(protocol::parse_verifier(written).value()) == written);
    }
}

void check_exchange(bool plus, std::string_view first, std::string_view last) {
    const protocol::Sha256 secret{42};
    protocol::ScramServer server(protocol::mock_verifier("nobody", secret), {plus ? "endpoint" : ""}, "servernonce");
    const auto challenge = server.first(plus ? protocol::scram_sha_256_plus : protocol::scram_sha_256, first);
    const auto outcome = server.last(last);
    if (!challenge) {
        require(!outcome.has_value());
        return;
    }
    require(challenge->starts_with("r=") && challenge->find("servernonce,s=") != std::string::npos);
    require(!outcome || (!outcome->authenticated && outcome->server_final.empty()));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = protocol::as_text(pgweir::test::fuzz_bytes(data, size));
    check_verifier(next_line(rest));
    const std::string_view first = next_line(rest);
    check_exchange(false, first, rest);
    check_exchange(true, first, rest);
    return 0;
}
