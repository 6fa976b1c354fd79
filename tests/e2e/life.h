// A life of a tenant, run by run: what the tests of convergence share.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "harness.h"
#include "lies.h"

namespace e2e {

/// Runs one scenario through its days and collects what is wrong; stops at the first bad run, since
/// all after it would only repeat it.
class Life {
 public:
  Life(const Scenario& scenario, std::function<void(const defender_car::RunReport&)> on_run)
      : harness_(scenario),
        random_(scenario.seed),
        random_foreign_(scenario.seed),
        on_run_(std::move(on_run)) {}

  std::vector<std::string> live(int steps, int longest_hours) {
    good_run(Reading::full, "first run");
    quiet_run("quiet run after the first");
    for (int step = 1; step <= steps && problems_.empty(); ++step) {
      const int hours = 1 + static_cast<int>(random_() % static_cast<unsigned>(longest_hours));
      harness_.simulator().live(hours);
      lived_ += hours;
      if (step % 3 == 0) foreign_run("step " + std::to_string(step) + ", a foreign element");
      if (random_() % 6 == 0) run_without_a_clock("step " + std::to_string(step));
      good_run(Reading::incremental, "step " + std::to_string(step));
    }
    quiet_run("quiet run at the end");
    full_run();
    fresh_full_run();
    return problems_;
  }

  Harness& harness() { return harness_; }

 private:
  void good_run(Reading reading, const std::string& what) {
    if (!problems_.empty()) return;
    const defender_car::RunReport report = harness_.sync(reading);
    on_run_(report);
    const auto mode =
        reading == Reading::full ? defender_car::RunMode::full : defender_car::RunMode::incremental;
    if (report.failure) problem(what + " failed", report);
    if (report.mode != mode)
      problem(what + " should be " + defender_car::kRunModes.text(mode), report);
    if (report.outcome != defender_car::RunOutcome::done) problem(what + " is not done", report);
    const std::vector<std::string> differing = harness_.differences();
    if (!differing.empty()) problem(what + " differs:" + joined(differing), report);
    if (!harness_.violations().empty())
      problem(what + " took away what is wanted:" + joined(harness_.violations()), report);
  }

  /// Defender's Date is off by an hour to ten years, and nobody confirms it: nothing goes by age,
  /// and the run after it ends where it would have ended without.
  void run_without_a_clock(const std::string& what) {
    const auto hours = static_cast<int64_t>(1 + random_() % (24 * 3650));
    for (const char* service : {"/defender/", "/graph/"})
      harness_.simulator().add_fault({.match = service,
                                      .kind = simulator::FaultKind::wrong_date,
                                      .date_off_s = (random_() % 2 == 0 ? hours : -hours) * 3600});
    const defender_car::RunReport report = harness_.disturbed_sync();
    harness_.simulator().clear_faults();
    if (report.failure) problem(what + " without a clock failed", report);
    if (report.outcome != defender_car::RunOutcome::partial)
      problem(what + " without a clock is not partial", report);
    for (const auto& sent : report.sent)
      if (sent.reason == "inactive-15") problem(what + " without a clock deletes by age", report);
    if (!harness_.violations().empty())
      problem(what + " without a clock took away what is wanted:" + joined(harness_.violations()),
              report);
  }

  /// One of its answers holds what is no record, or comes by half beside an error. The oracle does
  /// not go along: what the run could not understand must not be lost by it.
  void foreign_run(const std::string& what) {
    if (!problems_.empty()) return;
    const bool beside = random_foreign_() % 2 == 0;
    harness_.simulator().with_defender([&](auto& defender) {
      defender.lies().tell(
          {.kind = beside ? simulator::LieKind::beside : simulator::LieKind::foreign,
           .match = "",
           .skip = static_cast<int>(random_foreign_() % 12),
           .count = 1,
           .json = beside ? R"({"code":"PartialError"})" : "null"});
    });
    const defender_car::RunReport report = harness_.disturbed_sync();
    harness_.simulator().with_defender([](auto& defender) { defender.lies().stop(); });
    on_run_(report);
    if (report.failure) problem(what + " failed", report);
    if (!harness_.violations().empty())
      problem(what + " took away what is wanted:" + joined(harness_.violations()), report);
  }

  void quiet_run(const std::string& what) {
    good_run(Reading::incremental, what);
    const std::vector<std::string> writes = harness_.writes_to_car();
    if (problems_.empty() && !writes.empty())
      problems_.push_back(what + " (after " + std::to_string(lived_) +
                          " hours) wrote to CAR:" + joined(writes));
  }

  void full_run() {
    harness_.settings().mode = defender_car::Mode::full;
    good_run(Reading::full, "full import into the same state");
    harness_.settings().mode = defender_car::Mode::automatic;
    quiet_run("quiet run after the full import");
  }

  void fresh_full_run() {
    if (!problems_.empty()) return;
    harness_.forget_everything();
    good_run(Reading::full, "full import from nothing");
  }

  void problem(const std::string& what, const defender_car::RunReport& report) {
    problems_.push_back(what + " (after " + std::to_string(lived_) + " hours)\n  " +
                        describe(report));
  }

  Harness harness_;
  std::mt19937_64 random_;
  std::mt19937_64 random_foreign_;  // apart, so that a life's hours do not depend on it
  std::function<void(const defender_car::RunReport&)> on_run_;
  int lived_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace e2e
