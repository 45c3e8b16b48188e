// How much of what a function or text leaves in its session can be found there afterwards.
#pragma once

#include <cstdint>

namespace pgweir::proxy {

// In order: each may do all that those before it do.
enum class SessionTrace : std::uint8_t {
    none,      // leaves nothing
    visible,   // a survey finds it, given the names of the settings with a dot
    hidden,    // may set one of those whose name nobody can tell: no survey finds it, but DISCARD ALL takes it away
    lasting,   // what no survey shows and no DISCARD ALL ends
};

}  // namespace pgweir::proxy
