// `defender-car status`: where the sync stands, from the state file alone.

#include "audit/verdict.h"
#include "cli/commands/commands.h"
#include "cli/commands/monitoring.h"
#include "cli/output/output.h"
#include "cli/output/text.h"
#include "cli/output/verdict_text.h"

namespace defender_car {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string or_words(const std::string& text, const char* words) {
  return text.empty() ? words : text;
}

/// "run 12 (incremental) done, 2026-… to 2026-…"; a run that failed early has no mode yet.
std::string last_run_text(const RunRow& run) {
  return "run " + std::to_string(run.run_id) + (run.mode.empty() ? "" : " (" + run.mode + ")") +
         " " + or_words(run.outcome, "not finished") + ", " + run.started_at + " to " +
         or_words(run.finished_at, "?");
}

Rows facts(const Verdict& verdict) {
  const Status& status = verdict.status;
  Rows rows{{"tenant", status.tenant},
            {"source", status.source},
            {"running now", or_words(status.running, "no")},
            {"last success", or_words(status.last_success_at, "never")}};
  if (status.last_run) rows.push_back({"last run", last_run_text(*status.last_run)});
  rows.push_back({"in CAR", std::to_string(status.assets) + " assets, " +
                                std::to_string(status.edges) + " active edges"});
  rows.push_back({"still to send", std::to_string(status.outbox)});
  rows.push_back({"set aside", std::to_string(status.set_aside) + " records"});
  rows.push_back({"save point", or_words(status.model_state_id, "none")});
  rows.push_back({"identity model", or_words(status.identity_model, "not chosen yet")});
  rows.push_back({"network source", or_words(status.network_source, "not chosen yet")});
  return rows;
}

/// What is wrong, the cause first, a line each.
std::string troubles(const Verdict& verdict) {
  const Status& status = verdict.status;
  std::string text;
  const auto add = [&](const std::string& line) { text += "  " + printable(line) + "\n"; };
  if (!verdict.last_error.empty()) add(verdict.last_error);
  if (status.same_failure_count > 1) {
    add("the same failure " + std::to_string(status.same_failure_count) + " times in a row since " +
        status.same_failure_since);
  }
  if (!status.state_fault.empty()) add("state file: " + status.state_fault);
  for (const DatasetCursor& dataset : status.datasets) {
    if (!dataset.problem.empty()) add(dataset.name + " " + dataset.state + ": " + dataset.problem);
  }
  if (verdict.withheld > 0) {
    add("removals of " + std::to_string(verdict.withheld) +
        " machines wait (view audit_held_back)");
  }
  return text;
}

Rows calls(const Status& status) {
  Rows rows{{"calls to Defender", "last minute", "of", "last hour", "of"}};
  for (const CallCount& count : status.calls)
    rows.push_back({count.family, std::to_string(count.last_minute),
                    std::to_string(count.minute_quota), std::to_string(count.last_hour),
                    std::to_string(count.hour_quota)});
  return rows;
}

void write_calls(JsonWriter& json, const Status& status) {
  json.list("calls", status.calls, [&](const CallCount& count) {
    json.text("family", count.family);
    json.integer("last_minute", count.last_minute);
    json.integer("minute_quota", count.minute_quota);
    json.integer("last_hour", count.last_hour);
    json.integer("hour_quota", count.hour_quota);
  });
}

std::string status_text(const Verdict& verdict, const Style& style) {
  std::string text = verdict_line(verdict, style) + "\n" + troubles(verdict) + "\n";
  text += table(facts(verdict));
  Rows rows{{"dataset", "state", "read up to", "age", "last complete"}};
  for (const DatasetCursor& dataset : verdict.status.datasets) {
    rows.push_back({dataset.name, dataset.state, or_words(dataset.cursor, "never"),
                    age_of(dataset.cursor, verdict.now),
                    or_words(dataset.last_complete_at, "never")});
  }
  if (rows.size() > 1) text.append("\n").append(table(rows, style.width));
  return text + "\n" + table(calls(verdict.status), style.width);
}

std::string status_json(const Verdict& verdict) {
  const Status& status = verdict.status;
  JsonWriter json;
  begin_document(json, "status");
  json.integer("exit_code", 0);
  json.text("verdict", kSyncStates.text(verdict.standing));
  json.text("verdict_text", verdict_word(verdict.standing));
  if (verdict.last_success_age < 0) {
    json.text_or_null("last_success_age_seconds", "");
  } else {
    json.integer("last_success_age_seconds", verdict.last_success_age);
  }
  json.integer("held_back_machines", verdict.withheld);
  json.integer("consecutive_failures", verdict.consecutive_failures);
  json.text("tenant", status.tenant);
  json.text("source", status.source);
  json.text_or_null("running", status.running);
  json.text_or_null("state_fault", status.state_fault);
  json.text_or_null("last_success_at", status.last_success_at);
  json.text_or_null("model_state_id", status.model_state_id);
  json.text_or_null("identity_model", status.identity_model);
  json.text_or_null("network_source", status.network_source);
  json.integer("assets", status.assets);
  json.integer("edges", status.edges);
  json.integer("outbox", status.outbox);
  json.integer("set_aside", status.set_aside);
  json.integer("same_failure_count", status.same_failure_count);
  json.text_or_null("same_failure_since", status.same_failure_since);
  if (status.last_run) {
    json.begin_object("last_run");
    write_run(json, *status.last_run);
    json.end_object();
  } else {
    json.text_or_null("last_run", "");
  }
  write_datasets(json, status);
  write_calls(json, status);
  json.end_object();
  return json.str() + "\n";
}

}  // namespace

int run_status_command(const Session& session) {
  const Options& options = session.options;
  if (options.monitoring) return print_monitoring_line(options);
  const Verdict verdict = read_verdict(options.settings.working_dir, system_now());
  write_out(options.format == Format::json ? status_json(verdict)
                                           : status_text(verdict, session.style));
  return 0;
}

}  // namespace defender_car
