// Runs over time, and what was wrong with some.

#include "cli/output/words.h"
#include "cli/report/chart.h"
#include "cli/report/sections.h"
#include "cli/report/table.h"

namespace defender_car {
namespace {

using Kind = Column::Kind;

double real(std::int64_t number) { return static_cast<double>(number); }

std::string outcomes(const DaySent& day) {
  std::string words = day_of(day.day) + ": " + counted(day.runs, "run", "runs");
  if (day.runs == 0) return words;
  words += ", " + grouped(day.done) + " good";
  if (day.partial > 0) words += ", " + grouped(day.partial) + " partial";
  if (day.held > 0) words += ", " + grouped(day.held) + " held";
  if (day.failed > 0) words += ", " + grouped(day.failed) + " failed";
  return words;
}

/// The first, the last and the one in the middle are enough to read the others by.
std::string tick(std::size_t at, std::size_t count, const std::string& words) {
  return at == 0 || at + 1 == count || (count > 4 && at == count / 2) ? words : "";
}

void outcome_chart(Html& html, const ReportData& data) {
  Chart chart{"runs-by-day", "Runs a day, by how they ended",
              "One column a day; the table below has the numbers."};
  const auto& days = data.days.rows;
  for (std::size_t i = 0; i < days.size(); ++i) {
    const DaySent& day = days[i];
    chart.bars.push_back({tick(i, days.size(), day_of(day.day)),
                          outcomes(day),
                          {{"good", real(day.done)},
                           {"partial", real(day.partial)},
                           {"held", real(day.held)},
                           {"bad", real(day.failed)}}});
  }
  chart.legend = {
      {"good", "good"}, {"partial", "partial"}, {"held", "held back"}, {"bad", "failed"}};
  column_chart(html, chart, Scale::linear, true);
}

void sent_chart(Html& html, const ReportData& data) {
  Chart chart{"sent-by-day", "Records sent a day",
              "One column a day, each line of the scale ten or a hundred times the one below; the "
              "table below has the numbers."};
  const auto& days = data.days.rows;
  for (std::size_t i = 0; i < days.size(); ++i) {
    const DaySent& day = days[i];
    const std::int64_t sent = day.imported + day.updated;
    chart.bars.push_back({tick(i, days.size(), day_of(day.day)),
                          day_of(day.day) + ": " + counted(sent, "record", "records") + " sent",
                          {{"neutral", real(sent)}}});
  }
  column_chart(html, chart, Scale::tenfold);
}

void days_table(Html& html, const ReportData& data) {
  Table days{"days-table",
             "The last 14 days",
             {{"Day", Kind::brief},
              {"Runs", Kind::number},
              {"Good", Kind::number},
              {"Partial", Kind::number},
              {"Held", Kind::number},
              {"Failed", Kind::number},
              {"Imported", Kind::number},
              {"Updated", Kind::number},
              {"Removed", Kind::number},
              {"Longest run", Kind::number}},
             {},
             data.days.total};
  for (const DaySent& day : data.days.rows) {
    days.rows.push_back({day_of(day.day), grouped(day.runs), grouped(day.done),
                         grouped(day.partial), grouped(day.held), grouped(day.failed),
                         grouped(day.imported), grouped(day.updated), grouped(day.removed),
                         day.longest_seconds > 0 ? run_time(day.longest_seconds) : "–"});
  }
  folded_table(html, days);
}

/// Newest first in the data, newest at the right in a chart.
Chart last_runs(Chart chart, const ReportData& data, Bar (*bar_of)(const RunSent&)) {
  const auto& runs = data.runs.rows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunSent& run = runs[runs.size() - 1 - i];
    Bar bar = bar_of(run);
    const bool end = i == 0 || i + 1 == runs.size();
    if (end) bar.label = day_of(run.started_at) + " " + clock_of(run.started_at);
    chart.bars.push_back(std::move(bar));
  }
  return chart;
}

std::string run_words(const RunSent& run) {
  return "run " + std::to_string(run.run_id) + ", " + clock_of(run.started_at) + ": ";
}

void last_runs_chart(Html& html, const ReportData& data, const char* id, const char* title,
                     Bar (*bar_of)(const RunSent&), const std::vector<Key>& legend = {}) {
  Chart chart{id, title,
              "One column a run, the newest at the right; the table below has the numbers."};
  chart.legend = legend;
  column_chart(html, last_runs(std::move(chart), data, bar_of), Scale::tenfold);
}

Bar sent_bar(const RunSent& run) {
  const std::int64_t sent = run.imported + run.updated;
  return {"", run_words(run) + grouped(sent) + " sent", {{"neutral", real(sent)}}};
}

Bar removed_bar(const RunSent& run) {
  const std::int64_t removed = run.disabled + run.deleted + run.fell_away;
  return {"", run_words(run) + grouped(removed) + " removed", {{"removed", real(removed)}}};
}

/// A colour for how it ended, and the word for it beside the time.
Bar time_bar(const RunSent& run) {
  const bool ended = !run.finished_at.empty();
  const std::string_view kind = run.outcome == "done"      ? "neutral"
                                : run.outcome == "held"    ? "held"
                                : run.outcome == "partial" ? "partial"
                                                           : "bad";
  return {"",
          run_words(run) + (ended ? run_time(run.seconds) + ", " + run.outcome : "did not end"),
          {{kind, run.seconds}}};
}

void runs_table(Html& html, const ReportData& data) {
  Table runs{"runs-table",
             "The last runs, newest first",
             {{"Run"},
              {"Started", Kind::brief},
              {"Mode"},
              {"Outcome"},
              {"Took", Kind::number},
              {"Imported", Kind::number},
              {"Updated", Kind::number},
              {"Disabled", Kind::number},
              {"Deleted", Kind::number},
              {"Fell away", Kind::number}},
             {},
             data.runs.total};
  for (const RunSent& run : data.runs.rows) {
    runs.rows.push_back({std::to_string(run.run_id), moment(run.started_at),
                         run.mode.empty() ? "–" : run.mode,
                         run.outcome.empty() ? "not finished" : run.outcome,
                         run.finished_at.empty() ? "–" : run_time(run.seconds),
                         grouped(run.imported), grouped(run.updated), grouped(run.disabled),
                         grouped(run.deleted), grouped(run.fell_away)});
  }
  folded_table(html, runs);
}

}  // namespace

void runs_section(Html& html, const ReportData& data) {
  open_section(html, "runs", "Runs");
  if (data.days.rows.empty()) {
    html.element("p", "No run has been made yet.", {{"class", "empty"}});
    return html.close();
  }
  html.open("div", {{"class", "pair"}});
  outcome_chart(html, data);
  sent_chart(html, data);
  html.close();
  days_table(html, data);
  html.element("h3", data.runs.rows.size() > 1
                         ? "The last " + std::to_string(data.runs.rows.size()) + " runs"
                         : "The only run");
  html.open("div", {{"class", "triple"}});
  last_runs_chart(html, data, "sent-by-run", "Sent by each run", sent_bar);
  last_runs_chart(html, data, "removed-by-run", "Removed by each run", removed_bar);
  last_runs_chart(
      html, data, "time-by-run", "Seconds a run took", time_bar,
      {{"neutral", "good"}, {"partial", "partial"}, {"held", "held back"}, {"bad", "failed"}});
  html.close();
  runs_table(html, data);
  html.close();
}

}  // namespace defender_car
