#pragma once
// What an answer's headers say of time.

#include "http/http_client.h"

namespace defender_car {

/// Fills `date`, and `retry_at` where Retry-After is a date. `now` is this machine's clock.
void read_clock(HttpResponse& response, EpochMs now);

}  // namespace defender_car
