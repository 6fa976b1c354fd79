#pragma once
// The two halves of `check`, and one line of what they find.

#include <functional>
#include <optional>
#include <string>

#include "base/enum_text.h"
#include "base/error.h"
#include "http/http_client.h"
#include "run/settings.h"

namespace defender_car {

enum class CheckState { ok, warning, failed };
inline constexpr EnumTexts<CheckState, 3> kCheckStates{"state of a check",
                                                       {"ok", "warning", "failed"}};

struct CheckResult {
  std::string name;
  CheckState state = CheckState::ok;
  std::string detail;                ///< what came back
  std::string remedy;                ///< what to do about it
  std::optional<ErrorKind> failure;  ///< of a failed one: decides the exit code
  std::string without = {};          ///< of a warning: what a sync lacks because of it; "": nothing
};

using OnCheck = std::function<void(CheckResult)>;

/// Logins, permissions, the resources and both ways of hunting.
void check_defender(const SyncSettings& settings, HttpClient& http, const OnCheck& on_check);

void check_car(const SyncSettings& settings, HttpClient& http, const OnCheck& on_check);

}  // namespace defender_car
