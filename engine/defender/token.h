#pragma once
// Logging in to Entra ID by the client credentials grant: one Token per audience (Defender, Graph).
//
// Guarantees: a token is used until a minute before its end, by the monotonic clock; neither the
// secret nor a token appears in a message or a log line. Does not send requests with it: that is
// api.h. Facts: docs/services/defender.md.

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "defender/defender_client.h"
#include "http/http_client.h"
#include "http/service_clock.h"

namespace defender_car {

/// What all calls to Defender, Graph and login have in common.
struct Traffic {
  std::int64_t calls = 0;
  ServiceClock clock;  ///< Defender's or Graph's

  void note(const HttpResponse& response);
};

class Token {
 public:
  /// `settings` and `traffic` must live as long.
  Token(HttpClient& http, const DefenderSettings& settings, std::string resource, Traffic& traffic);

  /// Logs in where there is no token yet or it is about to end. Throws Error(authentication,
  /// unreachable, defender).
  const std::string& text();
  /// The token as it is, even when it is about to end. Sends nothing.
  const std::string& present() const noexcept { return text_; }
  /// Whether text() would return without a login.
  bool usable() const;
  void forget() { text_.clear(); }
  /// Logs in as text() does. Nothing where the token does not state its roles.
  const std::optional<std::set<std::string>>& roles();

 private:
  void log_in();
  void take(const HttpRequest& request, const HttpResponse& response);
  [[noreturn]] void refuse(const HttpRequest& request, const HttpResponse& response) const;

  HttpClient& http_;
  const DefenderSettings& settings_;
  std::string resource_;
  Traffic& traffic_;
  std::string text_;
  std::optional<std::set<std::string>> roles_;
  std::chrono::steady_clock::time_point good_until_;
};

}  // namespace defender_car
