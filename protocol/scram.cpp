#include "protocol/scram.hpp"

#include "protocol/errc.hpp"
#include "protocol/scram_message.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <stdexcept>

namespace pgweir::protocol {

namespace {

using Octets = std::span<const unsigned char>;

// The one type of channel binding we offer, as PostgreSQL does (RFC 5929).
constexpr std::string_view binding_type = "tls-server-end-point";
constexpr std::string_view verifier_prefix = "SCRAM-SHA-256$";

// Chosen: far above what anybody sets, and still below a second of work for a client.
constexpr int max_iterations = 10'000'000;
constexpr std::size_t max_salt_size = 1024;

// PostgreSQL: SCRAM_RAW_NONCE_LEN.
constexpr std::size_t nonce_size = 18;

Octets octets(std::string_view text) {
    return {static_cast<const unsigned char*>(static_cast<const void*>(text.data())), text.size()};
}

void fill_random(std::span<unsigned char> out) {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
        throw std::runtime_error("OpenSSL has no random bytes to give");
    }
}

std::string encode_base64(Octets data) {
    // EVP_EncodeBlock adds a NUL, which std::string has room for behind its end.
    std::string text((data.size() + 2) / 3 * 4, '\0');
    EVP_EncodeBlock(static_cast<unsigned char*>(static_cast<void*>(text.data())), data.data(),
                    static_cast<int>(data.size()));
    return text;
}

// Nullopt unless `text` is exactly what encode_base64 makes of some data: OpenSSL alone
// would overlook blanks, stray padding and bits that do not count.
std::optional<std::vector<unsigned char>> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0 || text.size() > max_salt_size * 4) {
        return std::nullopt;
    }
    std::vector<unsigned char> data(text.size() / 4 * 3);
    if (EVP_DecodeBlock(data.data(), octets(text).data(), static_cast<int>(text.size())) < 0) {
        return std::nullopt;
    }
    const std::ptrdiff_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    data.erase(data.end() - padding, data.end());
    if (encode_base64(data) != text) {
        return std::nullopt;
    }
    return data;
}

std::optional<Sha256> decode_key(std::string_view text) {
    const std::optional<std::vector<unsigned char>> data = decode_base64(text);
    Sha256 key{};
    if (!data || data->size() != key.size()) {
        return std::nullopt;
    }
    std::ranges::copy(*data, key.begin());
    return key;
}

Sha256 hmac(Octets key, std::string_view text) {
    Sha256 result{};
    const Octets data = octets(text);
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), result.data(),
             nullptr) == nullptr) {
        throw std::runtime_error("OpenSSL refuses to compute an HMAC");
    }
    return result;
}

Sha256 sha256(Octets data) {
    Sha256 result{};
    SHA256(data.data(), data.size(), result.data());
    return result;
}

Sha256 exclusive_or(Sha256 left, const Sha256& right) {
    std::ranges::transform(left, right, left.begin(), [](unsigned char a, unsigned char b) {
        return static_cast<unsigned char>(a ^ b);
    });
    return left;
}

// Whether the flag goes with the mechanism, as PostgreSQL judges it. Errors: as ScramServer::first.
boost::system::error_code check_flag(const ScramClientFirst& first, bool plus, bool plus_offered) {
    if ((first.flag == BindingFlag::used) != plus) {
        return errc::scram_malformed;
    }
    if (plus && first.binding_type != binding_type) {
        return errc::scram_unsupported;
    }
    if (first.flag == BindingFlag::not_offered && plus_offered) {
        // But it was: somebody took the offer out on its way.
        return errc::scram_binding_mismatch;
    }
    return {};
}

}  // namespace

boost::system::result<ScramVerifier> parse_verifier(std::string_view text) {
    if (!text.starts_with(verifier_prefix)) {
        return errc::verifier_malformed;
    }
    text.remove_prefix(verifier_prefix.size());
    const std::size_t dollar = text.find('$');
    const std::size_t first_colon = text.find(':');
    const std::size_t last_colon = text.rfind(':');
    if (dollar == std::string_view::npos || first_colon > dollar || last_colon < dollar) {
        return errc::verifier_malformed;
    }
    int iterations = 0;
    const char* const iterations_end = text.data() + first_colon;
    const auto [end, error] = std::from_chars(text.data(), iterations_end, iterations);
    const auto salt = decode_base64(text.substr(first_colon + 1, dollar - first_colon - 1));
    const auto stored_key = decode_key(text.substr(dollar + 1, last_colon - dollar - 1));
    const auto server_key = decode_key(text.substr(last_colon + 1));
    if (error != std::errc() || end != iterations_end || iterations < 1 || iterations > max_iterations || !salt ||
        salt->empty() || salt->size() > max_salt_size || !stored_key || !server_key) {
        return errc::verifier_malformed;
    }
    return ScramVerifier{iterations, *salt, *stored_key, *server_key};
}

