#include "base/printable.h"

#include <algorithm>
#include <limits>

#include "base/secrets.h"
#include "base/utf8.h"

namespace defender_car {
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

std::string cleaned(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    const std::string_view shown = text.substr(0, character.bytes);
    text.remove_prefix(character.bytes);
    if (!character.valid) {
      out += '?';
    } else if (shown == "\x1b") {
      text.remove_prefix(escape_length(text));
    } else if (is_blank(character.code)) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if (!is_hidden(character.code)) {
      out.append(shown);
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// At the boundary of a character, so that the mark fits too.
std::string cut(std::string text, std::size_t longest) {
  static constexpr std::string_view kCut = "…";
  if (text.size() <= longest) return text;
  std::size_t size = longest > kCut.size() ? longest - kCut.size() : 0;
  while (size > 0 && (text[size] & 0xC0) == 0x80) --size;
  text.resize(size);
  return longest >= kCut.size() ? text.append(kCut) : text;
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  return cut(without_secrets(cleaned(text)), longest);
}

std::string printable_lines(std::string_view text) {
  static constexpr std::string_view kSetIn = "  ";
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!out.empty()) out += '\n';
    if (line.starts_with(kSetIn)) out += kSetIn;
    out += printable(line, std::numeric_limits<std::size_t>::max());
  }
  return out;
}

std::string excerpt(std::string_view text, std::size_t longest) {
  const std::string letters = searched_letters(cleaned(text));
  for (const std::string_view word : {"token", "secret", "password", "authorization"}) {
    if (letters.find(word) != std::string::npos) return "(not shown, it may hold a secret)";
  }
  return printable(text, longest);
}

}  // namespace defender_car
