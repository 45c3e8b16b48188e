#include "proxy/admin/routes.hpp"

#include "proxy/admin/status_page.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
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
constexpr std::string_view status_path = "/status.json";

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

// The value of a query's parameter, decoded; empty when it is not there.
std::string parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return decode(pair.substr(name.size() + 1));
    }
    return {};
}

// Compares all of it, whatever is found on the way: how long it takes tells nothing of the token.
bool is_same(std::string_view brought, std::string_view token) {
    unsigned difference = brought.size() == token.size() ? 0 : 1;
    for (std::size_t i = 0; i < brought.size(); ++i)
        difference |= static_cast<unsigned>(brought[i] ^ token[token.empty() ? 0 : i % token.size()]);
    return difference == 0;
}

bool may_ask(const HttpServices& services, std::string_view authorization) {
    const std::string token = services.token();
    if (token.empty()) return true;
    constexpr std::string_view scheme = "Bearer ";
    return authorization.starts_with(scheme) && is_same(authorization.substr(scheme.size()), token);
}

HttpAnswer page(const HttpServices&) {
    return {200, html_type, status_page(), {}};
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
    bool is_open = false;   // for whoever asks: it tells nothing, or a balancer has to know it
};

constexpr std::array routes = {
    Route{"/", page, true},           Route{"/metrics", metrics_page},     Route{"/health/db", health_page},
    Route{"/livez", livez_page, true}, Route{"/readyz", readyz_page, true},
};

HttpReply answer_path(const HttpServices& services, std::string_view path, const HttpRequest& request) {
    const auto route = std::find_if(routes.begin(), routes.end(), [path](const Route& one) { return one.path == path; });
    const bool is_open = route != routes.end() && route->is_open;
    if (!is_open && !may_ask(services, request.authorization)) return make_text(401, "a token is needed\n");
    if (route != routes.end()) return route->answer(services);
    if (path == status_path) {
        const std::size_t mark = request.target.find('?');
        return StatusWanted{mark == std::string_view::npos ? std::string() : parameter(request.target.substr(mark + 1), "pool")};
    }
    if (path.starts_with(health_prefix)) {
        if (auto health = services.health_of(decode(path.substr(health_prefix.size())))) return make_health(std::move(*health));
    }
    return make_text(404, "not found\n");
}

}   // namespace

HttpReply answer_request(const HttpServices& services, const HttpRequest& request) {
    if (request.method != "GET" && request.method != "HEAD") return make_text(405, "only GET and HEAD\n");
    try {
        return answer_path(services, request.target.substr(0, request.target.find('?')), request);
    } catch (const std::exception& error) {
        spdlog::error("event=http_failed text={:?}", error.what());
        return make_text(500, "internal error\n");
    }
}

HttpAnswer make_status(std::string json) {
    return {200, json_type, std::move(json), {}};
}

}   // namespace pgweir::proxy
