// What the parts of the sweep of lies share.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "harness.h"
#include "lies.h"
#include "sweep.h"

namespace lying {

/// The one row "lies" of the table.
sweep::Tally& tally();

/// Some hours after a first full import; no machine has left the list meanwhile (whether such a one
/// still counts depends on which runs read everything).
std::unique_ptr<e2e::Harness> some_hours_on(e2e::Scenario scenario, int hours = 20);

/// Ends all lies.
void tell_the_truth(e2e::Harness& harness);

/// What was wrongly taken from CAR so far, but for edges of these collections (lies that cannot be
/// told from the truth, under the guard's limit). Counted in the tally.
std::string wrong_removals(const e2e::Harness& harness, const std::set<std::string>& but = {});

/// One undisturbed run, of everything or as the engine chooses, ends in the graph that the oracle
/// wants; the one after it sends nothing.
void check_convergence(e2e::Harness& harness, bool everything,
                       const std::set<std::string>& but = {});

}  // namespace lying
