// The reference of all metrics, made from the catalogue's rows.
#pragma once

#include <string>

namespace pgweir::metrics {

// A table for the README: a row for each family of the exposition, in its order.
std::string reference_markdown();

}   // namespace pgweir::metrics
