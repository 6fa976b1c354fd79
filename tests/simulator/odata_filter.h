// OData $filter as far as the connector needs it: comparisons of times and strings joined by
// `and`, `or` and parentheses. What it does not know it refuses.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace simulator {

/// A property's value: a time, a string, or nothing when there is no such property to filter on.
using FilterValue = std::variant<std::monostate, int64_t, std::string>;
using FilterProperty = std::function<FilterValue(std::string_view name)>;
using FilterTest = std::function<bool(const FilterProperty& property)>;

/// nullopt when the filter does not parse. `probe` tells which properties exist and of which type.
std::optional<FilterTest> parse_filter(std::string_view text, const FilterProperty& probe);

}  // namespace simulator
