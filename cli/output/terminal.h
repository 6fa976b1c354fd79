#pragma once
// What the reader of standard output is: how wide, and whether colours show.

#include <cstddef>
#include <string>
#include <string_view>

namespace defender_car {

/// Columns of the terminal behind a descriptor; 0 where there is none.
std::size_t terminal_columns(int descriptor);

/// How text for people is laid out.
struct Style {
  bool color = false;
  std::size_t width = 0;  ///< columns; 0: no terminal, lines of any length

  std::string good(std::string_view text) const { return in("32", text); }
  std::string bad(std::string_view text) const { return in("31", text); }
  std::string warning(std::string_view text) const { return in("33", text); }
  std::string strong(std::string_view text) const { return in("1", text); }

 private:
  std::string in(std::string_view code, std::string_view text) const;
};

/// Paragraphs of prose on lines of at most `width` columns; lines that begin with a blank, and
/// those of lists, stay as they are. 0: unchanged.
std::string wrapped(std::string_view text, std::size_t width);

}  // namespace defender_car
