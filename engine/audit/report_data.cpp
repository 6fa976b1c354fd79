#include "audit/report_data.h"

#include <algorithm>

#include "audit/state.h"
#include "base/error.h"
#include "base/printable.h"

namespace defender_car {
namespace {

// Bytes; an ampersand takes five in HTML, so that all lists at their limits stay far below 2 MB.
constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_message = 1200;
constexpr int most_runs = 48;
constexpr int most_days = 14;
constexpr int most_leaving_days = 16;  // 0 to 15
constexpr int most_platforms = 12;
constexpr int most_removals = 100;  // of kinds that this program makes: no list of Defender's
constexpr int most_rows = 15;

constexpr std::int64_t least_lateness = 15 * 60;  // seconds

std::string shown(Statement& row, int column) { return printable(row.text(column), longest_name); }

std::string message(Statement& row, int column) {
  return printable(row.text(column), longest_message);
}

/// Rows of a statement of report.sql whose first column is how many there are in all.
template <typename Row>
Listed<Row> list(Statement& query, int limit, Row (*row_of)(Statement&)) {
  Listed<Row> listed;
  query.bind("limit", limit);
  while (query.step()) {
    listed.total = query.integer(0);
    listed.rows.push_back(row_of(query));
  }
  return listed;
}

RunSent run_sent(Statement& row) {
  return {row.integer(1), shown(row, 2),   shown(row, 3),  shown(row, 4),
          shown(row, 5),  row.real(6),     row.integer(7), row.integer(8),
          row.integer(9), row.integer(10), row.integer(11)};
}

DaySent day_sent(Statement& row) {
  return {shown(row, 1),  row.integer(2), row.integer(3), row.integer(4), row.integer(5),
          row.integer(6), row.integer(7), row.integer(8), row.integer(9), row.real(10)};
}

RemovalReason removal(Statement& row) {
  return {shown(row, 1), shown(row, 2), shown(row, 3), row.integer(4), shown(row, 5)};
}

DeletedMachine deleted(Statement& row) {
  return {shown(row, 1),  shown(row, 2), shown(row, 3),
          row.integer(4), shown(row, 5), shown(row, 6)};
}

Trouble trouble(Statement& row) {
  return {shown(row, 1), shown(row, 2),  row.integer(3), shown(row, 4),
          shown(row, 5), row.integer(6), message(row, 7)};
}

HeldBack held_back(Statement& row) {
  return {shown(row, 1), shown(row, 2), row.integer(3), row.integer(4)};
}

Platform platform(Statement& row) {
  return {shown(row, 1),  row.integer(2), row.integer(3),
          row.integer(4), row.integer(5), row.integer(6)};
}

Health health(Statement& row) { return {shown(row, 1), row.integer(2), row.integer(3)}; }

LeavingDay leaving_day(Statement& row) { return {row.integer(1), row.integer(2)}; }

LeavingMachine leaving(Statement& row) {
  return {shown(row, 1), shown(row, 2), shown(row, 3), shown(row, 4), row.real(5)};
}

SetAsideReason set_aside(Statement& row) {
  return {shown(row, 1),  shown(row, 2),  row.integer(3),
          row.integer(4), row.integer(5), row.integer(6)};
}

Severity severity(Statement& row) { return {shown(row, 1), row.integer(2), row.integer(3)}; }

Software software(Statement& row) {
  return {shown(row, 1), row.integer(2), row.real(3), row.integer(4)};
}

void read_lists(Database& state, ReportData& data) {
  const auto of = [&](const char* name) -> Statement& {
    return state.statement(std::string("report/") + name);
  };
  const std::int64_t before =
      std::max<std::int64_t>(0, state.number("report/last_run") - most_runs);
  data.runs = list(of("runs").bind("after", before), most_runs, run_sent);
  data.days = list(of("days"), most_days, day_sent);
  data.removals = list(of("removals"), most_removals, removal);
  data.deleted = list(of("deleted"), most_rows, deleted);
  data.failures = list(of("failures"), most_rows, trouble);
  data.incomplete = list(of("incomplete"), most_rows, trouble);
  data.held_back = list(of("held_back"), most_rows, held_back);
  data.platforms = list(of("platforms"), most_platforms, platform);
  data.health = list(of("health"), most_rows, health);
  data.leaving_days = list(of("leaving_days"), most_leaving_days, leaving_day);
  data.leaving = list(of("leaving"), most_rows, leaving);
  data.set_aside = list(of("set_aside"), most_rows, set_aside);
  data.severities = list(of("severities"), most_rows, severity);
  data.software = list(of("software"), most_platforms, software);
}

std::int64_t seconds_between(Database& state, const std::string& since, const std::string& until) {
  return state.statement("report/seconds").bind("since", since).bind("until", until).number();
}

void read_rhythm(Database& state, ReportData& data) {
  if (!data.status.last_success_at.empty()) {
    data.last_success_age =
        std::max<std::int64_t>(0, seconds_between(state, data.status.last_success_at, data.now));
  }
  Statement& rhythm = state.statement("report/rhythm");
  if (!rhythm.step() || rhythm.is_null(0)) return;
  data.usual_gap = rhythm.integer(0);
  data.next_expected_at = rhythm.text(1);
  data.overdue = std::max<std::int64_t>(0, seconds_between(state, data.next_expected_at, data.now));
}

void read_last_finished(Database& state, ReportData& data) {
  Statement& query = state.statement("report/last_finished");
  if (!query.step()) return;
  RunSent& run = data.last_finished.emplace();
  run.run_id = query.integer(0);
  run.mode = shown(query, 1);
  run.outcome = shown(query, 2);
  run.started_at = shown(query, 3);
  run.finished_at = shown(query, 4);
  data.last_error = message(query, 5);
}

Standing standing_of(const ReportData& data) {
  if (!data.last_finished) return Standing::none;
  const bool idle = data.status.running.empty();
  if (idle && data.usual_gap >= 0 && data.overdue > std::max(2 * data.usual_gap, least_lateness)) {
    return Standing::late;
  }
  const std::string& outcome = data.last_finished->outcome;
  if (outcome == "held") return Standing::held;
  if (outcome == "partial") return Standing::partial;
  return outcome == "done" ? Standing::good : Standing::failing;
}

}  // namespace

std::string_view standing_name(Standing standing) {
  switch (standing) {
    case Standing::none:
      return "none";
    case Standing::late:
      return "late";
    case Standing::held:
      return "held";
    case Standing::failing:
      return "failing";
    case Standing::partial:
      return "partial";
    case Standing::good:
      return "good";
  }
  return "";
}

ReportData read_report(const std::filesystem::path& working_dir, EpochMs now) {
  const WorkingDir folder{working_dir};
  Database state = open_state(folder);
  require_views(state);
  state.exec("BEGIN");  // a reader's: one moment for all; it ends with the connection
  ReportData data;
  data.now = iso8601(state.statement("history/reader_clock").bind("now", now).number());
  data.status = read_status(state, folder);
  for (DatasetCursor& dataset : data.status.datasets) {
    dataset.problem = printable(dataset.problem, longest_message);
  }
  read_lists(state, data);
  data.known_machines = state.number("report/machines");
  read_last_finished(state, data);
  read_rhythm(state, data);
  data.standing = standing_of(data);
  return data;
}

}  // namespace defender_car
