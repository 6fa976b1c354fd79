#include "cli/report/chart.h"

#include <algorithm>
#include <cmath>

#include "cli/output/text.h"
#include "cli/output/words.h"

namespace defender_car {
namespace {

// Pixels.
constexpr double plot_top = 22;  // room for what the column at hand says
constexpr double plot_height = 110;
constexpr double plot_bottom = plot_top + plot_height;
constexpr double chart_height = plot_bottom + 22;
constexpr double bar_pitch = 40;
constexpr double bar_top = 21;
constexpr double bar_height = 10;

constexpr std::size_t longest_label = 34;  // characters that fit a phone beside a number

std::string px(double number) {
  std::string text = std::to_string(std::round(number * 100) / 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string percent(double share) { return px(share * 100) + "%"; }

double sum(const Bar& bar) {
  double total = 0;
  for (const Part& part : bar.parts) total += part.value;
  return total;
}

double largest(const Chart& chart) {
  double most = 0;
  for (const Bar& bar : chart.bars) most = std::max(most, sum(bar));
  return most;
}

/// The next of 1, 2, 3, 4, 5, 6, 8, 10, 20 …, so that the lines of a scale have round numbers.
double round_up(double value) {
  double power = 1;
  while (power * 10 < value) power *= 10;
  for (const double step : {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0}) {
    if (step * power >= value) return step * power;
  }
  return 10 * power;
}

struct Axis {
  std::vector<double> lines;
  Scale scale;
  double top;
  /// Where a value is, as a share of the plot's height.
  double share(double value) const {
    if (value <= 0) return 0;
    return scale == Scale::linear ? value / top : std::log10(1 + value) / std::log10(1 + top);
  }
};

Axis axis_for(double most, Scale scale) {
  if (scale == Scale::linear) {
    const double top = round_up(std::max(1.0, most));
    const double half = top / 2;
    if (half != std::floor(half)) return {{top}, scale, top};  // counts have no halves
    return {{half, top}, scale, top};
  }
  Axis axis{{}, scale, 10};
  while (axis.top < most) axis.top *= 10;
  // Not more lines than there is room for words.
  const double step = axis.top > 1e4 ? 100 : 10;
  for (double line = axis.top; line >= 1; line /= step) axis.lines.push_back(line);
  return axis;
}

std::string short_number(double value) {
  if (value >= 1e6) return grouped(std::llround(value / 1e6)) + " M";
  if (value >= 1e4) return grouped(std::llround(value / 1e3)) + " k";
  return grouped(std::llround(value));
}

double height_of(const Axis& axis, double value) {
  const double height = axis.share(value) * plot_height;
  return value > 0 ? std::max(2.0, height) : 0;  // what is there can be seen
}

void open_figure(Html& html, const Chart& chart, Scale scale) {
  html.open("figure");
  html.open("figcaption");
  html.text(chart.title);
  if (scale == Scale::tenfold) html.element("span", "log scale");
  html.close();
}

void close_figure(Html& html, const Chart& chart) {
  if (!chart.legend.empty()) {
    html.open("ul", {{"class", "legend"}});
    for (const Key& key : chart.legend) {
      html.open("li");
      html.element("span", "", {{"class", "swatch fill-" + std::string(key.kind)}});
      html.text(key.words);
      html.close();
    }
    html.close();
  }
  html.close();
}

void open_svg(Html& html, const Chart& chart, std::string_view css_class, double height,
              std::string_view role) {
  html.open("svg", {{"id", chart.id},
                    {"class", std::string(css_class)},
                    {"role", std::string(role)},
                    {"aria-labelledby", chart.id + "-title " + chart.id + "-desc"},
                    {"width", "100%"},
                    {"height", px(height)},
                    {"focusable", "false"}});
  html.element("title", chart.title, {{"id", chart.id + "-title"}});
  html.element("desc", chart.description, {{"id", chart.id + "-desc"}});
}

void scale_numbers(Html& html, const Axis& axis) {
  html.open("svg", {{"class", "axis"},
                    {"aria-hidden", "true"},
                    {"width", "40"},
                    {"height", px(chart_height)},
                    {"focusable", "false"}});
  for (const double line : axis.lines) {
    html.element("text", short_number(line),
                 {{"x", "34"},
                  {"y", px(plot_bottom - axis.share(line) * plot_height + 4)},
                  {"text-anchor", "end"}});
  }
  html.close();
}

void grid(Html& html, const Axis& axis) {
  std::vector<double> lines = axis.lines;
  lines.push_back(0);
  for (const double line : lines) {
    const std::string y = px(plot_bottom - axis.share(line) * plot_height);
    html.empty(
        "line",
        {{"class", line > 0 ? "grid" : "base"}, {"x1", "0"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
  }
}

void column_parts(Html& html, const Bar& bar, const Axis& axis, double left, double width) {
  const double total = sum(bar);
  const double height = height_of(axis, total);
  double bottom = plot_bottom;
  for (const Part& part : bar.parts) {
    if (part.value <= 0) continue;
    const double piece = std::max(2.0, height * part.value / total);
    html.empty("rect", {{"class", "fill-" + std::string(part.kind)},
                        {"x", percent(left)},
                        {"width", percent(width)},
                        {"y", px(bottom - piece)},
                        {"height", px(piece)}});
    bottom -= piece;
  }
}

/// What a column says: to the right of it in the left half, to the left of it in the right one.
void column_words(Html& html, const Bar& bar, double left, double width) {
  const bool at_left = left < 0.5;
  html.element("text", bar.words,
               {{"class", "tip"},
                {"x", percent(at_left ? left : left + width)},
                {"y", "13"},
                {"text-anchor", at_left ? "start" : "end"},
                {"aria-hidden", "true"}});
}

void open_column(Html& html, const Bar& bar, double left, double slot, bool stops) {
  if (stops) {
    html.open("g",
              {{"class", "column"}, {"role", "img"}, {"tabindex", "0"}, {"aria-label", bar.words}});
  } else {
    html.open("g", {{"class", "column"}});
  }
  // The whole slot answers to the pointer, also where the column is low.
  html.empty("rect", {{"class", "slot"},
                      {"x", percent(left)},
                      {"width", percent(slot)},
                      {"y", px(plot_top)},
                      {"height", px(plot_height)}});
}

/// Beneath the column; at both ends it stays within the chart.
void tick(Html& html, const Bar& bar, double left, double slot) {
  if (bar.label.empty()) return;
  const bool first = left <= 0;
  const bool last = !first && left + 1.5 * slot > 1;
  html.element("text", bar.label,
               {{"class", "tick"},
                {"x", first ? "0" : percent(last ? 1 : left + slot / 2)},
                {"y", px(plot_bottom + 16)},
                {"text-anchor", first  ? "start"
                                : last ? "end"
                                       : "middle"},
                {"aria-hidden", "true"}});
}

void bar_words(Html& html, const Bar& bar, double y) {
  const std::string label = printable(bar.label);
  const bool cut = width_of(label) > longest_label;
  html.element("text", cut ? std::string(shorten(label, longest_label - 1)).append("…") : label,
               {{"x", "0"}, {"y", px(y)}});
  html.open("text", {{"class", "number"}, {"x", "100%"}, {"y", px(y)}, {"text-anchor", "end"}});
  html.text(bar.number);
  if (!bar.detail.empty()) html.element("tspan", bar.detail, {{"class", "detail"}, {"dx", "4"}});
  html.close();
}

void bar_parts(Html& html, const Bar& bar, double y, double most) {
  const auto part = [&](const std::string& css_class, double left, double width) {
    html.empty("rect", {{"class", css_class},
                        {"x", percent(left)},
                        {"width", percent(width)},
                        {"y", px(y)},
                        {"height", px(bar_height)}});
  };
  part("track", 0, 1);
  double left = 0;
  for (const Part& piece : bar.parts) {
    if (piece.value <= 0) continue;
    part("fill-" + std::string(piece.kind), left, piece.value / most);
    left += piece.value / most;
  }
}

}  // namespace

void column_chart(Html& html, const Chart& chart, Scale scale, bool stops) {
  const Axis axis = axis_for(largest(chart), scale);
  const double slot = 1.0 / static_cast<double>(std::max<std::size_t>(1, chart.bars.size()));
  open_figure(html, chart, scale);
  html.open("div", {{"class", "columns"}});
  scale_numbers(html, axis);
  open_svg(html, chart, "plot", chart_height, stops ? "group" : "img");
  grid(html, axis);
  double left = 0;
  for (const Bar& bar : chart.bars) {
    open_column(html, bar, left, slot, stops);
    column_parts(html, bar, axis, left + slot * 0.12, slot * 0.76);
    column_words(html, bar, left, slot);
    html.close();
    tick(html, bar, left, slot);
    left += slot;
  }
  html.close();
  html.close();
  close_figure(html, chart);
}

void bar_chart(Html& html, const Chart& chart) {
  const double most = std::max(1.0, largest(chart));
  open_figure(html, chart, Scale::linear);
  open_svg(html, chart, "bars", bar_pitch * static_cast<double>(chart.bars.size()), "img");
  double top = 0;
  for (const Bar& bar : chart.bars) {
    bar_words(html, bar, top + 14);
    bar_parts(html, bar, top + bar_top, most);
    top += bar_pitch;
  }
  html.close();
  close_figure(html, chart);
}

}  // namespace defender_car
