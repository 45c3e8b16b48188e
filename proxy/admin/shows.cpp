#include "proxy/admin/shows.hpp"

#include <cstddef>

namespace pgweir::proxy {
namespace {

std::vector<ShowRow> all_rows() {
    std::vector<ShowRow> all;
    for (const auto& some : {pool_shows(), stats_shows(), connection_shows(), daemon_shows(), holder_shows(), upstream_shows()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

bool is_same_word(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const char c = right[i];
        if (left[i] != (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c)) return false;
    }
    return true;
}

}  // namespace

std::span<const ShowRow> shows() {
    static const std::vector<ShowRow> all = all_rows();
    return all;
}

const ShowRow* find_show(std::string_view word) {
    for (const ShowRow& show : shows())
        if (is_same_word(show.word, word)) return &show;
    return nullptr;
}

Table make_table(const ShowRow& show, const ConsoleSnapshot& snapshot) { return {show.columns, show.rows(snapshot)}; }

}  // namespace pgweir::proxy
