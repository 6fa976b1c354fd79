// The report's data as JSON.

#include "cli/output/output.h"
#include "cli/report/page.h"

namespace defender_car {
namespace {

/// An object with "rows" and how many there are in all, listed or not.
template <typename Row, typename Write>
void write_list(JsonWriter& json, const char* key, const Listed<Row>& list, Write write) {
  json.begin_object(key);
  json.integer("total", list.total);
  json.list("rows", list.rows, write);
  json.end_object();
}

/// null below 0: not known.
void integer_or_null(JsonWriter& json, const char* key, std::int64_t value) {
  if (value < 0) {
    json.text_or_null(key, "");
  } else {
    json.integer(key, value);
  }
}

void write_standing(JsonWriter& json, const ReportData& data) {
  const Status& status = data.status;
  json.text("now", data.now);
  json.text("standing", kSyncStates(data.standing));
  json.text("tenant", status.tenant);
  json.text("source", status.source);
  json.text_or_null("running", status.running);
  json.text_or_null("last_success_at", status.last_success_at);
  integer_or_null(json, "last_success_age", data.last_success_age);
  integer_or_null(json, "usual_gap", data.usual_gap);
  json.text_or_null("next_expected_at", data.next_expected_at);
  json.integer("overdue", data.overdue);
  json.text_or_null("last_error", data.last_error);
  json.integer("same_failure_count", status.same_failure_count);
  json.text_or_null("same_failure_since", status.same_failure_since);
  json.integer("known_machines", data.known_machines);
  json.integer("assets", status.assets);
  json.integer("edges", status.edges);
  json.integer("outbox", status.outbox);
  json.integer("set_aside_now", status.set_aside);
}

void write_runs(JsonWriter& json, const ReportData& data) {
  write_list(json, "runs", data.runs, [&](const RunSent& row) {
    json.integer("run_id", row.run_id);
    json.text_or_null("mode", row.mode);
    json.text_or_null("outcome", row.outcome);
    json.text("started_at", row.started_at);
    json.text_or_null("finished_at", row.finished_at);
    json.real("seconds", row.seconds);
    json.integer("imported", row.imported);
    json.integer("updated", row.updated);
    json.integer("disabled", row.disabled);
    json.integer("deleted", row.deleted);
    json.integer("fell_away", row.fell_away);
  });
  write_list(json, "days", data.days, [&](const DaySent& row) {
    json.text("day", row.day);
    json.integer("runs", row.runs);
    json.integer("done", row.done);
    json.integer("partial", row.partial);
    json.integer("held", row.held);
    json.integer("failed", row.failed);
    json.integer("imported", row.imported);
    json.integer("updated", row.updated);
    json.integer("removed", row.removed);
    json.real("longest_seconds", row.longest_seconds);
  });
}

void write_removals(JsonWriter& json, const ReportData& data) {
  write_list(json, "removals", data.removals, [&](const RemovalReason& row) {
    json.text("operation", row.operation);
    json.text("collection", row.collection);
    json.text("reason", row.reason);
    json.integer("records", row.records);
    json.text("last_at", row.last_at);
  });
  write_list(json, "deleted_machines", data.deleted, [&](const DeletedMachine& row) {
    json.text("machine", row.machine);
    json.text_or_null("name", row.name);
    json.text("at", row.at);
    json.integer("run_id", row.run_id);
    json.text("reason", row.reason);
    json.text_or_null("evidence", row.evidence);
  });
  write_list(json, "held_back", data.held_back, [&](const WithheldCount& row) {
    json.text("reason", row.reason);
    json.text("aspect", row.aspect);
    json.integer("machines", row.machines);
    json.integer("run_id", row.run_id);
  });
  write_list(json, "leaving_days", data.leaving_days, [&](const LeavingDay& row) {
    json.integer("days_left", row.days_left);
    json.integer("machines", row.machines);
  });
  write_list(json, "leaving_machines", data.leaving, [&](const LeavingMachine& row) {
    json.text("machine", row.machine);
    json.text_or_null("name", row.name);
    json.text("last_seen", row.last_seen);
    json.text("leaves_at", row.leaves_at);
    json.real("days_left", row.days_left);
  });
}

void write_troubles(JsonWriter& json, const char* key, const char* what, const char* kind,
                    const Listed<Trouble>& list) {
  write_list(json, key, list, [&](const Trouble& row) {
    json.text(what, row.what);
    json.text_or_null(kind, row.kind);
    json.integer("runs", row.runs);
    json.text("first_at", row.first_at);
    json.text("last_at", row.last_at);
    json.integer("last_run", row.last_run);
    json.text_or_null("text", row.text);
  });
}

void write_set_aside(JsonWriter& json, const ReportData& data) {
  write_list(json, "set_aside", data.set_aside, [&](const SetAsideReason& row) {
    json.text("dataset", row.dataset);
    json.text("reason", row.reason);
    json.integer("records", row.records);
    json.integer("standing", row.standing);
    json.integer("first_run", row.first_run);
    json.integer("last_run", row.last_run);
  });
}

void write_fleet(JsonWriter& json, const ReportData& data) {
  write_list(json, "platforms", data.platforms, [&](const Platform& row) {
    json.text("platform", row.name);
    json.integer("machines", row.machines);
    json.integer("active", row.active);
    json.integer("impaired", row.impaired);
    json.integer("inactive", row.inactive);
    json.integer("in_car", row.in_car);
  });
  write_list(json, "health", data.health, [&](const Health& row) {
    json.text("health", row.name);
    json.integer("machines", row.machines);
    json.integer("in_car", row.in_car);
  });
  write_list(json, "open_alerts", data.open_alerts, [&](const OpenAlerts& row) {
    json.text("severity", row.severity);
    json.integer("alerts", row.alerts);
    json.integer("in_car", row.in_car);
    json.integer("younger_than_day", row.day);
    json.integer("younger_than_week", row.week);
    json.integer("younger_than_30_days", row.month);
    json.integer("older", row.older);
  });
  write_list(json, "alert_machines", data.alert_machines, [&](const AlertMachine& row) {
    json.text("machine", row.machine);
    json.text_or_null("name", row.name);
    json.integer("alerts", row.alerts);
    json.integer("high", row.high);
    json.text_or_null("last_update", row.last_update);
  });
  write_list(json, "risks", data.risks, [&](const FleetRisk& row) {
    json.text("risk", row.risk);
    json.text("value", row.value);
    json.integer("machines", row.machines);
  });
  write_list(json, "severities", data.severities, [&](const Severity& row) {
    json.text("severity", row.name);
    json.integer("cves", row.cves);
    json.integer("findings", row.findings);
  });
  write_list(json, "software", data.software, [&](const Software& row) {
    json.text("software", row.name);
    json.integer("cves", row.cves);
    json.real("worst", row.worst);
    json.integer("machines", row.machines);
  });
}

}  // namespace

std::string report_document(const ReportData& data) {
  JsonWriter json;
  begin_document(json, "report");
  json.integer("exit_code", 0);
  write_standing(json, data);
  write_datasets(json, data.status);
  write_runs(json, data);
  write_removals(json, data);
  write_troubles(json, "failures", "outcome", "failure", data.failures);
  write_troubles(json, "incomplete", "dataset", "state", data.incomplete);
  write_set_aside(json, data);
  write_fleet(json, data);
  json.end_object();
  return json.str() + "\n";
}

}  // namespace defender_car
