// `defender-car verify`: does CAR hold what the state file says, and with --repair, put it right.

#include <map>

#include "audit/state.h"
#include "cli/commands/command_progress.h"
#include "cli/commands/commands.h"
#include "cli/output/exit_code.h"
#include "cli/output/output.h"
#include "cli/output/text.h"
#include "sync/repair.h"

namespace defender_car {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr int kDrift = 4;
constexpr int kShownOfAKind = 10;  // as text; JSON has all that are listed

int exit_code_of(const VerifyReport& report) {
  if (report.repair) return exit_code(report.repair->failure);
  return report.differs() ? kDrift : 0;
}

std::string machine_text(const DriftMachine& machine) {
  return machine.id + (machine.name.empty() ? "" : " (" + machine.name + ")");
}

std::string machines_text(const Drift& drift) {
  std::string text;
  for (const DriftMachine& machine : drift.machines)
    text += (text.empty() ? "" : ", ") + machine_text(machine);
  const std::int64_t more = drift.machine_count - std::ssize(drift.machines);
  return more > 0 ? text + " and " + std::to_string(more) + " more" : text;
}

std::string facts_text(const VerifyReport& report) {
  Rows rows{{"source", report.source + ", " + report.identity_model + " model"},
            {"read back", std::to_string(report.vertices) + " vertices, " +
                              std::to_string(report.edges) + " edges"}};
  for (std::size_t at = 0; at < report.sample.size(); ++at)
    rows.push_back({at == 0 ? "sample" : "", machine_text(report.sample[at])});
  if (report.unanswered > 0)
    rows.push_back({"left out", std::to_string(report.unanswered) +
                                    " objects that CAR has not answered for; the next sync decides "
                                    "them"});
  for (const DriftCount& count : report.left_alone)
    rows.push_back({"left alone", std::to_string(count.count) + " " + count.collection +
                                      " vertices that only CAR knows; a vertex without edges says "
                                      "nothing and is never removed"});
  return table(rows);
}

std::string differences_text(const VerifyReport& report) {
  Rows counts{{"CAR differs", "type", "count"}};
  for (const DriftCount& count : report.drift)
    counts.push_back({count.kind, count.collection, std::to_string(count.count)});
  Rows rows{{"what", "type", "object", "detail", "machines"}};
  std::map<std::string, int> shown;
  for (const Drift& drift : report.listed) {
    if (++shown[drift.kind + drift.collection] > kShownOfAKind) continue;
    rows.push_back(
        {drift.kind, drift.collection, drift.object, drift.detail, machines_text(drift)});
  }
  std::int64_t all = 0;
  for (const DriftCount& count : report.drift) all += count.count;
  const std::int64_t more = all - std::ssize(rows) + 1;
  return "\n" + table(counts) + "\n" + table(rows) +
         (more > 0 ? "… and " + std::to_string(more) + " more (--format json lists up to 1,000)\n"
                   : "");
}

std::string report_text(const VerifyReport& report) {
  std::string text;
  for (const std::string& warning : report.warnings)
    text += "warning: " + printable(warning) + "\n";
  text += facts_text(report);
  if (report.differs()) return text + differences_text(report);
  return text + "\nCAR holds what the state file says.\n";
}

void write_machines(JsonWriter& json, const std::vector<DriftMachine>& machines,
                    std::string_view key) {
  json.list(key, machines, [&](const DriftMachine& machine) {
    json.text("id", machine.id);
    json.text_or_null("name", machine.name);
  });
}

void write_counts(JsonWriter& json, const std::vector<DriftCount>& counts, std::string_view key) {
  json.list(key, counts, [&](const DriftCount& count) {
    json.text("kind", count.kind);
    json.text("type", count.collection);
    json.integer("count", count.count);
  });
}

void write_differences(JsonWriter& json, const VerifyReport& report) {
  json.list("differences", report.listed, [&](const Drift& drift) {
    json.text("kind", drift.kind);
    json.text("type", drift.collection);
    json.text("object", drift.object);
    json.text_or_null("detail", drift.detail);
    write_machines(json, drift.machines, "machines");
    json.integer("machine_count", drift.machine_count);
  });
  json.integer("differences_not_listed", report.not_listed);
}

void write_repair(JsonWriter& json, const RunReport& run) {
  json.begin_object("repair");
  json.integer("run_id", run.run_id);
  json.text("outcome", kRunOutcomes.text(run.outcome));
  json.text_or_null("failure", run.failure ? kind_name(*run.failure) : "");
  json.text_or_null("error", run.error);
  write_sent(json, run.sent);
  json.integer("set_aside", run.set_aside);
  json.end_object();
}

std::string report_json(const VerifyReport& report) {
  JsonWriter json;
  begin_document(json, "verify");
  json.integer("exit_code", exit_code_of(report));
  json.text("source", report.source);
  json.text("identity_model", report.identity_model);
  write_machines(json, report.sample, "sample");
  json.integer("vertices", report.vertices);
  json.integer("edges", report.edges);
  write_counts(json, report.drift, "drift");
  write_counts(json, report.left_alone, "left_alone");
  write_differences(json, report);
  json.integer("unanswered", report.unanswered);
  json.texts("warnings", report.warnings);
  if (report.repair) {
    write_repair(json, *report.repair);
  } else {
    json.text_or_null("repair", "");
  }
  json.end_object();
  return json.str() + "\n";
}

VerifyReport ask(const Options& options, HttpClient& http, Progress& progress) {
  return options.repair ? verify_and_repair(options.settings, http, progress, options.sample)
                        : verify(options.settings, http, progress, options.sample);
}

}  // namespace

int run_verify_command(const Session& session) {
  require_state(WorkingDir{session.options.settings.working_dir});
  const VerifyReport report = with_services(session, [&](HttpClient& http, Progress& progress) {
    return ask(session.options, http, progress);
  });
  if (session.options.format == Format::json) {
    write_out(report_json(report));
    return exit_code_of(report);
  }
  write_out(report_text(report));
  if (report.repair)
    write_error(
        summary(*report.repair, [&](const auto& text) { return session.log.has_shown(text); }));
  return exit_code_of(report);
}

}  // namespace defender_car
