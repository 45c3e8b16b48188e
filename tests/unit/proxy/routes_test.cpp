#include "proxy/admin/routes.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

using pgweir::proxy::answer_request;
using pgweir::proxy::HealthAnswer;
using pgweir::proxy::HttpAnswer;
using pgweir::proxy::HttpReply;
using pgweir::proxy::HttpServices;
using pgweir::proxy::StatusWanted;
using std::chrono::seconds;

namespace {

// A daemon of which each service says that it was asked.
struct Daemon {
    bool is_draining = false;
    std::string asked_for;   // the database of the last health_of
    std::string token;

    HttpServices services() {
        HttpServices result;
        result.metrics = [] { return std::string("up 1\n"); };
        result.health = [] { return HealthAnswer{503, "{}", seconds(3)}; };
        result.health_of = [this](const std::string& name) -> std::optional<HealthAnswer> {
            asked_for = name;
            return name == "unknown" ? std::nullopt : std::optional(HealthAnswer{200, "{\"one\":1}", {}});
        };
        result.is_draining = [this] { return is_draining; };
        result.token = [this] { return token; };
        return result;
    }

    HttpReply ask(std::string_view method, std::string_view target, std::string_view authorization = {}) {
        return answer_request(services(), {.method = method, .target = target, .authorization = authorization});
    }
    HttpAnswer get(std::string_view target, std::string_view authorization = {}) {
        return std::get<HttpAnswer>(ask("GET", target, authorization));
    }
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
    CHECK(std::get<HttpAnswer>(daemon.ask(method, "/metrics")).status == 405);
    const std::string_view path = GENERATE("/metric", "/metrics/", "", "*", "/health", "//");
    CHECK(daemon.get(path).status == 404);
    CHECK(std::get<HttpAnswer>(daemon.ask("HEAD", path)).status == 404);
}

TEST_CASE("routes: the page at the root is whole, and asks nobody else for anything", "[proxy]") {
    Daemon daemon;
    const HttpAnswer answer = daemon.get("/");
    CHECK(std::string_view(answer.content_type).starts_with("text/html"));
    // A name, not an address that anybody asks.
    constexpr std::string_view svg = "http://www.w3.org/2000/svg";
    std::string page = answer.body;
    page.erase(page.find(svg), svg.size());
    CHECK(answer.body.find("</html>") != std::string::npos);
    const std::string_view outside = GENERATE("http:", "https:", "src=", "@import", "url(", "innerHTML", "eval(");
    CHECK(page.find(outside) == std::string::npos);
}

TEST_CASE("routes: the status is for its caller to make, of the database that is asked for", "[proxy]") {
    Daemon daemon;
    const auto [target, database] = GENERATE(
        std::pair("/status.json", ""), std::pair("/status.json?", ""), std::pair("/status.json?pool=app", "app"),
        std::pair("/status.json?x=1&pool=a%26b%3Dc&pool=other", "a&b=c"), std::pair("/status.json?pools=app", ""),
        std::pair("/status.json?pool", ""), std::pair("/status.json?&&pool=%e4%zz", "\xe4%zz"));
    CHECK(std::get<StatusWanted>(daemon.ask("GET", target)).database == database);
}

TEST_CASE("routes: with a token set, figures are for who brings it", "[proxy]") {
    Daemon daemon;
    daemon.token = "open sesame";
    const std::string_view closed = GENERATE("/metrics", "/health/db", "/health/db/app", "/status.json", "/nothing");
    const std::string_view wrong = GENERATE("", "Bearer", "Bearer ", "Bearer open", "Bearer open sesame ", "Bearer open sesamf",
                                            "bearer open sesame", "open sesame", "Basic open sesame");
    CHECK(daemon.get(closed, wrong).status == 401);
    CHECK(daemon.get("/livez", wrong).status == 200);
    CHECK(daemon.get("/readyz", wrong).status == 200);
    CHECK(daemon.get("/", wrong).status == 200);
    CHECK(daemon.get("/metrics", "Bearer open sesame").status == 200);
    CHECK(std::holds_alternative<StatusWanted>(daemon.ask("GET", "/status.json", "Bearer open sesame")));
}

TEST_CASE("routes: a service that throws is a 500 without its words", "[proxy]") {
    Daemon daemon;
    HttpServices services = daemon.services();
    services.metrics = []() -> std::string { throw std::runtime_error("a secret"); };
    const HttpAnswer answer = std::get<HttpAnswer>(answer_request(services, {.method = "GET", .target = "/metrics", .authorization = {}}));
    CHECK(answer.status == 500);
    CHECK(answer.body.find("secret") == std::string::npos);
}
