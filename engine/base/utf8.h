#pragma once
// UTF-8, as far as answers are judged and shown.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace defender_car {

struct Utf8Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
  bool cut = false;  ///< not valid, but the text may just end too early: it begins a character
};

/// The first character of a text that is not empty.
Utf8Character first_utf8_character(std::string_view text);

}  // namespace defender_car
