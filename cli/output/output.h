#pragma once
// This folder has what every command writes with: text, JSON, log lines, progress, exit codes.
//
// A run's report and other results as text for people (failures first) and as JSON for programs.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/history.h"
#include "base/error.h"
#include "cli/output/json_writer.h"
#include "sync/sync.h"

namespace defender_car {

/// Writes to standard output. Throws Error(internal) when that fails, but for a reader that has
/// gone (head).
void write_out(const std::string& text);

/// Writes to standard error.
void write_error(const std::string& text);

/// Exit code 0: under cron such a run prints nothing, also when it warns (the summary at a
/// terminal, --format json and `check` tell).
bool is_good(const RunReport& report);

/// The summary of a run. `shown` says whether a warning was printed before, as a log line.
std::string summary(const RunReport& report, const std::function<bool(const std::string&)>& shown);

/// One line for a failure that an earlier run has reported already.
std::string repeated_failure(const RunReport& report);

std::string report_json(const RunReport& report);

/// For a command that ended in an error: the document that --format json promises.
std::string error_json(std::string_view command, const Error& error);

/// "asset 12, hostname 3" for one operation of what was sent; "" for nothing.
std::string sent_text(const std::vector<SentCount>& sent, Operation operation);
void write_sent(JsonWriter& json, const std::vector<SentCount>& sent);

/// "warnings" and "datasets" of a run.
void write_warnings(JsonWriter& json, const RunReport& report);
void write_datasets(JsonWriter& json, const RunReport& report);

/// What could not be read whole, and warnings that have not been `shown` yet, a line each.
std::string problem_lines(const RunReport& report,
                          const std::function<bool(const std::string&)>& shown);

/// The members of one run of the history.
void write_run(JsonWriter& json, const RunRow& run);

/// How far each dataset has been read.
void write_datasets(JsonWriter& json, const Status& status);

/// Begins a document with what all have: "version", "command".
void begin_document(JsonWriter& json, std::string_view command);

}  // namespace defender_car
