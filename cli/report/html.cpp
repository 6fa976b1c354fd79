#include "cli/report/html.h"

#include "cli/output/text.h"

namespace defender_car {

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void Html::begin(std::string_view element, Attributes attributes) {
  out_.append("<").append(element);
  for (const auto& [name, value] : attributes) {
    out_.append(" ").append(name).append("=\"").append(html_escaped(value)).append("\"");
  }
}

void Html::open(std::string_view element, Attributes attributes) {
  begin(element, attributes);
  out_ += ">";
  open_.push_back(element);
}

void Html::close() {
  out_.append("</").append(open_.back()).append(">\n");
  open_.pop_back();
}

void Html::text(std::string_view text) { out_ += html_escaped(text); }

void Html::element(std::string_view element, std::string_view text, Attributes attributes) {
  begin(element, attributes);
  out_.append(">").append(html_escaped(text)).append("</").append(element).append(">");
}

void Html::empty(std::string_view element, Attributes attributes) {
  begin(element, attributes);
  out_ += "/>";
}

void Html::style(std::string_view css) { out_.append("<style>").append(css).append("</style>\n"); }

std::string Html::take() {
  while (!open_.empty()) close();
  return std::move(out_);
}

}  // namespace defender_car
