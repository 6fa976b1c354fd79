#pragma once
// Requests to one audience (Defender or Graph) with a token of its own.
//
// Guarantees: each request carries a token that is not about to end; after a 401 it gets a new one
// and is sent once more, after a second 401 the caller gets that. Does not read what comes back,
// but for a failure, which fail() turns into the Error that it means.

#include <string>
#include <string_view>

#include "defender/defender_client.h"
#include "defender/token.h"
#include "http/http_client.h"

namespace defender_car {

/// What a call needs, for the message of a 403.
struct Permission {
  std::string_view name;   ///< "Machine.Read.All"
  std::string_view owner;  ///< "WindowsDefenderATP": the API it is found under in the portal
};

/// "in the Entra portal under App registrations -> APP -> API permissions -> Grant admin consent".
std::string where_to_grant(const DefenderSettings& settings);

class Api {
 public:
  /// `url` without a trailing slash; `settings` and `traffic` must live as long.
  Api(HttpClient& http, const DefenderSettings& settings, std::string url,
      const std::string& resource, Traffic& traffic);

  const std::string& url() const noexcept { return url_; }
  Token& token() noexcept { return token_; }
  const DefenderSettings& settings() const noexcept { return settings_; }

  /// The response, whatever its status. Throws as Token::text() does.
  HttpResponse send(const HttpRequest& request);

  /// Like HttpClient::send_all, each request as by send(). No two of the requests may be the same.
  void send_all(const HttpClient::NextRequest& next, const HttpClient::OnResponse& on_response,
                int parallel);
  /// See Gate.
  std::string no_room(const std::string& url, std::int64_t requests) const {
    return http_.no_room(url, requests);
  }

  /// Throws the Error that this response means.
  [[noreturn]] void fail(const HttpRequest& request, const HttpResponse& response,
                         const Permission& permission);
  /// The same for a refusal that counts only in the service's own form, and has another.
  [[noreturn]] static void fail_foreign(const HttpRequest& request, const HttpResponse& response);

 private:
  HttpRequest with_token(HttpRequest request) const;
  std::string forbidden_advice(const Permission& permission);

  HttpClient& http_;
  const DefenderSettings& settings_;
  std::string url_;
  std::string resource_;
  Traffic& traffic_;
  Token token_;
};

/// "machines page 1 from https://host": where a response came from, for messages.
std::string place_of(const HttpRequest& request);

/// "machines page 1 from https://host (GET /api/machines): HTTP 403 …": how every message about a
/// failed call begins.
std::string asked(const HttpRequest& request, const HttpResponse& response);

/// What `read` makes of a response. Its Error gets the response's place.
template <typename Read>
auto read_at(const HttpRequest& request, Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(error.kind(), place_of(request) + ": " + error.what());
  }
}

}  // namespace defender_car
