#include "json/utf8_repair.h"

#include <cstdint>
#include <cstring>

#include "base/utf8.h"

namespace defender_car {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kEscape = 6;                         // \uXXXX

/// A character or an escape.
struct Unit {
  std::size_t bytes = 0;  ///< 0: the text ends too early to tell
  bool sound = false;
};

struct UnicodeEscape {
  std::uint32_t code = 0;
  bool valid = false;
  bool cut = false;  ///< not valid, but the text may just end too early
};

bool is_plain(char c) { return c != '\\' && (c & 0x80) == 0; }

/// How many bytes from the beginning on are ASCII without a backslash: nearly all of a response.
std::size_t plain_prefix(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::size_t at = 0;
  std::uint64_t eight = 0;
  for (; at + sizeof eight <= text.size(); at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    // A backslash is 0 after the exclusive or, and below 0 after the subtraction.
    if (((eight | ((eight ^ kOnes * '\\') - kOnes)) & kOnes * 0x80) != 0) break;
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

UnicodeEscape unicode_escape(std::string_view text) {
  constexpr std::string_view kBegin = "\\u";
  std::uint32_t code = 0;
  for (std::size_t i = 0; i < kEscape; ++i) {
    if (i == text.size()) return {.cut = true};
    if (i < kBegin.size()) {
      if (text[i] != kBegin[i]) return {};
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) return {};
    code = code << 4 | static_cast<std::uint32_t>(digit);
  }
  return {.code = code, .valid = true};
}

/// For a text that begins with a backslash.
Unit first_escape(std::string_view text, bool last) {
  const UnicodeEscape escape = unicode_escape(text);
  if (escape.cut && !last) return {};
  if (!escape.valid) {
    // An escaped backslash begins no escape of its own; other characters are looked at as ever.
    const bool pair = text.size() > 1 && text[1] == '\\';
    return {.bytes = pair ? 2u : 1u, .sound = true};
  }
  if (escape.code < 0xD800 || escape.code > 0xDFFF) return {.bytes = kEscape, .sound = true};
  if (escape.code >= 0xDC00) return {.bytes = kEscape};
  const UnicodeEscape low = unicode_escape(text.substr(kEscape));
  if (low.cut && !last) return {};
  const bool pair = low.valid && low.code >= 0xDC00 && low.code <= 0xDFFF;
  return {.bytes = pair ? 2 * kEscape : kEscape, .sound = pair};
}

Unit first_unit(std::string_view text, bool last) {
  if (text[0] == '\\') return first_escape(text, last);
  const Utf8Character character = first_utf8_character(text);
  if (character.valid) return {.bytes = character.bytes, .sound = true};
  if (character.cut && !last) return {};
  std::size_t bytes = 1;
  if (first_utf8_character(text.substr(0, 1)).cut) {
    while (bytes < text.size() && first_utf8_character(text.substr(0, bytes + 1)).cut) ++bytes;
  }
  return {.bytes = bytes};
}

}  // namespace

Flaw first_flaw(std::string_view text, bool last) {
  std::size_t at = 0;
  while (true) {
    at += plain_prefix(text.substr(at));
    if (at == text.size()) return {.at = at};
    const Unit unit = first_unit(text.substr(at), last);
    if (!unit.sound) return {.at = at, .bytes = unit.bytes};
    at += unit.bytes;
  }
}

std::size_t append_repaired(std::string& out, std::string_view text, bool last) {
  std::size_t done = 0;
  while (true) {
    const Flaw flaw = first_flaw(text.substr(done), last);
    out.append(text.substr(done, flaw.at));
    done += flaw.at + flaw.bytes;
    if (flaw.bytes == 0) return done;
    out.append(kReplacement);
  }
}

}  // namespace defender_car
