#include "proxy/client/directory.hpp"

#include <algorithm>

namespace pgweir::proxy {

bool DirectoryUser::may_use(std::string_view database) const {
    return !databases || std::find(databases->begin(), databases->end(), database) != databases->end();
}

}  // namespace pgweir::proxy
