#include "cli/output/text.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"

namespace defender_car {
namespace {

constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Each row below the heading as "heading: cell" lines, a blank line between two rows.
std::string as_lines(const std::vector<std::vector<std::string>>& cells) {
  std::string out;
  for (std::size_t row = 1; row < cells.size(); ++row) {
    if (row > 1) out += "\n";
    for (std::size_t i = 0; i < cells[row].size(); ++i) {
      if (!cells[row][i].empty()) out += cells[0][i] + ": " + cells[row][i] + "\n";
    }
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return printable(text, std::numeric_limits<std::size_t>::max());
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character c = first_utf8_character(text);
    out.append(c.valid ? text.substr(0, c.bytes) : std::string_view("\xEF\xBF\xBD"));
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kUtf8 = "\xEF\xBB\xBF";
  const bool marked = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  // Without the mark every other byte of such a text is 0.
  if (marked || text.substr(0, 2).find('\0') != std::string_view::npos) {
    throw Error(ErrorKind::usage,
                "is UTF-16 (Windows' \"Unicode\"): save it as UTF-8, in PowerShell with -Encoding "
                "ascii");
  }
  if (text.starts_with(kUtf8)) text.remove_prefix(kUtf8.size());
  return text;
}

std::string_view shorten(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    if (!is_continuation(text[end]) && seen++ == width) break;
  }
  return text.substr(0, end);
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string duration(std::int64_t seconds) {
  const auto two_digits = [](std::int64_t n) {
    return std::string(n < 10 ? "0" : "").append(std::to_string(n));
  };
  const std::string tail = two_digits(seconds % 60);
  const std::int64_t minutes = seconds / 60;
  if (minutes < 60) return std::to_string(minutes) + ":" + tail;
  return std::to_string(minutes / 60) + ":" + two_digits(minutes % 60) + ":" + tail;
}

std::vector<std::vector<std::string>> without_empty_columns(
    const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> out(rows.size());
  for (std::size_t column = 0; column < rows[0].size(); ++column) {
    const bool empty = std::all_of(rows.begin() + 1, rows.end(), [&](const auto& row) {
      return column >= row.size() || row[column].empty();
    });
    if (empty) continue;
    for (std::size_t i = 0; i < rows.size(); ++i)
      out[i].push_back(column < rows[i].size() ? rows[i][column] : "");
  }
  return out;
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(printable(row[i]));
      widths[i] = std::max(widths[i], width_of(line[i]));
    }
  }
  const std::size_t all = std::accumulate(widths.begin(), widths.end(), 2 * widths.size());
  if (width > 0 && all > width + 2) return as_lines(cells);
  std::string out;
  for (const auto& line : cells) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      text.append(widths[i] - width_of(line[i]) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

}  // namespace defender_car
