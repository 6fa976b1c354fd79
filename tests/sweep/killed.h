// What the sweeps that kill a run share: how things stand before it, and what must hold after it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness.h"

namespace sweep {

/// The run that is killed.
enum class Kind {
  first,        // nothing here and nothing in CAR
  incremental,  // after days of life: imports, touches, disables and deletes are due
  full,         // the same, by a full import with its session
  other_list,   // incremental; Defender's list of alerts refuses for good, and Graph's takes over
};
inline constexpr Kind all_kinds[] = {Kind::first, Kind::incremental, Kind::full, Kind::other_list};
const char* name_of(Kind kind);

/// A tenant, a CAR and a working folder, as they stand before that run; always the same ones.
std::unique_ptr<e2e::Harness> before(Kind kind);

/// Hours that pass between a killed run and the next one at the point of that number.
int tick(std::size_t point);

/// Calls to Defender, by what shares a quota: as the state file has counted them, and as the
/// simulator saw them in the last run.
using Calls = std::map<std::string, std::int64_t>;
Calls counted_calls(const e2e::Harness& harness);
Calls seen_calls(e2e::Harness& harness);

/// Two more runs, undisturbed. What is wrong with them: the first one ends in the oracle's graph,
/// the second one sends nothing.
std::vector<std::string> not_recovered(e2e::Harness& harness);

}  // namespace sweep
