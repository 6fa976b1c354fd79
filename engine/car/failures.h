#pragma once
// What a failed call to CAR means for the run, and how it is told. Private to car.

#include <string>

#include "base/error.h"
#include "http/http_client.h"

namespace defender_car {

/// "CAR, LABEL (METHOD URL): ", the beginning of every message about a call.
std::string asked(const HttpRequest& request);

/// 2xx, and no page of a proxy or a sign-in in CAR's place.
bool succeeded(const HttpResponse& response);

/// A 404 that is not in CAR's own form, of a proxy or a router: it says of nothing that it is not
/// there.
bool is_foreign_404(const HttpResponse& response);

/// CAR's own word that it will not do what this one request asks: 4xx, but for what is about the
/// caller or the moment (401, 403, 408, 429) and for 404.
bool is_refusal(const HttpResponse& response);

/// Recoverable or not (docs/commands.md), with what a person can do about it.
Error failure_of(const HttpRequest& request, const HttpResponse& response);

/// For an answer that came but does not say what it should.
Error unreadable(const HttpRequest& request, const HttpResponse& response, const std::string& why);

}  // namespace defender_car
