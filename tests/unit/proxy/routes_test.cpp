#include "proxy/admin/routes.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

using pgweir::proxy::answer_request;
using pgweir::proxy::HealthAnswer;
using pgweir::proxy::HttpAnswer;
using pgweir::proxy::HttpServices;
using std::chrono::seconds;

namespace {

// A daemon of which each service says that it was asked.
struct Daemon {
    bool is_draining = false;
    std::string asked_for;   // the database of the last health_of

    HttpServices services() {
        HttpServices result;
        result.metrics = [] { return std::string("up 1\n"); };
        result.health = [] { return HealthAnswer{503, "{}", seconds(3)}; };
        result.health_of = [this](const std::string& name) -> std::optional<HealthAnswer> {
            asked_for = name;
            return name == "unknown" ? std::nullopt : std::optional(HealthAnswer{200, "{\"one\":1}", {}});
        };
        result.is_draining = [this] { return is_draining; };
        return result;
    }

    HttpAnswer get(std::string_view target) { return answer_request(services(), "GET", target); }
};

}   // namespace

TEST_CASE("routes: metrics have Prometheus' content type", "[proxy]") {
    Daemon daemon;
    const HttpAnswer answer = daemon.get("/metrics?x=1");
    CHECK(answer.status == 200);
    CHECK(std::string_view(answer.content_type).starts_with("text/plain; version=0.0.4"));
    CHECK(answer.body == "up 1\n");
}

TEST_CASE("routes: health passes status, JSON and Retry-After on", "[proxy]") {
    Daemon daemon;
    const HttpAnswer answer = daemon.get("/health/db");
    CHECK(answer.status == 503);
    CHECK(std::string_view(answer.content_type) == "application/json");
    CHECK(answer.body == "{}\n");
    CHECK(answer.retry_after == seconds(3));
}

TEST_CASE("routes: one database's health is asked for by its decoded name", "[proxy]") {
    Daemon daemon;
    CHECK(daemon.get("/health/db/a%20b%2fc%zz%4").body == "{\"one\":1}\n");
    CHECK(daemon.asked_for == "a b/c%zz%4");
    CHECK(daemon.get("/health/db/unknown").status == 404);
}

TEST_CASE("routes: readiness ends with the drain, liveness does not", "[proxy]") {
    Daemon daemon;
    CHECK(daemon.get("/readyz").status == 200);
    daemon.is_draining = true;
    CHECK(daemon.get("/readyz").status == 503);
    CHECK(daemon.get("/livez").status == 200);
}

TEST_CASE("routes: other methods are 405, other paths 404", "[proxy]") {
    Daemon daemon;
    const std::string_view method = GENERATE("POST", "PUT", "DELETE", "OPTIONS", "get", "");
    CHECK(answer_request(daemon.services(), method, "/metrics").status == 405);
    const std::string_view path = GENERATE("/metric", "/metrics/", "", "*", "/health", "//");
    CHECK(answer_request(daemon.services(), "GET", path).status == 404);
    CHECK(answer_request(daemon.services(), "HEAD", path).status == 404);
}

TEST_CASE("routes: the page at the root links to the others", "[proxy]") {
    Daemon daemon;
    const std::string_view path = GENERATE("/metrics", "/health/db", "/livez", "/readyz");
    CHECK(daemon.get("/").body.find("href=\"" + std::string(path) + "\"") != std::string::npos);
    CHECK(daemon.get(path).status != 404);
}

TEST_CASE("routes: a service that throws is a 500 without its words", "[proxy]") {
    Daemon daemon;
    HttpServices services = daemon.services();
    services.metrics = []() -> std::string { throw std::runtime_error("a secret"); };
    const HttpAnswer answer = answer_request(services, "GET", "/metrics");
    CHECK(answer.status == 500);
    CHECK(answer.body.find("secret") == std::string::npos);
}
