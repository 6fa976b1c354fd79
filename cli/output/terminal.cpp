#include "cli/output/terminal.h"

#include <sys/ioctl.h>

#include <algorithm>

#include "cli/output/text.h"

namespace defender_car {
namespace {

/// Adds a word to the last line of `out`, or begins a new one; `column` is where that one ends.
void add_word(std::string& out, std::size_t& column, std::string_view word, std::size_t width) {
  const std::size_t length = width_of(word);
  if (column > 0 && column + 1 + length > width) {
    out += '\n';
    column = 0;
  } else if (column > 0) {
    out += ' ';
    ++column;
  }
  out += word;
  column += length;
}

std::string_view take_until(std::string_view& text, char end) {
  const std::string_view part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

}  // namespace

std::size_t terminal_columns(int descriptor) {
  ::winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col == 0 ? 80 : size.ws_col;
}

std::string Style::in(std::string_view code, std::string_view text) const {
  if (!color) return std::string(text);
  return std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
}

std::string wrapped(std::string_view text, std::size_t width) {
  if (width == 0) return std::string(text);
  std::string out;
  std::size_t column = 0;
  const auto end_paragraph = [&] {
    if (column > 0) out += '\n';
    column = 0;
  };
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (line.empty() || line.front() == ' ' || line.front() == '-') {
      end_paragraph();
      out.append(line).append("\n");
      continue;
    }
    while (!line.empty()) add_word(out, column, take_until(line, ' '), width);
  }
  end_paragraph();
  return out;
}

}  // namespace defender_car
