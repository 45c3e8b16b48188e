// SCRAM-SHA-256 (RFC 5802, RFC 7677) from the server's side, as a pure machine:
// texts in, texts out, no socket and no clock. Uses OpenSSL's hashes only.
#pragma once

#include <boost/system/result.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::protocol {

constexpr std::string_view scram_sha_256 = "SCRAM-SHA-256";
constexpr std::string_view scram_sha_256_plus = "SCRAM-SHA-256-PLUS";

// PostgreSQL: SCRAM_SHA_256_DEFAULT_ITERATIONS and SCRAM_DEFAULT_SALT_LEN.
constexpr int scram_default_iterations = 4096;
constexpr std::size_t scram_default_salt_size = 16;

using Sha256 = std::array<unsigned char, 32>;

// What a server must keep to check a password: not the password. A value.
struct ScramVerifier {
    int iterations;
    std::vector<unsigned char> salt;
    Sha256 stored_key;
    Sha256 server_key;
};

// Reads PostgreSQL's form `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
// Errors: errc::verifier_malformed.
boost::system::result<ScramVerifier> parse_verifier(std::string_view text);

// Writes that form.
std::string format_verifier(const ScramVerifier& verifier);

// Makes a verifier from a password with a random salt. Blocks for some 6 ms (PBKDF2):
// call on a helper thread or at start. The password is prepared as PostgreSQL does it:
// SASLprep for ASCII is the identity; a password that is not plain ASCII is used as it is.
ScramVerifier make_verifier(std::string_view password);

// A verifier that no password matches, the same each time for one user, so that an
// unknown user cannot be told from a known one. PostgreSQL: mock authentication.
ScramVerifier mock_verifier(std::string_view user, const Sha256& secret);

// What the TLS channel offers for channel binding.
struct ScramBinding {
    std::string endpoint;   // tls-server-end-point data; empty on a plain connection
};

// One exchange with one client. A value; feed it the client's two messages in turn.
class ScramServer {
public:
    // `server_nonce` must be fresh random printable text without commas (18 random bytes in base64, as PostgreSQL sends).
    ScramServer(ScramVerifier verifier, ScramBinding binding, std::string server_nonce);

    // Takes the mechanism and client-first-message; returns server-first-message.
    // Errors: errc::scram_malformed, errc::scram_unsupported, errc::scram_binding_mismatch.
    boost::system::result<std::string> first(std::string_view mechanism, std::string_view client_first);

    struct Outcome {
        bool authenticated;         // the proof fits the verifier
        std::string server_final;   // to be sent only when authenticated
    };

    // Takes client-final-message. A wrong proof is an outcome, not an error.
    // Errors: as `first`, and errc::scram_nonce_mismatch.
    boost::system::result<Outcome> last(std::string_view client_final);

private:
    ScramVerifier verifier_;
    ScramBinding binding_;
    std::string nonce_;
    std::string gs2_header_;
    std::string client_first_bare_;
    std::string server_first_;
    bool plus_ = false;
};

// Random text for ScramServer.
std::string make_scram_nonce();

}  // namespace pgweir::protocol
