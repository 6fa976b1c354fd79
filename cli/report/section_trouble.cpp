// What was not good: failed runs, guards, readings that were not complete, records set aside.

#include "cli/output/words.h"
#include "cli/report/sections.h"
#include "cli/report/table.h"

namespace defender_car {
namespace {

using Kind = Column::Kind;

void datasets(Html& html, const ReportData& data) {
  Table readings{"datasets-table",
                 "How each dataset was read last",
                 {{"Dataset", Kind::brief},
                  {"State", Kind::brief},
                  {"Read up to", Kind::brief},
                  {"Last complete", Kind::brief}},
                 {},
                 static_cast<std::int64_t>(data.status.datasets.size())};
  for (const DatasetCursor& dataset : data.status.datasets) {
    readings.rows.push_back(
        {dataset.name, dataset.state, dataset.cursor.empty() ? "never" : moment(dataset.cursor),
         dataset.last_complete_at.empty() ? "never" : moment(dataset.last_complete_at)});
  }
  if (!readings.rows.empty()) table(html, readings);
}

void held_back(Html& html, const ReportData& data) {
  if (data.held_back.rows.empty()) return;
  Table held{
      "held-table",
      "Removals that wait now, for a complete reading or for a person",
      {{"Why"}, {"What of the machine"}, {"Machines", Kind::number}, {"By run", Kind::number}},
      {},
      data.held_back.total};
  for (const WithheldCount& row : data.held_back.rows) {
    held.rows.push_back(
        {row.reason, row.aspect, grouped(row.machines), std::to_string(row.run_id)});
  }
  table(html, held);
}

/// What was said comes second: a phone shows the first two columns.
void troubles(Html& html, const Listed<Trouble>& list, const char* id, const char* caption,
              const char* what, const char* kind) {
  Table rows{id,
             caption,
             {{what, Kind::brief},
              {"What the last one said", Kind::message},
              {kind, Kind::brief},
              {"Runs", Kind::number},
              {"First", Kind::brief},
              {"Last", Kind::brief}},
             {},
             list.total};
  for (const Trouble& row : list.rows) {
    rows.rows.push_back({row.what, row.text.empty() ? "–" : row.text,
                         row.kind.empty() ? "–" : row.kind, grouped(row.runs), moment(row.first_at),
                         moment(row.last_at)});
  }
  table(html, rows);
}

}  // namespace

void trouble_section(Html& html, const ReportData& data) {
  open_section(html, "trouble", "Guard stops, failures and incomplete readings");
  if (data.failures.rows.empty() && data.incomplete.rows.empty()) {
    html.element("p", "None in these 14 days: every run ended well and read all of it.",
                 {{"class", "empty"}});
  }
  held_back(html, data);
  if (!data.failures.rows.empty()) {
    troubles(html, data.failures, "failures-table", "Runs that were not good, last 14 days",
             "Outcome", "Failure");
  }
  if (!data.incomplete.rows.empty()) {
    troubles(html, data.incomplete, "incomplete-table", "Readings not complete, last 14 days",
             "Dataset", "State");
  }
  datasets(html, data);
  html.close();
}

void set_aside_section(Html& html, const ReportData& data) {
  open_section(html, "set-aside", "Records set aside");
  if (data.set_aside.rows.empty()) {
    html.element("p", "None: every record of Defender's could be used, and CAR took all of it.",
                 {{"class", "empty"}});
    return html.close();
  }
  html.element("p",
               "Records that could not be used, or that CAR refused. They stop nothing else; what "
               "they would have said stays as last known.");
  Table rows{"set-aside-table",
             "Records set aside, by reason",
             {{"Dataset", Kind::brief},
              {"Reason"},
              {"Now", Kind::number},
              {"Ever", Kind::number},
              {"First run", Kind::number},
              {"Last run", Kind::number}},
             {},
             data.set_aside.total};
  for (const SetAsideReason& row : data.set_aside.rows) {
    rows.rows.push_back({row.dataset, row.reason, grouped(row.standing), grouped(row.records),
                         std::to_string(row.first_run), std::to_string(row.last_run)});
  }
  table(html, rows);
  html.close();
}

}  // namespace defender_car
