#pragma once
// The Defender half of `check`: logins, permissions, the resources and both ways of hunting.

#include "cli/commands/check_result.h"
#include "http/http_client.h"
#include "run/settings.h"

namespace defender_car {

void check_defender(const SyncSettings& settings, HttpClient& http, const OnCheck& on_check);

}  // namespace defender_car
