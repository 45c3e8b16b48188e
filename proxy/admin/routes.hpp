// Which path is answered with what. Pure but for the services it asks; the bytes of
// HTTP are http.cpp's.
#pragma once

#include "proxy/admin/health.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::proxy {

// What HTTP asks of the daemon. Called on the server's thread; must not block.
struct HttpServices {
    std::function<std::string()> metrics;   // Prometheus' text format
    std::function<HealthAnswer()> health;
    std::function<std::optional<HealthAnswer>(const std::string& database)> health_of;   // nullopt: no such database
    std::function<bool()> is_draining;
};

struct HttpAnswer {
    int status = 200;
    const char* content_type = "text/plain; charset=utf-8";
    std::string body;
    std::optional<std::chrono::seconds> retry_after{};
};

// Answers GET and HEAD (whose body the caller leaves out). `target` as in the request
// line, query included. A service that throws is a 500.
HttpAnswer answer_request(const HttpServices& services, std::string_view method, std::string_view target);

}   // namespace pgweir::proxy
