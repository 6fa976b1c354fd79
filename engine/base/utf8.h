#pragma once
// Text in UTF-8, character by character: what it is, how it shows, and its lower case.

#include <cstddef>
#include <cstdint>
#include <string>
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

/// A character's bytes; U+FFFD for what is none.
std::string utf8_of(std::uint32_t code);

/// What shows nothing: control characters, direction marks and overrides, line separators, the byte
/// order mark, soft hyphens, joiners, variation selectors and other characters of no width.
bool is_hidden(std::uint32_t code);

/// What shows as white space, of whatever width.
bool is_blank(std::uint32_t code);

/// ASCII letters in lower case, in whatever locale; everything else as it is.
std::string lower(std::string_view text);

}  // namespace defender_car
