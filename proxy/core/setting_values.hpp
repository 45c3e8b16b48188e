// Reading the values of run-time parameters as PostgreSQL reads them (manual, "Parameter
// Names and Values"). Pure; what a parameter accepts beyond its type is not known here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pgweir::proxy {

// Every abbreviation that can mean only one of them, in any case.
std::optional<bool> parse_bool(std::string_view value);

enum class NumberProblem {
    no_number,
    unknown_unit,   // or a unit where none is taken: see units_hint
    too_large,      // for an integer of 32 bits
};

// In the parameter's base unit, which is as pg_settings.unit has it; empty: none is taken.
std::variant<int, NumberProblem> parse_integer(const std::string& value, std::string_view base_unit);
std::variant<double, NumberProblem> parse_real(const std::string& value, std::string_view base_unit);

// Which units may be written in place of the base unit, in PostgreSQL's words; empty without one.
std::string_view units_hint(std::string_view base_unit);

// As pg_settings.setting and its bounds are printed.
std::string real_text(double value);

// A DateStyle as PostgreSQL reports it, "ISO, MDY". `standing` is the one before, which a part
// that is not given is taken from. nullopt when only the server can say.
std::optional<std::string> spell_date_style(std::string_view value, std::string_view standing);

// As PostgreSQL keeps it: what is not printable ASCII becomes "?", or \x.. since version 16.
std::string spell_application_name(std::string_view value, int server_version);

// Whether a name with a dot can be that of a custom setting (PostgreSQL 14 and later).
bool is_custom_name(std::string_view name);

}  // namespace pgweir::proxy
