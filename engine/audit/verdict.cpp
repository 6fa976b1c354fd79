#include "audit/verdict.h"

#include <algorithm>

#include "audit/state.h"
#include "base/printable.h"

namespace defender_car {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_message = 1200;
constexpr std::int64_t least_lateness = 15 * 60;  // seconds

std::int64_t seconds_between(Database& state, const std::string& since, const std::string& until) {
  return state.statement("verdict/seconds").bind("since", since).bind("until", until).number();
}

void read_rhythm(Database& state, Verdict& data) {
  if (!data.status.last_success_at.empty()) {
    data.last_success_age =
        std::max<std::int64_t>(0, seconds_between(state, data.status.last_success_at, data.now));
  }
  if (state.number("history/has_views") == 0) return;  // an older program's file
  Statement& rhythm = state.statement("verdict/rhythm");
  if (!rhythm.step() || rhythm.is_null("usual_gap_seconds")) return;
  data.usual_gap = rhythm.integer("usual_gap_seconds");
  data.next_expected_at = rhythm.text("next_expected_at");
  data.overdue = std::max<std::int64_t>(0, seconds_between(state, data.next_expected_at, data.now));
}

void read_last_finished(Database& state, Verdict& data) {
  Statement& query = state.statement("verdict/last_finished");
  if (!query.step()) return;
  RunSent& run = data.last_finished.emplace();
  run.run_id = query.integer("run_id");
  run.mode = printable(query.text("mode"), longest_name);
  run.outcome = printable(query.text("outcome"), longest_name);
  run.started_at = printable(query.text("started_at"), longest_name);
  run.finished_at = printable(query.text("finished_at"), longest_name);
  data.last_error = printable(query.text("error"), longest_message);
}

SyncState standing_of(const Verdict& data) {
  if (!data.last_finished) return SyncState::none;
  const bool idle = data.status.running.empty();
  if (idle && data.usual_gap >= 0 && data.overdue > std::max(2 * data.usual_gap, least_lateness)) {
    return SyncState::late;
  }
  const std::string& outcome = data.last_finished->outcome;
  if (outcome == "held") return SyncState::held;
  if (outcome == "partial") return SyncState::partial;
  return outcome == "done" ? SyncState::good : SyncState::failing;
}

}  // namespace

Verdict read_verdict(Database& state, const WorkingDir& folder, EpochMs now) {
  Verdict verdict;
  verdict.now = iso8601(state.statement("history/reader_clock").bind("now", now).number());
  verdict.status = read_status(state, folder);
  verdict.withheld = state.number("verdict/withheld");
  verdict.consecutive_failures = static_cast<int>(state.number("verdict/consecutive_failures"));
  read_last_finished(state, verdict);
  read_rhythm(state, verdict);
  verdict.standing = standing_of(verdict);
  return verdict;
}

Verdict read_verdict(const std::filesystem::path& working_dir, EpochMs now) {
  const WorkingDir folder{working_dir};
  Database state = open_state(folder);
  require_written(state);
  return read_verdict(state, folder, now);
}

}  // namespace defender_car
