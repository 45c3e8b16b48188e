// The known word that somebody who wrote another one probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

// The candidate closest to `word`, or an empty text when none is close. A candidate
// may be a key path: then its last part is what is compared, and only an exact match counts.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// ` (did you mean x?)`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace pgweir::config
