#pragma once
// How the sync stands, in one word, for `status` and `report`. Reads the state file only; ages and
// lateness go by the reader's clock.

#include <cstdint>
#include <optional>
#include <string>

#include "audit/history.h"
#include "base/enum_text.h"
#include "base/time.h"

namespace defender_car {

struct RunSent {
  std::int64_t run_id = 0;
  std::string mode;
  std::string outcome;  ///< "" while it goes on, or when it was killed
  std::string started_at;
  std::string finished_at;
  double seconds = 0;  ///< 0 when it never ended
  std::int64_t imported = 0;
  std::int64_t updated = 0;
  std::int64_t disabled = 0;
  std::int64_t deleted = 0;
  std::int64_t fell_away = 0;
};

/// How the sync stands, in one word; the first that fits.
enum class SyncState {
  none,     ///< no run has come to its end yet
  late,     ///< the next run is overdue by two usual gaps, and by a quarter of an hour at least
  held,     ///< a guard held something back in the last finished run
  failing,  ///< the last finished run failed or was interrupted
  partial,  ///< it sent what it had, but could not read everything
  good,
};
inline constexpr EnumTexts<SyncState, 6> kSyncStates{
    "state of the sync", {"none", "late", "held", "failing", "partial", "good"}};

struct Verdict {
  std::string now;  ///< this machine's clock
  SyncState standing = SyncState::none;
  Status status;
  std::optional<RunSent> last_finished;  ///< without its counts
  std::string last_error;                ///< of that run
  std::int64_t last_success_age = -1;    ///< seconds; -1: there was none
  std::int64_t usual_gap = -1;           ///< seconds between starts; -1: not known
  std::string next_expected_at;          ///< "": not known
  std::int64_t overdue = 0;              ///< seconds since then
  std::int64_t withheld = 0;             ///< machines whose removals wait
  int consecutive_failures = 0;          ///< the last finished runs in a row that were not good
};

/// Throws Error(usage) where no run has written anything yet.
Verdict read_verdict(const std::filesystem::path& working_dir, EpochMs now);
/// The same of a state file that is open already.
Verdict read_verdict(Database& state, const WorkingDir& folder, EpochMs now);

}  // namespace defender_car
