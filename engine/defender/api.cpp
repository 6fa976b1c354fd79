#include "defender/api.h"

#include <deque>
#include <set>
#include <utility>

#include "base/printable.h"
#include "defender/responses.h"
#include "http/url.h"

namespace defender_car {

std::string where_to_grant(const DefenderSettings& settings) {
  return "in the Entra portal under App registrations -> " + settings.client_id +
         " -> API permissions, then Grant admin consent";
}

std::string place_of(const HttpRequest& request) {
  return request.label + " from " + origin(request.url);
}

std::string asked(const HttpRequest& request, const HttpResponse& response) {
  return place_of(request) + " (" + request.method + " " + std::string(path_of(request.url)) +
         "): " + describe(response);
}

Api::Api(HttpClient& http, const DefenderSettings& settings, std::string url,
         const std::string& resource, Traffic& traffic)
    : http_(http),
      settings_(settings),
      url_(std::move(url)),
      resource_(resource),
      traffic_(traffic),
      token_(http, settings, resource, traffic) {}

HttpRequest Api::with_token(HttpRequest request) const {
  // One that is sent again has an older token.
  std::erase_if(request.headers, [](const auto& header) {
    return header.first == "Authorization" || header.first == "Accept";
  });
  request.headers.emplace_back("Authorization", "Bearer " + token_.present());
  request.headers.emplace_back("Accept", "application/json");
  return request;
}

HttpResponse Api::send(const HttpRequest& request) {
  HttpResponse last;
  bool begun = false;
  send_all(
      [&]() -> std::optional<HttpRequest> {
        return std::exchange(begun, true) ? std::nullopt : std::optional(request);
      },
      [&](const HttpRequest&, HttpResponse response) { last = std::move(response); }, 1);
  return last;
}

// A login cannot happen while transfers are under way, so a round ends when the token does.
void Api::send_all(const HttpClient::NextRequest& next, const HttpClient::OnResponse& on_response,
                   int parallel) {
  std::deque<HttpRequest> again;
  std::set<std::string> asked_again;
  do {
    token_.text();
    bool first = true;
    bool refused = false;
    http_.send_all(
        [&]() -> std::optional<HttpRequest> {
          if (again.empty()) {
            auto request = next();
            if (!request) return std::nullopt;
            again.push_back(std::move(*request));
          }
          if (refused || (!std::exchange(first, false) && !token_.usable())) return std::nullopt;
          HttpRequest request = with_token(std::move(again.front()));
          again.pop_front();
          return request;
        },
        [&](const HttpRequest& request, HttpResponse response) {
          traffic_.note(response);
          if (response.status != 401 || !asked_again.insert(request.url + request.body).second)
            return on_response(request, std::move(response));
          refused = true;
          again.push_back(request);
        },
        parallel);
    if (refused) token_.forget();
  } while (!again.empty());
}

void Api::fail(const HttpRequest& request, const HttpResponse& response,
               const Permission& permission) {
  if (!response.not_sent.empty())
    throw Error(response.not_before ? ErrorKind::defender : ErrorKind::budget,
                request.label + ": " + response.not_sent);
  const std::string what = asked(request, response) + ". ";
  switch (response.status) {
    case 0:
      throw Error(ErrorKind::unreachable,
                  what +
                      "Check the network, name resolution, the proxy and --cloud; "
                      "the next run tries again");
    case 400:
      throw Error(ErrorKind::invalid_parameter,
                  what +
                      "The service does not take what was asked; this is a fault of this program "
                      "or a change of "
                      "the service: " +
                      printable(request.url, 500));
    case 401:
      throw Error(ErrorKind::authentication,
                  what + "A new token was refused as well: check that " + resource_ +
                      " is the audience of this host (--cloud, --defender-resource) and "
                      "that the tenant's licence is active");
    case 403:
      throw Error(ErrorKind::forbidden, what + forbidden_advice(permission));
    case 404:
    case 410:
      if (!read_refusal(response)) fail_foreign(request, response);
      [[fallthrough]];
    default:
      throw Error(ErrorKind::defender, what + "The next run tries again");
  }
}

void Api::fail_foreign(const HttpRequest& request, const HttpResponse& response) {
  throw Error(ErrorKind::defender,
              asked(request, response) +
                  ". The service refuses in another form, so something between answered in its "
                  "place, and that tells nothing of the tenant. Check the proxy and --defender-url "
                  "and --graph-url; the next run tries again");
}

std::string Api::forbidden_advice(const Permission& permission) {
  const std::string name = std::string(permission.name) + " of " + std::string(permission.owner);
  const std::string audience = "the token's audience " + resource_ +
                               " does not fit this host (--cloud, " +
                               "--defender-resource, --defender-url)";
  const auto& roles = token_.roles();
  if (roles && roles->contains(std::string(permission.name))) {
    return "The token carries " + name + ", so probably " + audience;
  }
  return "The application needs the permission " + name + ": grant it " +
         where_to_grant(settings_) + ". If it is granted, " + audience;
}

}  // namespace defender_car
