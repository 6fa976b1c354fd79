#pragma once
// Foreign text made fit for a log line or a terminal.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace defender_car {

/// Control characters, direction marks and overrides, line separators, the byte order mark.
bool is_hidden(std::uint32_t code);

/// One line of valid UTF-8, at most `longest` bytes ("…" marks a cut): terminal escapes, control
/// characters and direction overrides are removed, white space becomes single spaces, bytes that
/// are not UTF-8 become "?", secrets and tokens "***".
std::string printable(std::string_view text, std::size_t longest);

/// printable(), but nothing of a text that names a token, secret or password.
std::string excerpt(std::string_view text, std::size_t longest);

}  // namespace defender_car
