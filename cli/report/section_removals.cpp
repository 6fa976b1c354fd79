// What was taken out of CAR, and which machines will be.

#include <functional>
#include <map>

#include "cli/output/words.h"
#include "cli/report/chart.h"
#include "cli/report/sections.h"
#include "cli/report/table.h"

namespace defender_car {
namespace {

using Kind = Column::Kind;

double real(std::int64_t number) { return static_cast<double>(number); }

std::string operation_words(const std::string& operation) {
  if (operation == "disable") return "disabled";
  if (operation == "delete") return "deleted";
  return operation == "drop" ? "fell away" : operation;
}

void removed_by_day(Html& html, const ReportData& data) {
  Chart chart{"removed-by-day", "Records removed a day",
              "One column a day; the table of days under Runs has the numbers."};
  const auto& days = data.days.rows;
  for (std::size_t i = 0; i < days.size(); ++i) {
    const bool marked = i == 0 || i + 1 == days.size() || i == days.size() / 2;
    chart.bars.push_back({marked ? day_of(days[i].day) : "",
                          day_of(days[i].day) + ": " + grouped(days[i].removed) + " removed",
                          {{"removed", real(days[i].removed)}}});
  }
  column_chart(html, chart, Scale::tenfold);
}

void reasons_chart(Html& html, const ReportData& data) {
  constexpr std::size_t most = 6;
  Chart chart{"removal-reasons", "Records removed in 14 days, by reason",
              "The most frequent first; the table below has all of them."};
  std::map<std::string, std::int64_t> reasons;
  for (const RemovalReason& row : data.removals.rows) reasons[row.reason] += row.records;
  std::multimap<std::int64_t, std::string, std::greater<>> by_count;
  for (const auto& [reason, records] : reasons) by_count.emplace(records, reason);
  for (const auto& [records, reason] : by_count) {
    if (chart.bars.size() == most) break;
    chart.bars.push_back({reason, "", {{"removed", real(records)}}, grouped(records)});
  }
  bar_chart(html, chart);
}

void reasons_table(Html& html, const ReportData& data) {
  Table reasons{"removals-table",
                "Removals and their reasons, last 14 days",
                {{"Reason"}, {"What"}, {"How"}, {"Records", Kind::number}, {"Last", Kind::brief}},
                {},
                data.removals.total};
  for (const RemovalReason& row : data.removals.rows) {
    reasons.rows.push_back({row.reason, row.collection, operation_words(row.operation),
                            grouped(row.records), moment(row.last_at)});
  }
  folded_table(html, reasons);
}

void deleted_table(Html& html, const ReportData& data) {
  if (data.deleted.rows.empty()) return;
  Table machines{"deleted-table",
                 "Machines that left CAR, newest first",
                 {{"Machine"},
                  {"Why", Kind::brief},
                  {"When", Kind::brief},
                  {"Run", Kind::number},
                  {"Evidence", Kind::message},
                  {"Id", Kind::code}},
                 {},
                 data.deleted.total};
  for (const DeletedMachine& row : data.deleted.rows) {
    machines.rows.push_back({row.name.empty() ? "(no longer known)" : row.name, row.reason,
                             moment(row.at), std::to_string(row.run_id),
                             row.evidence.empty() ? "–" : row.evidence, row.machine});
  }
  table(html, machines);
}

void leaving_chart(Html& html, const ReportData& data) {
  Chart chart{"leaving-by-day", "Silent machines by the days they have left",
              "One column for each number of days from 0 to 14; the list below names the first."};
  for (std::int64_t day = 0; day < 15; ++day) {
    std::int64_t machines = 0;
    for (const LeavingDay& row : data.leaving_days.rows) {
      if (row.days_left == day) machines = row.machines;
    }
    const std::string left = counted(day, "day", "days") + " left";
    chart.bars.push_back({day % 7 == 0 ? (day == 0 ? "today" : counted(day, "day", "days")) : "",
                          left + ": " + counted(machines, "machine", "machines"),
                          {{day < 3 ? "held" : "neutral", real(machines)}}});
  }
  column_chart(html, chart, Scale::linear, true);
}

std::string left_words(double days) {
  if (days <= 0) return "over";
  return days < 1 ? "less than a day" : tenths(days) + " days";
}

}  // namespace

void removals_section(Html& html, const ReportData& data) {
  open_section(html, "removals", "Removals and their reasons");
  if (data.removals.rows.empty()) {
    html.element("p", "Nothing was removed from CAR in these 14 days.", {{"class", "empty"}});
    return html.close();
  }
  html.open("div", {{"class", "pair"}});
  removed_by_day(html, data);
  reasons_chart(html, data);
  html.close();
  reasons_table(html, data);
  deleted_table(html, data);
  html.close();
}

void leaving_section(Html& html, const ReportData& data) {
  open_section(html, "leaving", "Machines coming up to 15 days of silence");
  if (data.leaving.rows.empty()) {
    html.element("p", "No machine that CAR holds is inactive.", {{"class", "empty"}});
    return html.close();
  }
  html.element("p", counted(data.leaving.total, "inactive machine", "inactive machines") +
                        " will be deleted in CAR after 15 days of silence, unless seen again.");
  leaving_chart(html, data);
  Table machines{"leaving-table",
                 "The first to go",
                 {{"Machine"},
                  {"Left", Kind::brief},
                  {"Last seen", Kind::brief},
                  {"Leaves", Kind::brief},
                  {"Id", Kind::code}},
                 {},
                 data.leaving.total};
  for (const LeavingMachine& row : data.leaving.rows) {
    machines.rows.push_back({row.name.empty() ? "(no name)" : row.name, left_words(row.days_left),
                             moment(row.last_seen), moment(row.leaves_at), row.machine});
  }
  table(html, machines);
  html.close();
}

}  // namespace defender_car
