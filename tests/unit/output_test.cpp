// What a person and a program read of a run.

#include "cli/output/output.h"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>

#include "cli/output/progress.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

using Catch::Matchers::Contains;

RunReport good_report() {
  RunReport report;
  report.run_id = 7;
  report.mode = defender_car::RunMode::incremental;
  report.reason = "the save point is ours";
  report.outcome = RunOutcome::done;
  report.started_at = "2026-11-24T13:00:00.000Z";
  report.finished_at = "2026-11-24T13:00:04.000Z";
  report.sent = {{Operation::vertex, "asset", "new", 2},
                 {Operation::vertex, "asset", "changed", 1},
                 {Operation::disable, "asset_ipaddress", "gone", 4}};
  report.datasets = {{"machines", defender_car::DatasetState::complete, 10, ""}};
  return report;
}

RunReport failed_report() {
  RunReport report = good_report();
  report.outcome = RunOutcome::failed;
  report.failure = ErrorKind::unreachable;
  report.error = "no connection to\n\x1b[2Jdefender";
  report.same_failure_count = 4;
  report.same_failure_since = "2026-11-24T12:45:00.000Z";
  report.warnings = {"the clock is wrong", "hunting retires"};
  report.datasets[0] = {"machines", defender_car::DatasetState::incomplete, 10, "page 2 failed"};
  return report;
}

const auto nothing_shown = [](const std::string&) { return false; };

// cron sends a mail for every word: a warning that stays for weeks must not be one mail every five
// minutes. It is in the summary at a terminal, in --format json and in the run's own row.
TEST_CASE("a good run is one that ends with exit code 0", "[cli][output]") {
  CHECK(is_good(good_report()));
  CHECK_FALSE(is_good(failed_report()));
  RunReport report = good_report();
  report.warnings = {"x"};
  CHECK(is_good(report));
}

TEST_CASE("a summary begins with the failure", "[cli][output]") {
  const std::string text = summary(failed_report(), nothing_shown);
  CHECK(text.starts_with("FAILED, exit code 51: no connection to defender\n"));
  CHECK_THAT(text, Contains("4 times in a row, since 2026-11-24T12:45:00.000Z"));
  CHECK_THAT(text, Contains("machines incomplete: page 2 failed"));
  CHECK_THAT(text, !Contains("\x1b"));
  CHECK(text.find("warning: the clock") < text.find("run 7"));
}

TEST_CASE("a summary counts what was sent by collection", "[cli][output]") {
  const std::string text = summary(good_report(), nothing_shown);
  CHECK_THAT(text, Contains("imported: asset 3"));
  CHECK_THAT(text, Contains("edges disabled: asset_ipaddress 4"));
  RunReport quiet = good_report();
  quiet.sent.clear();
  CHECK_THAT(summary(quiet, nothing_shown), Contains("CAR was sent nothing"));
}

TEST_CASE("a warning that stood in the log is not said again", "[cli][output]") {
  const std::string text = summary(
      failed_report(), [](const std::string& warning) { return warning == "hunting retires"; });
  CHECK_THAT(text, Contains("the clock is wrong") && !Contains("hunting retires"));
}

TEST_CASE("a failure that repeats is one line", "[cli][output]") {
  const std::string text = repeated_failure(failed_report());
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK_THAT(text, Contains("exit code 51") && Contains("4 times in a row since 2026-11-24"));
}

TEST_CASE("the report's document holds everything", "[cli][output]") {
  RunReport report = failed_report();
  report.datasets[0].problem = "bad byte \xFF here";
  report.phase_cpu_seconds = {{"fetch", 0.25}};
  rapidjson::Document json;
  json.Parse(report_json(report).c_str());
  REQUIRE_FALSE(json.HasParseError());
  for (const char* key : {"version",
                          "command",
                          "exit_code",
                          "run_id",
                          "mode",
                          "reason",
                          "outcome",
                          "failure",
                          "error",
                          "warnings",
                          "datasets",
                          "sent",
                          "set_aside",
                          "defender_calls",
                          "car_calls",
                          "started_at",
                          "finished_at",
                          "same_failure_count",
                          "same_failure_since",
                          "phase_cpu_seconds"}) {
    INFO(key);
    CHECK(json.HasMember(key));
  }
  CHECK(json["version"].GetInt() == 1);
  CHECK(json["exit_code"].GetInt() == 51);
  CHECK(json["failure"] == "unreachable");
  CHECK(json["datasets"][0]["problem"] == "bad byte \xEF\xBF\xBD here");
  CHECK(json["sent"][2]["count"].GetInt() == 4);
  CHECK(json["phase_cpu_seconds"]["fetch"].GetDouble() == Approx(0.25));
  json.Parse(report_json(good_report()).c_str());
  CHECK(json["failure"].IsNull());
  CHECK(json["exit_code"].GetInt() == 0);
}

TEST_CASE("an error is a document too", "[cli][output]") {
  rapidjson::Document json;
  json.Parse(error_json("sync", Error(ErrorKind::locked, "pid 5 \"holds\" it")).c_str());
  REQUIRE_FALSE(json.HasParseError());
  CHECK(json["exit_code"].GetInt() == 11);
  CHECK(json["failure"] == "locked");
}

TEST_CASE("nothing from outside steers the terminal", "[cli][output]") {
  CHECK(printable("a\x1b[31mb\r\nc\x07") == "ab c");
  CHECK(printable("Zo\xC3\xAB \xE2\x80\xAE x \xFF") == "Zo\xC3\xAB x ?");
  CHECK(table({{"a", "b"}, {"long\x1b[2J", "x\ny"}}) == "a     b\nlong  x y\n");
}

TEST_CASE("a table is aligned by characters and not by bytes", "[cli][output]") {
  CHECK(table({{"\xC3\xA9", "1"}, {"ab", "2"}}) == "\xC3\xA9   1\nab  2\n");
  CHECK(shorten("\xC3\xA9t\xC3\xA9", 2) == "\xC3\xA9t");
}

TEST_CASE("progress tells the time and what is left", "[cli][output]") {
  CHECK(progress_line("fetching machines", 0, 0, 0.2) == "fetching machines  0:00");
  CHECK(progress_line("fetching machines", 1200, 0, 12) == "fetching machines  1200  0:12");
  CHECK(progress_line("users", 25, 100, 20) == "users  25 of 100  0:20, about 1:00 left");
  CHECK(progress_line("users", 100, 100, 3700) == "users  100 of 100  1:01:40");
}

}  // namespace
}  // namespace defender_car
