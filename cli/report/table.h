#pragma once
// Tables of the page: with a caption and scopes, in a frame of their own that scrolls by itself on
// a narrow screen.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/report/html.h"

namespace defender_car {

struct Column {
  std::string_view title;
  enum class Kind { words, message, brief, number, code } kind = Kind::words;
};

struct Table {
  std::string id;  ///< of the caption, unique on the page
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  ///< the first cell heads its row
  std::int64_t total = 0;                      ///< rows there are; what is not shown is counted
};

void table(Html& html, const Table& table);

/// Behind a line that opens it: what a chart shows already.
void folded_table(Html& html, const Table& table);

}  // namespace defender_car
