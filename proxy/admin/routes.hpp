// Which path is answered with what. Pure but for the services it asks; the bytes of
// HTTP are http.cpp's.
#pragma once

#include "proxy/admin/health.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pgweir::proxy {

// What HTTP asks of the daemon. Called on the server's thread; must not block.
struct HttpServices {
    std::function<std::string()> metrics;   // Prometheus' text format
    std::function<HealthAnswer()> health;
    std::function<std::optional<HealthAnswer>(const std::string& database)> health_of;   // nullopt: no such database
    std::function<bool()> is_draining;
    std::function<std::string()> token;   // what a request has to bring; empty: nothing
};

struct HttpRequest {
    std::string_view method;
    std::string_view target;          // as in the request line, query included
    std::string_view authorization;   // the header's value; empty without one
};

struct HttpAnswer {
    int status = 200;
    const char* content_type = "text/plain; charset=utf-8";
    std::string body;
    std::optional<std::chrono::seconds> retry_after{};
};

// The status, for which the relay threads are asked: it takes time, and its caller gets it.
struct StatusWanted {
    std::string database;   // that is shown whole; empty: the fullest
};

using HttpReply = std::variant<HttpAnswer, StatusWanted>;

// Answers GET and HEAD (whose body the caller leaves out). A service that throws is a 500.
HttpReply answer_request(const HttpServices& services, const HttpRequest& request);

// The status as an answer.
HttpAnswer make_status(std::string json);

}   // namespace pgweir::proxy
