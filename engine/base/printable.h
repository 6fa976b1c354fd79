#pragma once
// Foreign text made fit for a log line, a terminal or a file of ours. All of it goes through here
// where it enters a message; Error does so once more with the whole of it.

#include <cstddef>
#include <string>
#include <string_view>

namespace defender_car {

/// One line of valid UTF-8, at most `longest` bytes ("…" marks a cut). First it is cleaned:
/// terminal escapes and hidden characters are removed, blanks become single spaces, bytes that are
/// not UTF-8 become "?". Then secrets and tokens, which stand there in one piece now, become "***".
std::string printable(std::string_view text, std::size_t longest);

/// The same of a message of several lines; one that is set in by two spaces stays so.
std::string printable_lines(std::string_view text);

/// printable(), but nothing of a text that names a token, secret or password.
std::string excerpt(std::string_view text, std::size_t longest);

}  // namespace defender_car
