#include "base/printable.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/secrets.h"
#include "base/utf8.h"

namespace defender_car {

bool is_hidden(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x200E && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

namespace {

/// Bytes of the terminal escape sequence that `text` (behind ESC) begins with.
std::size_t escape_length(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == '[') {
    const auto end = std::find_if(text.begin() + 1, text.end(),
                                  [](char c) { return c < ' ' || (c >= '@' && c <= '~'); });
    const auto length = static_cast<std::size_t>(end - text.begin());
    return std::min(text.size(), length + 1);
  }
  if (text[0] == ']' || text[0] == 'P' || text[0] == '_' || text[0] == '^') {
    const std::size_t end = text.find_first_of("\a\x1b");
    if (end == std::string_view::npos) return text.size();
    return text[end] == '\a' ? end + 1 : std::min(text.size(), end + 2);
  }
  return text[0] >= ' ' && text[0] <= '~' ? 1 : 0;
}

std::string cleaned(std::string_view text, std::size_t longest) {
  static constexpr std::string_view kCut = "…";
  std::string out;
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    std::string_view shown = text.substr(0, character.bytes);
    text.remove_prefix(character.bytes);
    if (!character.valid) {
      shown = "?";
    } else if (shown == "\x1b") {
      text.remove_prefix(escape_length(text));
      continue;
    } else if (shown == " " || shown == "\t" || shown == "\n" || shown == "\r") {
      if (out.empty() || out.back() == ' ') continue;
      shown = " ";
    } else if (is_hidden(character.code)) {
      continue;
    }
    if (out.size() + shown.size() > longest) {
      // Cut at the boundary of a character, so that the mark fits too.
      std::size_t size = longest > kCut.size() ? longest - kCut.size() : 0;
      while (size > 0 && size < out.size() && (out[size] & 0xC0) == 0x80) --size;
      out.resize(std::min(size, out.size()));
      return longest >= kCut.size() ? out.append(kCut) : out;
    }
    out.append(shown);
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  return cleaned(without_secrets(text), longest);
}

std::string excerpt(std::string_view text, std::size_t longest) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view word : {"token", "secret", "password", "authorization"}) {
    if (lower.find(word) != std::string::npos) return "(not shown, it may hold a secret)";
  }
  return printable(text, longest);
}

}  // namespace defender_car
