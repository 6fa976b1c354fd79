#pragma once
// Text on its way to a person: nothing from outside may steer a terminal or break a line of a log.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace defender_car {

/// One line, whole: no control characters, terminal escapes, direction marks or bytes that are no
/// UTF-8.
std::string printable(std::string_view text);

/// UTF-8 with each wrong byte replaced by U+FFFD, so that a JSON document stays one.
std::string valid_utf8(std::string_view text);

/// The text of a file that some editor saved, without a byte order mark. Throws Error(usage), which
/// does not name the file, for UTF-16.
std::string_view without_byte_order_mark(std::string_view text);

/// The first `width` characters of UTF-8 text.
std::string_view shorten(std::string_view text, std::size_t width);

/// Characters (code points) of UTF-8 text.
std::size_t width_of(std::string_view text);

/// "0:07", "12:30", "1:02:03"
std::string duration(std::int64_t seconds);

/// A table without the columns that have nothing but their heading.
std::vector<std::vector<std::string>> without_empty_columns(
    const std::vector<std::vector<std::string>>& rows);

/// Columns padded to their widest cell, two spaces apart; the first row is the heading. Cells are
/// made printable. Where that is wider than `width` (0: never), each row becomes lines, the heading
/// before each cell.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width = 0);

}  // namespace defender_car
