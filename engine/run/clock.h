#pragma once
// Which time it is for a run, and whether anything may be removed by age.
//
// Defender's clock is believed where it agrees within five minutes with this machine's or with
// CAR's; where Defender shows none, this machine's where it agrees with CAR's. Where no clock is
// believed, time stands still: the run's now is that of the last run that had one, which brings
// nothing back and moves no window on, and nothing is removed by age (stage.run.clock_agreed, table
// `aging` of schema/phase/00_begin.sql).

#include <optional>
#include <string>

#include "run/run.h"

namespace defender_car {

/// The clocks at one moment. `before`: the last believed time of earlier runs.
struct Clocks {
  EpochMs here = 0;
  std::optional<EpochMs> defender{};
  std::optional<EpochMs> car{};
  std::optional<EpochMs> before{};
};

struct ClockVerdict {
  bool agreed = false;
  EpochMs time = 0;     ///< for what is written and sent
  std::string warning;  ///< "" where there is none
};

/// The pure part.
ClockVerdict judge_clocks(const Clocks& clocks);

/// Once CAR has answered: what is written from here on goes by the likelier of the two clocks.
void take_up_clock_of_car(Run& run);

/// Now, for what goes by age outside of the derivation; nothing where no clock is believed.
std::optional<EpochMs> time_for_ages(Run& run);

/// Once Defender has answered, the first time only: the run's now, its row's times and its report.
void settle_clock(Run& run);

/// For a run that does not ask Defender (a saved plan's, a repair): its now is given.
void settle_clock_as(Run& run, const std::string& now);

/// The now of the last run that had a believed one.
std::optional<EpochMs> last_believed_time(Database& state);

}  // namespace defender_car
