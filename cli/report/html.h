#pragma once
// Writes HTML: elements opened and closed in order, every text and attribute through one escaper.
//
// Guarantees: whatever a text holds, it stays text: no markup, no control characters, no bytes that
// are no UTF-8, no secret. Names of elements and attributes are the program's own and go as they
// are. Nothing here knows what a page shows.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace defender_car {

/// Fit for text and for attributes in quotes.
std::string html_escaped(std::string_view text);

class Html {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;

  void open(std::string_view element, Attributes attributes = {});
  void close();
  void text(std::string_view text);
  /// open, text, close.
  void element(std::string_view element, std::string_view text, Attributes attributes = {});
  /// Without an end: <meta>, <rect/>.
  void empty(std::string_view element, Attributes attributes = {});
  /// The program's own style sheet, as it is.
  void style(std::string_view css);

  /// The document; elements still open are closed.
  std::string take();

 private:
  void begin(std::string_view element, Attributes attributes);

  std::string out_ = "<!doctype html>\n";
  std::vector<std::string_view> open_;
};

}  // namespace defender_car
