// Boost.JSON's own code, compiled once: it is used header-only.
#include <boost/json/src.hpp>
