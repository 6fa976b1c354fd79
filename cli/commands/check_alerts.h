#pragma once
// The part of `check` that asks for alerts by both lists and compares them.

#include "cli/commands/check_result.h"
#include "defender/defender_client.h"
#include "http/http_client.h"
#include "run/settings.h"

namespace defender_car {

struct AlertsCheck {
  bool by_defender = false;  ///< a run would read Defender's list
};

/// Asks those lists that --alerts-api allows. Where both answer, their open alerts are compared:
/// ids that only Graph has would double alerts, so that is noted in the state file, and
/// --alerts-api auto stays with Defender's list until a later check finds none.
AlertsCheck check_alerts(const SyncSettings& settings, HttpClient& http, DefenderClient& client,
                         const OnCheck& on_check, const std::string& how_to_grant);

}  // namespace defender_car