std::string format_verifier(const ScramVerifier& verifier) {
    std::string text(verifier_prefix);
    text += std::to_string(verifier.iterations) + ':' + encode_base64(verifier.salt);
    text += '$' + encode_base64(verifier.stored_key) + ':' + encode_base64(verifier.server_key);
    return text;
}

ScramVerifier make_verifier(std::string_view password) {
    std::vector<unsigned char> salt(scram_default_salt_size);
    fill_random(salt);
    Sha256 salted{};
    if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(),
                          static_cast<int>(salt.size()), scram_default_iterations, EVP_sha256(),
                          static_cast<int>(salted.size()), salted.data()) != 1) {
        throw std::runtime_error("OpenSSL refuses to compute PBKDF2");
    }
    const Sha256 stored_key = sha256(hmac(salted, "Client Key"));
    const Sha256 server_key = hmac(salted, "Server Key");
    OPENSSL_cleanse(salted.data(), salted.size());
    return {scram_default_iterations, std::move(salt), stored_key, server_key};
}

ScramVerifier mock_verifier(std::string_view user, const Sha256& secret) {
    const Sha256 salt = hmac(secret, user);
    const std::string name(user);
    // A NUL cannot be in a user name, so these texts are never another user's salt text.
    const Sha256 stored_key = hmac(secret, name + '\0' + "stored");
    const Sha256 server_key = hmac(secret, name + '\0' + "server");
    return {scram_default_iterations, {salt.begin(), salt.begin() + scram_default_salt_size}, stored_key, server_key};
}

ScramServer::ScramServer(ScramVerifier verifier, ScramBinding binding, std::string server_nonce)
    : verifier_(std::move(verifier)), binding_(std::move(binding)), nonce_(std::move(server_nonce)) {}

boost::system::result<std::string> ScramServer::first(std::string_view mechanism, std::string_view client_first) {
    const bool plus_offered = !binding_.endpoint.empty();
    plus_ = mechanism == scram_sha_256_plus;
    if ((!plus_ && mechanism != scram_sha_256) || (plus_ && !plus_offered)) {
        return errc::scram_unsupported;
    }
    const boost::system::result<ScramClientFirst> decoded = decode_scram_client_first(client_first);
    if (!decoded) {
        return decoded.error();
    }
    if (const boost::system::error_code ec = check_flag(*decoded, plus_, plus_offered)) {
        return ec;
    }
    if (!server_first_.empty()) {
        return errc::scram_malformed;   // the second one in one exchange
    }
    gs2_header_ = decoded->gs2_header;
    client_first_bare_ = decoded->bare;
    nonce_.insert(0, decoded->nonce);
    server_first_ = "r=" + nonce_ + ",s=" + encode_base64(verifier_.salt);
    server_first_ += ",i=" + std::to_string(verifier_.iterations);
    return server_first_;
}

boost::system::result<ScramServer::Outcome> ScramServer::last(std::string_view client_final) {
    const boost::system::result<ScramClientFinal> decoded = decode_scram_client_final(client_final);
    if (!decoded) {
        return decoded.error();
    }
    const std::optional<Sha256> proof = decode_key(decoded->proof);
    if (!proof || server_first_.empty()) {
        return errc::scram_malformed;
    }
    if (decoded->channel_binding != encode_base64(octets(gs2_header_ + (plus_ ? binding_.endpoint : "")))) {
        return plus_ ? errc::scram_binding_mismatch : errc::scram_malformed;
    }
    if (decoded->nonce != nonce_) {
        return errc::scram_nonce_mismatch;
    }
    std::string auth_message = client_first_bare_ + ',' + server_first_ + ',';
    auth_message += decoded->without_proof;
    const Sha256 client_key = exclusive_or(hmac(verifier_.stored_key, auth_message), *proof);
    const Sha256 stored_key = sha256(client_key);
    if (CRYPTO_memcmp(stored_key.data(), verifier_.stored_key.data(), stored_key.size()) != 0) {
        return Outcome{false, {}};
    }
    return Outcome{true, "v=" + encode_base64(hmac(verifier_.server_key, auth_message))};
}

std::string make_scram_nonce() {
    std::array<unsigned char, nonce_size> raw{};
    fill_random(raw);
    return encode_base64(raw);
}

}  // namespace pgweir::protocol
