#include "proxy/admin/routes.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <charconv>
#include <exception>
#include <utility>

namespace pgweir::proxy {
namespace {

constexpr const char* json_type = "application/json";
constexpr const char* html_type = "text/html; charset=utf-8";
constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

constexpr std::string_view health_prefix = "/health/db/";

HttpAnswer make_text(int status, std::string text) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(text);
    return answer;
}

HttpAnswer make_health(HealthAnswer health) {
    return {health.status, json_type, std::move(health.body) + "\n", health.retry_after};
}

// Undoes percent-encoding; what is no such encoding stays as it is.
std::string decode(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        unsigned char byte = 0;
        const char* const digits = text.data() + 1;
        if (text.size() >= 3 && text[0] == '%' && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            result += static_cast<char>(byte);
            text.remove_prefix(3);
        } else {
            result += text[0];
            text.remove_prefix(1);
        }
    }
    return result;
}

HttpAnswer index_page(const HttpServices&) {
    return {200,
            html_type,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>pgweir</title></head><body>\n"
            "<h1>pgweir</h1>\n<ul>\n"
            "<li><a href=\"/health/db\">/health/db</a>: the pools; 503 while a breaker is open</li>\n"
            "<li><a href=\"/metrics\">/metrics</a>: for Prometheus</li>\n"
            "<li><a href=\"/readyz\">/readyz</a>: 200 while new clients are taken</li>\n"
            "<li><a href=\"/livez\">/livez</a>: 200 while the process works</li>\n"
            "</ul>\n</body></html>\n",
            {}};
}

HttpAnswer metrics_page(const HttpServices& services) {
    return {200, metrics_type, services.metrics(), {}};
}

HttpAnswer health_page(const HttpServices& services) {
    return make_health(services.health());
}

HttpAnswer livez_page(const HttpServices&) {
    return make_text(200, "ok\n");
}

HttpAnswer readyz_page(const HttpServices& services) {
    return services.is_draining() ? make_text(503, "draining\n") : make_text(200, "ready\n");
}

struct Route {
    std::string_view path;
    HttpAnswer (*answer)(const HttpServices&);
};

constexpr std::array routes = {
    Route{"/", index_page},      Route{"/metrics", metrics_page}, Route{"/health/db", health_page},
    Route{"/livez", livez_page}, Route{"/readyz", readyz_page},
};

HttpAnswer answer_path(const HttpServices& services, std::string_view path) {
    for (const Route& route : routes) {
        if (route.path == path) {
            return route.answer(services);
        }
    }
    if (path.starts_with(health_prefix)) {
        if (auto health = services.health_of(decode(path.substr(health_prefix.size())))) {
            return make_health(std::move(*health));
        }
    }
    return make_text(404, "not found\n");
}

}   // namespace

HttpAnswer answer_request(const HttpServices& services, std::string_view method, std::string_view target) {
    if (method != "GET" && method != "HEAD") {
        return make_text(405, "only GET and HEAD\n");
    }
    try {
        return answer_path(services, target.substr(0, target.find('?')));
    } catch (const std::exception& error) {
        spdlog::error("event=http_failed text={:?}", error.what());
        return make_text(500, "internal error\n");
    }
}

}   // namespace pgweir::proxy
