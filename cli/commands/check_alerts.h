#pragma once
// The part of `check` that asks for alerts by both lists and compares them.

#include <functional>
#include <string>

#include "cli/commands/checks.h"
#include "defender/defender_client.h"

namespace defender_car {

/// Puts a question to one of the lists and reports how it ended. True where it was answered.
using AskList = std::function<bool(const std::string& list, bool needed, AlertsApi way,
                                   const std::function<void()>& question)>;

/// Asks those lists that --alerts-api allows. Where both answer, their open alerts are compared:
/// ids that only Graph has would double alerts, so that is noted in the state file, and
/// --alerts-api auto stays with Defender's list until a later check finds none. True where a run
/// would read Defender's list.
bool check_alerts(const SyncSettings& settings, HttpClient& http, DefenderClient& client,
                  const OnCheck& on_check, const AskList& ask);

}  // namespace defender_car
