// The table of metrics and what a scrape shows come from the same rows by different code.
#include "metrics/reference.hpp"

#include "metrics/exporter.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <sstream>
#include <string>
#include <vector>

using pgweir::metrics::expose;
using pgweir::metrics::LoginCells;
using pgweir::metrics::PoolSnapshot;
using pgweir::metrics::reference_markdown;
using pgweir::metrics::RelayCells;
using pgweir::metrics::Snapshot;

namespace {

// `type`, then help, of every family by its name.
using Families = std::map<std::string, std::string>;

Families scraped_families() {
    RelayCells relay;
    LoginCells login;
    Snapshot snapshot;
    snapshot.logins = {&login};
    snapshot.pools = {PoolSnapshot{.database = "app", .state = {}, .relays = {&relay}}};
    std::istringstream lines(expose(snapshot));
    Families helps;
    Families families;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string mark;
        std::string kind;
        std::string name;
        std::string rest;
        words >> mark >> kind >> name >> std::ws;
        std::getline(words, rest);
        if (mark == "#" && kind == "HELP") {
            helps[name] = rest;
        } else if (mark == "#" && kind == "TYPE") {
            families[name] = rest + " " + helps[name];
        }
    }
    return families;
}

// The cells of a row that looks like `| a | b |`, without the blanks around them.
std::vector<std::string> cells_of(const std::string& row) {
    std::vector<std::string> cells;
    std::size_t begin = 2;
    for (std::size_t end = row.find(" |", begin - 1); end != std::string::npos; end = row.find(" |", begin - 1)) {
        cells.push_back(end < begin ? "" : row.substr(begin, end - begin));
        begin = end + 3;
    }
    return cells;
}

Families listed_families() {
    std::istringstream lines(reference_markdown());
    Families families;
    for (std::string line; std::getline(lines, line);) {
        const std::vector<std::string> cells = cells_of(line);
        if (cells.size() == 4 && cells[0].starts_with('`')) {
            families[cells[0].substr(1, cells[0].size() - 2)] = cells[1] + " " + cells[3];
        }
    }
    return families;
}

}   // namespace

TEST_CASE("metric reference: it has the families of a scrape with their types and helps", "[metrics]") {
    CHECK_FALSE(scraped_families().empty());
    CHECK(listed_families() == scraped_families());
}

TEST_CASE("metric reference: a label with a fixed set of values shows them", "[metrics]") {
    const std::string text = reference_markdown();
    CHECK(text.find("| `pgweir_breaker_state` | gauge | `database`; `state`: closed, open, half_open |") !=
          std::string::npos);
    CHECK(text.find("| `pgweir_pool_size` | gauge | `database` |") != std::string::npos);
}

TEST_CASE("metric reference: a family of two tables is one row with the labels of both", "[metrics]") {
    const std::string text = reference_markdown();
    const std::string mark = "| `pgweir_refusals_total` | counter | `reason`: max_client_conn,";
    CHECK(text.find(mark) != std::string::npos);
    CHECK(text.find("pgweir_refusals_total") == text.rfind("pgweir_refusals_total"));
    CHECK(text.find("draining; `database` | Logins and statements") != std::string::npos);
}
