#pragma once
// Points in time: milliseconds since the epoch, UTC. Text forms are ISO 8601 with three digits and
// Z, the form in which the state file keeps every time, so that text order is time order. Parsing
// is SQLite's work.

#include <cstdint>
#include <string>

namespace defender_car {

using EpochMs = std::int64_t;

/// The machine's clock.
EpochMs system_now();

/// Puts it wrong by so much from now on: for tests of a machine whose clock jumps.
void put_system_clock_wrong(EpochMs by);

/// 2026-11-24T13:00:00.000Z
std::string iso8601(EpochMs at);

}  // namespace defender_car
