// A SCRAM-SHA-256 client for tests, made from RFC 5802 and OpenSSL alone, so that it
// shares no mistake with the server it talks to.
#pragma once

#include "protocol/scram.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

inline unsigned char* raw(std::string& text) {
    return static_cast<unsigned char*>(static_cast<void*>(text.data()));
}

inline const unsigned char* raw(std::string_view text) {
    return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

inline std::string base64(std::string_view data) {
    std::string text((data.size() + 2) / 3 * 4, '\0');
    EVP_EncodeBlock(raw(text), raw(data), static_cast<int>(data.size()));
    return text;
}

inline std::string unbase64(std::string_view text) {
    std::string data(text.size() / 4 * 3, '\0');
    EVP_DecodeBlock(raw(data), raw(text), static_cast<int>(text.size()));
    while (text.ends_with('=')) {
        text.remove_suffix(1);
        data.pop_back();
    }
    return data;
}

inline std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::string result(32, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(text), text.size(), raw(result), nullptr);
    return result;
}

inline std::string sha256(std::string_view data) {
    std::string result(32, '\0');
    SHA256(raw(data), data.size(), raw(result));
    return result;
}

inline std::string salted_password(std::string_view password, std::string_view salt, int iterations) {
    std::string result(32, '\0');
    PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), raw(salt), static_cast<int>(salt.size()),
                      iterations, EVP_sha256(), 32, raw(result));
    return result;
}

// Members may be changed between the steps to play a client that errs or lies.
struct ScramClient {
    std::string password;
    std::string gs2_header = "n,,";
    std::string binding_data = {};     // the channel's, for `p=`
    std::string nonce = "rOprNGfwEbeRWgbNEkqO";
    std::string extensions = {};       // ",x=y", put in front of the proof
    std::string server_signature = {};   // what server-final-message must carry

    std::string bare() const { return "n=user,r=" + nonce; }
    std::string first() const { return gs2_header + bare(); }

    std::string last(const std::string& server_first) {
        const std::size_t salt_at = server_first.find(",s=");
        const std::size_t count_at = server_first.find(",i=", salt_at);
        const std::string salt = unbase64(server_first.substr(salt_at + 3, count_at - salt_at - 3));
        const std::string salted = salted_password(password, salt, std::stoi(server_first.substr(count_at + 3)));
        const std::string without_proof =
            "c=" + base64(gs2_header + binding_data) + "," + server_first.substr(0, salt_at) + extensions;
        const std::string auth_message = bare() + "," + server_first + "," + without_proof;
        std::string proof = hmac_sha256(salted, "Client Key");
        const std::string signature = hmac_sha256(sha256(proof), auth_message);
        for (std::size_t i = 0; i < proof.size(); ++i) {
            proof[i] = static_cast<char>(proof[i] ^ signature[i]);
        }
        server_signature = base64(hmac_sha256(hmac_sha256(salted, "Server Key"), auth_message));
        return without_proof + ",p=" + base64(proof);
    }
};

}  // namespace pgweir::test
