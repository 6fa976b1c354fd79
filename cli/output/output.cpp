#include "cli/output/output.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

#include "cli/output/exit_code.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

// In the order of Operation.
constexpr std::array<std::string_view, kOperations.texts.size()> kDone{
    "imported", "edges imported", "edges marked updated", "edges disabled",
    "deleted",  "fell away",      "found lost in CAR"};

std::string run_name(const RunReport& report) {
  const std::string number = "run " + std::to_string(report.run_id);
  return report.mode ? number + " (" + kRunModes.text(report.mode) + ")" : number;
}

std::string failure_text(const RunReport& report) {
  std::string text = "FAILED, exit code " + std::to_string(exit_code(report.failure)) + ": " +
                     printable(report.error) + "\n";
  if (report.same_failure_count > 1) {
    text += "  the same failure " + std::to_string(report.same_failure_count) +
            " times in a row, since " + printable(report.same_failure_since) + "\n";
  }
  return text;
}

std::string sent_lines(const RunReport& report) {
  std::string text;
  for (std::size_t at = 0; at < kDone.size(); ++at) {
    const std::string counts = sent_text(report.sent, static_cast<Operation>(at));
    if (!counts.empty()) text += "  " + std::string(kDone[at]) + ": " + counts + "\n";
  }
  return text.empty() ? "  CAR was sent nothing\n" : text;
}

}  // namespace

void write_out(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if ((!written || std::fflush(stdout) != 0) && errno != EPIPE) {
    throw Error(ErrorKind::internal,
                std::string("cannot write to standard output: ") + std::strerror(errno));
  }
}

