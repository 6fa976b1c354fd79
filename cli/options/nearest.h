#pragma once
// "Did you mean": the known word that is closest to a mistyped one.

#include <optional>
#include <string_view>
#include <vector>

namespace defender_car {

/// The one of `known` that the fewest edits (insert, delete, replace, swap two neighbours) make of
/// `word`; nothing where even that one is too far: more than a third of the word, or 3 edits.
std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& known);

}  // namespace defender_car
