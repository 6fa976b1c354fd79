#pragma once
// engine/sync has the commands that change or check CAR, each as a sequence of phases: sync, plan,
// replay, verify and repair.
//
// One run: its phases (ARCHITECTURE.md) in order, on one state file.
//
// Takes the lock first and holds it to the end. Guarantees what docs/promises.md says. Everything
// that a person may want to know about the run afterwards is in the state file (tables run,
// run_dataset, ledger).

#include "base/progress.h"
#include "http/http_client.h"
#include "run/report.h"
#include "run/settings.h"

namespace defender_car {

/// Runs once; with settings.plan it delivers that plan in place of reading Defender. Throws
/// Error(locked) when another run holds the state, Error(usage) when the state file or the plan
/// belongs to another tenant or source, Error(bad_data) when the plan's file is damaged,
/// Error(guard) when the state has moved since, Error(internal) when the state cannot be used at
/// all; every later failure is in the report.
RunReport run_sync(const SyncSettings& asked, HttpClient& http, Progress& progress);

}  // namespace defender_car
