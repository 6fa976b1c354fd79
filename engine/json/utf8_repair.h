#pragma once
// What in a JSON document cannot be text: bytes that are not UTF-8, and escapes of a lone surrogate
// (`\ud800`). Finds it, and puts U+FFFD in its place, so that one hostile string costs itself and
// not the document.
//
// Guarantees: repaired text is valid UTF-8, has no escape of a lone surrogate and is at most three
// times as long; everything sound stays byte for byte; pieces may cut characters and escapes
// anywhere. Wrong bytes that begin a character become one U+FFFD together, every other one becomes
// its own (Unicode's "maximal subparts", what browsers do). Does not judge the JSON: where it is
// none (a backslash outside of a string, an escape `\x` or `\u12`), that is left to the parser.

#include <cstddef>
#include <string>
#include <string_view>

namespace defender_car {

struct Flaw {
  std::size_t at = 0;     ///< the bytes before it are sound
  std::size_t bytes = 0;  ///< what U+FFFD has to replace; 0: no flaw
};

/// The first flaw of a text that begins with a whole character or escape. Without one, `at` is the
/// end of the text, or where a last character or escape begins that only what follows can judge:
/// begin the next piece with it. `last`: nothing follows.
Flaw first_flaw(std::string_view text, bool last);

/// Appends the text repaired; returns how much of it that was, as `at` above without a flaw.
std::size_t append_repaired(std::string& out, std::string_view text, bool last);

}  // namespace defender_car
