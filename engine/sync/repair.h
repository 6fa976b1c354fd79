#pragma once
// `verify --repair`: what differs is put right in CAR, as a run of its own.
//
// Guarantees: what CAR answered becomes `acknowledged`, and only the objects that differ are sent,
// by what Defender last said; nothing else moves, neither the mirror nor cursors, snapshots or the
// save point. Only what our source holds is taken away, under the guards; what they hold back
// stays a difference. Every operation is in the outbox before its first byte is sent, so that the
// next run finishes what a crash left.

#include "sync/verify.h"

namespace defender_car {

/// Compares under the lock and, where something differs, repairs. Throws like verify();
/// Error(locked) when a run holds the state, Error(car_recoverable) where a sync has to go first.
/// What fails once the run has begun is in the report's `repair`.
VerifyReport verify_and_repair(const SyncSettings& settings, HttpClient& http, Progress& progress,
                               int sample);

}  // namespace defender_car