void write_error(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

bool is_good(const RunReport& report) { return !report.failure; }

std::string summary(const RunReport& report, const std::function<bool(const std::string&)>& shown) {
  std::string text;
  if (report.failure) text += failure_text(report);
  text += problem_lines(report, shown);
  text += "defender-car: " + printable(run_name(report)) + " " + kRunOutcomes.text(report.outcome) +
          ", " + printable(report.started_at) + " to " + printable(report.finished_at) + "\n";
  if (!report.reason.empty()) {
    text += "  " + kRunModes.text(report.mode) + " because: " + printable(report.reason) + "\n";
  }
  text += sent_lines(report);
  if (report.set_aside > 0) {
    text += "  set aside: " + std::to_string(report.set_aside) +
            " records that could not be used (their reasons stand in the state file)\n";
  }
  if (!report.left_out.empty()) {
    std::string what;
    for (const LeftOutCount& one : report.left_out)
      what += (what.empty() ? "" : ", ") + std::to_string(one.count) + " " + printable(one.what);
    text += "  left out: " + what + " (explain and the view audit_left_out say which)\n";
  }
  return text + "  calls: " + std::to_string(report.defender_calls) + " to Defender, " +
         std::to_string(report.car_calls) + " to CAR\n";
}

std::string problem_lines(const RunReport& report,
                          const std::function<bool(const std::string&)>& shown) {
  std::string text;
  for (const DatasetReport& dataset : report.datasets) {
    if (dataset.problem.empty()) continue;
    text += printable(dataset.name) + " " + kDatasetStates.text(dataset.state) + ": " +
            printable(dataset.problem) + "\n";
  }
  for (const std::string& warning : report.warnings) {
    if (!shown(warning)) text += "warning: " + printable(warning) + "\n";
  }
  return text;
}

std::string repeated_failure(const RunReport& report) {
  return "defender-car: " + printable(run_name(report)) + " " + kRunOutcomes.text(report.outcome) +
         ", exit code " + std::to_string(exit_code(report.failure)) + ", " +
         std::to_string(report.same_failure_count) + " times in a row since " +
         printable(report.same_failure_since) + ": " + printable(report.error) + "\n";
}

std::string sent_text(const std::vector<SentCount>& sent, Operation operation) {
  std::map<std::string, std::int64_t> by_collection;
  for (const SentCount& count : sent) {
    if (count.operation == operation) by_collection[count.collection] += count.count;
  }
  std::string text;
  for (const auto& [collection, count] : by_collection) {
    if (count == 0) continue;
    text += (text.empty() ? "" : ", ") + printable(collection) + " " + std::to_string(count);
  }
  return text;
}

void write_sent(JsonWriter& json, const std::vector<SentCount>& sent) {
  json.list("sent", sent, [&](const SentCount& count) {
    json.text("operation", kOperations(count.operation));
    json.text("collection", count.collection);
    json.text("reason", count.reason);
    json.integer("count", count.count);
  });
}

void write_warnings(JsonWriter& json, const RunReport& report) {
  json.texts("warnings", report.warnings);
}

void write_datasets(JsonWriter& json, const RunReport& report) {
  json.list("datasets", report.datasets, [&](const DatasetReport& dataset) {
    json.text("name", dataset.name);
    json.text("state", kDatasetStates.text(dataset.state));
    json.integer("rows", dataset.rows);
    json.text_or_null("problem", dataset.problem);
    json.integer("not_understood", dataset.not_understood);
    json.integer("duplicates", dataset.duplicates);
  });
}

void write_run(JsonWriter& json, const RunRow& run) {
  json.integer("run_id", run.run_id);
  json.text("mode", run.mode);
  json.text("reason", run.reason);
  json.text_or_null("outcome", run.outcome);
  json.text_or_null("started_at", run.started_at);
  json.text_or_null("finished_at", run.finished_at);
  json.text_or_null("error", run.error);
  json.integer("defender_calls", run.defender_calls);
  json.integer("car_calls", run.car_calls);
  json.integer("set_aside", run.set_aside);
  write_sent(json, run.sent);
}

void write_datasets(JsonWriter& json, const Status& status) {
  json.list("datasets", status.datasets, [&](const DatasetCursor& dataset) {
    json.text("name", dataset.name);
    json.text("state", dataset.state);
    json.text_or_null("cursor", dataset.cursor);
    json.text_or_null("last_complete_at", dataset.last_complete_at);
    json.text_or_null("problem", dataset.problem);
  });
}

void begin_document(JsonWriter& json, std::string_view command) {
  json.begin_object();
  json.integer("version", 1);
  json.text("command", command);
}

std::string report_json(const RunReport& report) {
  JsonWriter json;
  begin_document(json, "sync");
  json.integer("exit_code", exit_code(report.failure));
  json.integer("run_id", report.run_id);
  json.text("mode", kRunModes.text(report.mode));
  json.text("reason", report.reason);
  json.text("outcome", kRunOutcomes.text(report.outcome));
  json.text_or_null("failure", report.failure ? kind_name(*report.failure) : "");
  json.text_or_null("error", report.error);
  write_warnings(json, report);
  write_datasets(json, report);
  write_sent(json, report.sent);
  json.integer("set_aside", report.set_aside);
  json.list("left_out", report.left_out, [&](const LeftOutCount& one) {
    json.text("what", one.what);
    json.integer("count", one.count);
  });
  json.integer("defender_calls", report.defender_calls);
  json.integer("car_calls", report.car_calls);
  json.text_or_null("started_at", report.started_at);
  json.text_or_null("finished_at", report.finished_at);
  json.integer("same_failure_count", report.same_failure_count);
  json.text_or_null("same_failure_since", report.same_failure_since);
  json.begin_object("phase_cpu_seconds");
  for (const auto& [phase, seconds] : report.phase_cpu_seconds) json.real(phase, seconds);
  json.end_object();
  json.end_object();
  return json.str() + "\n";
}

std::string error_json(std::string_view command, const Error& error) {
  JsonWriter json;
  begin_document(json, command);
  json.integer("exit_code", exit_code(error.kind()));
  json.text("failure", kind_name(error.kind()));
  json.text("error", error.what());
  json.end_object();
  return json.str() + "\n";
}

}  // namespace defender_car
