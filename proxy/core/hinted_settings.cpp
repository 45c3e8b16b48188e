#include "proxy/core/hinted_settings.hpp"

#include "proxy/core/function_source.hpp"
#include "proxy/core/setting_values.hpp"
#include "proxy/core/sql_scanner.hpp"

#include <algorithm>
#include <cstddef>

namespace pgweir::proxy {

std::vector<std::string> hinted_settings(std::string_view sql) {
    std::vector<std::string> names = read_source(sql, SourceLanguage::sql).custom_settings;
    SqlScanner scanner(sql);
    for (SqlToken token = scanner.next(); token.kind != SqlTokenKind::end && names.size() < max_hinted_settings; token = scanner.next()) {
        if (token.kind != SqlTokenKind::string || token.text.size() < 2) continue;
        const std::string_view inside = token.text.substr(1, token.text.size() - 2);
        if (is_custom_name(inside)) names.push_back(lower_case(inside));
    }
    names.resize(std::min(names.size(), max_hinted_settings));
    return names;
}

}  // namespace pgweir::proxy
