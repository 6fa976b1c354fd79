#pragma once
// The CAR half of `check`.

#include "cli/commands/check_result.h"
#include "http/http_client.h"
#include "run/settings.h"

namespace defender_car {

void check_car(const SyncSettings& settings, HttpClient& http, const OnCheck& on_check);

}  // namespace defender_car
