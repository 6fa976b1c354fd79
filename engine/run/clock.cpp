#include "run/clock.h"

#include <algorithm>
#include <cstdlib>

namespace defender_car {
namespace {

constexpr EpochMs kTolerance = 5 * 60'000;

bool near(EpochMs one, const std::optional<EpochMs>& other) {
  return other && std::llabs(one - *other) <= kTolerance;
}

std::string span_of(EpochMs length) {
  const EpochMs minutes = (std::llabs(length) + 30'000) / 60'000;
  if (minutes < 2 * 60) return std::to_string(minutes) + " minutes";
  if (minutes < 2 * 24 * 60) return std::to_string(minutes / 60) + " hours";
  return std::to_string(minutes / (24 * 60)) + " days";
}

/// "3 days ahead of"
std::string place(EpochMs clock, EpochMs other) {
  return span_of(clock - other) + (clock > other ? " ahead of " : " behind ");
}

std::string shown(const std::optional<EpochMs>& clock) {
  return clock ? iso8601(*clock) : "not shown (no Date header)";
}

// The earlier of the two that does not lie before what was believed last: a time that is too early
// removes nothing and does not make a success look fresh.
EpochMs likelier(const Clocks& clocks) {
  const auto can_be = [&](EpochMs at) {
    return !clocks.before || at >= *clocks.before - kTolerance;
  };
  if (!clocks.car || near(clocks.here, clocks.car) || !can_be(*clocks.car)) return clocks.here;
  return can_be(clocks.here) ? std::min(clocks.here, *clocks.car) : *clocks.car;
}

std::string host_is_off(const Clocks& clocks) {
  return "this machine's clock (" + iso8601(clocks.here) + ") is " +
         place(clocks.here, *clocks.defender) + "Defender's (" + iso8601(*clocks.defender) +
         "), which CAR's confirms; Defender's is used. Set this machine's clock (NTP)";
}

std::string nothing_agreed(const Clocks& clocks) {
  std::string who = "no two clocks agree";
  if (near(clocks.here, clocks.car) && clocks.defender) {
    who = "Defender's clock is off, " + place(*clocks.defender, clocks.here) +
          "this machine's and CAR's";
  } else if (!clocks.defender || !clocks.car) {
    who += std::string(": ") + (clocks.defender ? "CAR" : "Defender") + " shows none";
  }
  const std::string used = clocks.before ? "Time stands still at the last one that was agreed, " +
                                               iso8601(*clocks.before)
                                         : "This machine's is used";
  return who + " (Defender's " + shown(clocks.defender) + ", this machine's " +
         iso8601(clocks.here) + ", CAR's " + shown(clocks.car) +
         "). So nothing is removed by age in this run (machines Inactive for 15 days, network "
         "rows of 30 days, software that a silent machine no longer shows, old snapshots) and no "
         "window moves on. " +
         used +
         ". Set the clock that is off (NTP), or look for a proxy that changes the Date "
         "header; the next run whose clocks agree goes on";
}

Clocks clocks_of(Run& run) {
  return {.here = system_now(),
          .defender = run.defender.clock().now(),
          .car = run.car.clock().now(),
          .before = last_believed_time(run.state)};
}

// Unique, and growing whatever the clocks do; the time that goes with it does not.
void choose_report(Run& run) {
  const std::int64_t last = run.state.number("run/last_report");
  run.report_time = run.clock.now();
  run.report_ms = std::max(run.report_time, last + 1);
  run.stored.set(StateSetting::last_report, std::to_string(run.report_ms));
}

void write_down(Run& run, const std::optional<std::string>& clock_at) {
  Transaction transaction(run.state);
  run.report.started_at = iso8601(run.clock.begin());
  run.state.statement("run/clock")
      .bind("clock_at", clock_at)
      .bind("started_at", run.report.started_at)
      .bind("run_id", run.report.run_id)
      .run();
  choose_report(run);
  transaction.commit();
}

}  // namespace

ClockVerdict judge_clocks(const Clocks& clocks) {
  const bool car_agrees = near(clocks.here, clocks.car);
  if (!clocks.defender) {
    if (car_agrees) return {true, clocks.here, ""};
  } else {
    if (near(clocks.here, clocks.defender)) return {true, clocks.here, ""};
    if (near(*clocks.defender, clocks.car)) return {true, *clocks.defender, host_is_off(clocks)};
  }
  return {false, likelier(clocks), nothing_agreed(clocks)};
}

void take_up_clock_of_car(Run& run) {
  const Clocks clocks = clocks_of(run);
  const EpochMs time = likelier(clocks);
  if (time == clocks.here) return;
  run.clock.set(time);
  run.report.started_at = iso8601(run.clock.begin());
  run.state.statement("run/started_at")
      .bind("started_at", run.report.started_at)
      .bind("run_id", run.report.run_id)
      .run();
}

std::optional<EpochMs> time_for_ages(Run& run) {
  const ClockVerdict verdict = judge_clocks(clocks_of(run));
  return verdict.agreed ? std::optional(verdict.time) : std::nullopt;
}

void settle_clock(Run& run) {
  if (!run.now.empty()) return;
  const Clocks clocks = clocks_of(run);
  const ClockVerdict verdict = judge_clocks(clocks);
  run.clock.set(verdict.time);
  // For whoever reads this file by the same wrong clock.
  const EpochMs off = verdict.time - clocks.here;
  if (off != 0) run.stored.set(StateSetting::host_clock_off, std::to_string(off));
  if (off == 0 && !run.stored.get(StateSetting::host_clock_off).empty())
    run.stored.unset(StateSetting::host_clock_off);
  // The window that begins at a run's now must not begin after its first answer.
  const EpochMs believed = run.defender.clock().first().value_or(run.clock.begin());
  const bool known = verdict.agreed || clocks.before;
  run.now = iso8601(verdict.agreed ? believed : clocks.before.value_or(run.clock.begin()));
  write_down(run, known ? std::optional(run.now) : std::nullopt);
  run.state.statement("fetch/set_clock")
      .bind("now", run.now)
      .bind("clock_agreed", verdict.agreed ? 1 : 0)
      .bind("report", run.report_ms)
      .run();
  if (!verdict.warning.empty()) run.warn(verdict.warning);
  if (!verdict.agreed) run.clock_problem = verdict.warning;
}

void settle_clock_as(Run& run, const std::string& now) {
  run.now = now;
  take_up_clock_of_car(run);
  write_down(run, now);
}

std::optional<EpochMs> last_believed_time(Database& state) {
  Statement& last = state.statement("run/last_clock");
  std::optional<EpochMs> at;
  if (last.step()) at = last.integer(0);
  last.reset();
  return at;
}

}  // namespace defender_car
