#pragma once
// A wait that a service tells in its message and not in Retry-After.

#include <cstdint>
#include <optional>
#include <string_view>

namespace defender_car {

/// "… you can send requests again in 17 seconds", "in 00:34:13", "in 1 minute(s) and 5 seconds", in
/// ms. The window of a limit ("1500 per 01:00:00") and a time of day are none. The last one counts.
std::optional<std::int64_t> wait_in_words(std::string_view text);

}  // namespace defender_car
