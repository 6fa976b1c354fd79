#include "cli/report/table.h"

#include "cli/output/words.h"

namespace defender_car {
namespace {

std::string css_class(const Column& column) {
  switch (column.kind) {
    case Column::Kind::number:
      return "number";
    case Column::Kind::message:
      return "message";
    case Column::Kind::brief:
      return "brief";
    case Column::Kind::code:
      return "code";
    case Column::Kind::words:
      return "words";
  }
  return "";
}

void head(Html& html, const Table& table) {
  html.open("thead");
  html.open("tr");
  for (const Column& column : table.columns) {
    html.element("th", column.title, {{"scope", "col"}, {"class", css_class(column)}});
  }
  html.close();
  html.close();
}

void body(Html& html, const Table& table) {
  html.open("tbody");
  for (const auto& row : table.rows) {
    html.open("tr");
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string kind = css_class(table.columns.at(i));
      if (i == 0) {
        html.element("th", row[i], {{"scope", "row"}, {"class", kind}});
      } else {
        html.element("td", row[i], {{"class", kind}});
      }
    }
    html.close();
  }
  html.close();
}

void more(Html& html, const Table& table) {
  const std::int64_t hidden = table.total - static_cast<std::int64_t>(table.rows.size());
  if (hidden > 0) html.element("p", "and " + grouped(hidden) + " more", {{"class", "more"}});
}

}  // namespace

void table(Html& html, const Table& table) {
  // A frame that scrolls must be within reach of the keyboard.
  html.open(
      "div",
      {{"class", "scroll"}, {"role", "region"}, {"tabindex", "0"}, {"aria-labelledby", table.id}});
  html.open("table");
  html.element("caption", table.caption, {{"id", table.id}});
  head(html, table);
  body(html, table);
  html.close();
  html.close();
  more(html, table);
}

void folded_table(Html& html, const Table& folded) {
  html.open("details");
  html.element("summary", "Table: " + folded.caption);
  table(html, folded);
  html.close();
}

}  // namespace defender_car
