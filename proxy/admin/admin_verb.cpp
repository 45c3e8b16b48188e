#include "proxy/admin/admin_verb.hpp"

#include "proxy/admin/shows.hpp"

#include <fmt/format.h>

namespace pgweir::proxy {

std::string help_text() {
    std::string text;
    for (const VerbRow& row : verb_rows) {
        if (row.words.empty() || row.verb == Verb::show) continue;
        const std::string command = row.form.empty() ? std::string(row.words) : fmt::format("{} {}", row.words, row.form);
        text += fmt::format("\t{}\n\t\t{}{}\n", command, row.help, row.least == ConsoleRole::admin ? "" : " (also for stats users)");
    }
    text += "\tSHOW HELP";
    for (const ShowRow& show : shows()) text += fmt::format("|{}", show.word);
    return text;
}

}  // namespace pgweir::proxy
