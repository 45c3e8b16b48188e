#include "config/words.hpp"

namespace pgweir::config {

std::string_view text_of(TlsMode value) {
    switch (value) {
        case TlsMode::disable: return "disable";
        case TlsMode::allow: return "allow";
        case TlsMode::require: return "require";
    }
    return "?";
}

std::string_view text_of(TlsVersion value) {
    switch (value) {
        case TlsVersion::tls_1_2: return "TLSv1.2";
        case TlsVersion::tls_1_3: return "TLSv1.3";
    }
    return "?";
}

std::string_view text_of(PoolMode value) {
    switch (value) {
        case PoolMode::transaction: return "transaction";
        case PoolMode::session: return "session";
    }
    return "?";
}

std::string_view text_of(Priority value) {
    switch (value) {
        case Priority::normal: return "normal";
        case Priority::high: return "high";
    }
    return "?";
}

std::string_view text_of(LogFormat value) {
    switch (value) {
        case LogFormat::text: return "text";
        case LogFormat::json: return "json";
    }
    return "?";
}

std::string_view text_of(LogLevel value) {
    switch (value) {
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warning: return "warning";
        case LogLevel::error: return "error";
    }
    return "?";
}

std::string_view text_of(Reload value) {
    switch (value) {
        case Reload::live: return "live";
        case Reload::new_logins: return "new logins";
        case Reload::new_servers: return "new servers";
        case Reload::restart: return "restart";
    }
    return "?";
}

std::string_view text_of(Distribution value) {
    switch (value) {
        case Distribution::constant: return "constant";
        case Distribution::exponential: return "exponential";
    }
    return "?";
}

std::string_view text_of(Backoff value) {
    switch (value) {
        case Backoff::none: return "none";
        case Backoff::constant: return "constant";
        case Backoff::exponential: return "exponential";
    }
    return "?";
}

std::string_view text_of(ConnectionUse value) {
    switch (value) {
        case ConnectionUse::kept: return "kept";
        case ConnectionUse::per_invocation: return "per_invocation";
    }
    return "?";
}

}  // namespace pgweir::config
