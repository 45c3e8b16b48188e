#include "proxy/core/statement_traits.hpp"

#include "proxy/core/traits_reader.hpp"

namespace pgweir::proxy {

StatementTraits traits_of(std::string_view sql, const WatchedNames* watched) {
    StatementTraits traits;
    TraitsReader(sql, watched, traits).read();
    return traits;
}

}  // namespace pgweir::proxy
