#include "proxy/config_files.hpp"

#include "config/read_file.hpp"
#include "config/text_check.hpp"
#include "proxy/server/login.hpp"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace pgweir::proxy {
namespace {

// What is read of a file: as much as of the configuration, and one byte that shows that it is too large.
constexpr std::size_t max_size = config::max_file_size + 1;

FilePrint print_of(std::string_view content) {
    std::array<unsigned char, 32> digest{};
    if (EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) return std::nullopt;
    return digest;
}

bool is_plain_file(const std::string& path) {
    std::error_code ec;
    return std::filesystem::is_regular_file(path, ec);
}

bool is_pipe_or_device(const std::string& path) {
    std::error_code ec;
    return std::filesystem::is_other(path, ec);
}

FilePrint print_of_file(const std::string& path) {
    if (!is_plain_file(path)) return std::nullopt;
    const std::optional<std::string> content = config::read_up_to(path, max_size);
    return content ? print_of(*content) : std::nullopt;
}

}  // namespace

ConfigReading read_config(const std::string& path, Occasion occasion) {
    ConfigReading reading;
    config::Surroundings surroundings = config::real_surroundings();
    surroundings.check_dsn = check_dsn;
    surroundings.read_file = [&reading, occasion](const std::string& file) -> std::optional<std::string> {
        FilePrint& print = reading.files[file];
        const bool is_plain = is_plain_file(file);
        if (occasion == Occasion::reload && is_pipe_or_device(file)) {
            errno = ENOTSUP;
            return std::nullopt;
        }
        std::optional<std::string> content = config::read_up_to(file, max_size);
        if (is_plain && content) print = print_of(*content);
        return content;
    };
    config::LoadResult loaded = config::load_file(path, surroundings);
    if (loaded.config) {
        const config::TlsOptions& tls = loaded.config->listen.tls;
        const config::HttpTlsOptions& http = loaded.config->http.tls;
        for (const std::string& file : {tls.certificate, tls.private_key, tls.client_ca, http.certificate, http.private_key})
            if (!file.empty()) reading.files[file] = print_of_file(file);
    }
    reading.config = std::move(loaded.config);
    reading.problems = std::move(loaded.problems);
    return reading;
}

FilePrints look_at(const std::vector<std::string>& paths) {
    FilePrints prints;
    for (const std::string& path : paths) prints.emplace(path, print_of_file(path));
    return prints;
}

}  // namespace pgweir::proxy
