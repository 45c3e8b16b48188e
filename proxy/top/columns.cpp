#include "proxy/top/columns.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

struct Place {
    std::size_t column;
    std::size_t wanted;   // what text and title take, within the column's bounds
    std::size_t width;
};

std::size_t total_width(const std::vector<Place>& places) {
    std::size_t total = places.empty() ? 0 : places.size() - 1;
    for (const Place& place : places) total += place.width;
    return total;
}

std::vector<Place> place_all(const std::vector<ScreenColumn>& columns, const std::vector<Cells>& rows) {
    std::vector<Place> places;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        std::size_t longest = width_of(columns[i].title);
        for (const Cells& row : rows) longest = std::max(longest, width_of(row[i]));
        const std::size_t wanted = std::min(longest, columns[i].most);
        places.push_back({i, wanted, std::min(wanted, columns[i].least)});
    }
    return places;
}

// Leaves columns out until the rest fits, then gives what is over to the others, from left to right.
std::vector<Place> arrange(const std::vector<ScreenColumn>& columns, const std::vector<Cells>& rows, std::size_t width) {
    std::vector<Place> places = place_all(columns, rows);
    const auto rank_of = [&](const Place& place) { return columns[place.column].rank; };
    const auto by_rank = [&](const Place& a, const Place& b) { return rank_of(a) < rank_of(b); };
    while (total_width(places) > width) {
        const auto least_needed = std::max_element(places.begin(), places.end(), by_rank);
        if (rank_of(*least_needed) == 0) break;
        places.erase(least_needed);
    }
    std::size_t over = width - std::min(width, total_width(places));
    for (Place& place : places) {
        const std::size_t more = std::min(over, place.wanted - place.width);
        place.width += more;
        over -= more;
    }
    return places;
}

}  // namespace

std::vector<std::string> lay_out(const std::vector<ScreenColumn>& columns, const std::vector<Cells>& rows, std::size_t width) {
    const std::vector<Place> places = arrange(columns, rows, width);
    const auto line_of = [&](auto text_of) {
        std::string line;
        for (const Place& place : places) {
            if (!line.empty()) line += ' ';
            line += fit(text_of(place.column), place.width, columns[place.column].side);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        return cut(line, width);
    };
    std::vector<std::string> lines = {line_of([&](std::size_t column) { return columns[column].title; })};
    for (const Cells& row : rows) lines.push_back(line_of([&](std::size_t column) { return std::string_view(row[column]); }));
    return lines;
}

}  // namespace pgweir::proxy
