// `pgweir migrate`: from PgBouncer's files to our YAML, and the list of what has no place in it.
#pragma once

#include "config/pgbouncer_ini.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace pgweir::config {

// Something of the files that the YAML does not say, or says otherwise.
struct Loss {
    Origin origin;
    std::string key;       // as the ini has it, `databases.app.host` for a pair of a line
    std::string why;
    std::string instead;   // what to do

    // `file:line: key: why; instead`
    std::string text() const;
};

struct Migration {
    std::string yaml;                   // empty when there are problems
    std::vector<Loss> losses;           // file by file, line by line
    std::size_t further_losses = 0;     // more of them than are worth a list
    std::vector<IniProblem> problems;   // with which PgBouncer would not start either
    bool is_incomplete = false;         // auth_file or auth_hba_file cannot be read; among the losses too
};

// Never throws, whatever the files hold.
Migration migrate_pgbouncer(const std::string& ini_path, const ReadText& read);

}  // namespace pgweir::config
