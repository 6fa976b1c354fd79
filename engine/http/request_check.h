#pragma once
// What may be sent at all.

#include "http/http_client.h"

namespace defender_car {

/// Throws Error(usage), whose message shows no secret, for a URL that is not one, plain http to a
/// host that is not loopback, or a header that would smuggle another one.
void check_allowed(const HttpRequest& request);

}  // namespace defender_car
