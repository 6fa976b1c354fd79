#pragma once
// Lines of an answer, indented by level, made printable.

#include <cstddef>
#include <string>

#include "cli/output/text.h"

namespace defender_car {

class Page {
 public:
  /// Two blanks deeper a level.
  void line(std::size_t level, const std::string& text) {
    text_ += std::string(2 * level, ' ') + printable(text) + "\n";
  }
  /// A word that may have colours, and what follows it.
  void styled(std::size_t level, const std::string& word, const std::string& text) {
    const char* gap = text.starts_with(' ') ? " " : "";
    text_ += std::string(2 * level, ' ') + word + gap + printable(text) + "\n";
  }
  void gap() {
    if (!text_.empty()) text_ += "\n";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace defender_car
