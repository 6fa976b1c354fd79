#pragma once
// Charts as inline SVG: shapes in percent of the width, so that they fit a phone and a wall and
// letters keep their size. Every chart has a title and a description for a screen reader; what it
// shows is also in a table, which is the caller's to write. Colours come from the style sheet.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/report/html.h"

namespace defender_car {

/// A part of a bar or column. `kind` names its colour (class `fill-KIND`).
struct Part {
  std::string_view kind;
  double value = 0;
};

struct Bar {
  std::string label = {};  ///< beneath the column (may be empty), or above the bar
  std::string words = {};  ///< a column in words: for the pointer, the keyboard and a screen reader
  std::vector<Part> parts = {};
  std::string number = {};  ///< at the end of a horizontal bar
  std::string detail = {};  ///< behind the number, where there is room
};

struct Key {
  std::string_view kind;
  std::string_view words;
};

struct Chart {
  std::string id;     ///< of the element, unique on the page
  std::string title;  ///< above it, and for a screen reader
  std::string description;
  std::vector<Bar> bars = {};
  std::vector<Key> legend = {};
};

/// How high a column is: in proportion, or one line more for ten times as much.
enum class Scale { linear, tenfold };

/// Columns side by side, in order of time. `stops`: the keyboard stops at each column.
void column_chart(Html& html, const Chart& chart, Scale scale, bool stops = false);

/// Horizontal bars, one above the other, in proportion to the longest.
void bar_chart(Html& html, const Chart& chart);

}  // namespace defender_car
