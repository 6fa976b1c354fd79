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

std::string shown(Statement& row, std::string_view column) {
  return printable(row.text(column), longest_name);
}

std::string message(Statement& row, std::string_view column) {
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
  return {row.integer("run_id"),    shown(row, "mode"),        shown(row, "outcome"),
          shown(row, "started_at"), shown(row, "finished_at"), row.real("seconds"),
          row.integer("imported"),  row.integer("updated"),    row.integer("disabled"),
          row.integer("deleted"),   row.integer("fell_away")};
}

DaySent day_sent(Statement& row) {
  return {shown(row, "day"),          row.integer("runs"),    row.integer("done"),
          row.integer("partial"),     row.integer("held"),    row.integer("failed"),
          row.integer("imported"),    row.integer("updated"), row.integer("removed"),
          row.real("longest_seconds")};
}

RemovalReason removal(Statement& row) {
  return {shown(row, "operation"), shown(row, "collection"), shown(row, "reason"),
          row.integer("records"), shown(row, "last_at")};
}

DeletedMachine deleted(Statement& row) {
  return {shown(row, "machine"), shown(row, "name"),   shown(row, "at"),
          row.integer("run_id"), shown(row, "reason"), shown(row, "evidence")};
}

Trouble trouble(Statement& row) {
  return {shown(row, "what"),     shown(row, "kind"),    row.integer("runs"),
          shown(row, "first_at"), shown(row, "last_at"), row.integer("last_run"),
          message(row, "text")};
}

WithheldCount held_back(Statement& row) {
  return {shown(row, "reason"), shown(row, "aspect"), row.integer("machines"),
          row.integer("run_id")};
}

Platform platform(Statement& row) {
  return {shown(row, "name"),      row.integer("machines"), row.integer("active"),
          row.integer("impaired"), row.integer("inactive"), row.integer("in_car")};
}

Health health(Statement& row) {
  return {shown(row, "name"), row.integer("machines"), row.integer("in_car")};
}

LeavingDay leaving_day(Statement& row) {
  return {row.integer("days_left"), row.integer("machines")};
}

LeavingMachine leaving(Statement& row) {
  return {shown(row, "machine"), shown(row, "name"), shown(row, "last_seen"),
          shown(row, "leaves_at"), row.real("days_left")};
}

SetAsideReason set_aside(Statement& row) {
  return {shown(row, "dataset"),   shown(row, "reason"),     row.integer("records"),
          row.integer("standing"), row.integer("first_run"), row.integer("last_run")};
}

Severity severity(Statement& row) {
  return {shown(row, "name"), row.integer("cves"), row.integer("findings")};
}

Software software(Statement& row) {
  return {shown(row, "name"), row.integer("cves"), row.real("worst"), row.integer("machines")};
}

OpenAlerts open_alerts(Statement& row) {
  return {shown(row, "name"),  row.integer("alerts"), row.integer("in_car"), row.integer("day"),
          row.integer("week"), row.integer("month"),  row.integer("older")};
}

AlertMachine alert_machine(Statement& row) {
  return {shown(row, "machine"), shown(row, "name"), row.integer("alerts"), row.integer("high"),
          shown(row, "last_update")};
}

FleetRisk fleet_risk(Statement& row) {
  return {shown(row, "risk"), shown(row, "value"), row.integer("machines")};
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
  data.open_alerts = list(of("open_alerts"), most_platforms, open_alerts);
  data.alert_machines = list(of("alert_machines"), most_rows, alert_machine);
  data.risks = list(of("risks"), most_removals, fleet_risk);
}

}  // namespace

ReportData read_report(const std::filesystem::path& working_dir, EpochMs now) {
  const WorkingDir folder{working_dir};
  Database state = open_state(folder);
  require_views(state);
  state.exec("BEGIN");  // a reader's: one moment for all; it ends with the connection
  ReportData data;
  static_cast<Verdict&>(data) = read_verdict(state, folder, now);
  for (DatasetCursor& dataset : data.status.datasets) {
    dataset.problem = printable(dataset.problem, longest_message);
  }
  read_lists(state, data);
  data.known_machines = state.number("report/machines");
  return data;
}

}  // namespace defender_car
