// The reference of all options in three forms, made from the schema's rows and from
// default-constructed options.
#pragma once

#include <string>

namespace pgweir::config {

// Tables for the README.
std::string reference_markdown();

// JSON Schema (draft 7) for editors.
std::string reference_json_schema();

// A file with every option at its default, which loads when SUPABASE_DB_URL and
// LAMBDA_PASSWORD are set.
std::string reference_sample();

}  // namespace pgweir::config
