#pragma once
// Logging in to Entra ID by the client credentials grant, and the calls made with its tokens: one
// Api per audience (Defender, Graph).
//
// Guarantees: a token is reused until a minute before its end, by the monotonic clock; a 401 gets
// one new token and one more try; neither the secret nor a token appears in a message or a log
// line. Facts: docs/services/defender.md.

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "defender/defender_client.h"
#include "http/answer_clock.h"
#include "http/http_client.h"

namespace defender_car {

/// What all calls to Defender, Graph and login have in common.
struct Traffic {
  std::int64_t calls = 0;
  ServiceClock clock;  ///< Defender's or Graph's

  void note(const HttpResponse& response);
};

/// What a call needs, for the message of a 403.
struct Permission {
  std::string_view name;   ///< "Machine.Read.All"
  std::string_view owner;  ///< "WindowsDefenderATP": the API it is found under in the portal
};

/// "in the Entra portal under App registrations -> APP -> API permissions -> Grant admin consent".
std::string where_to_grant(const DefenderSettings& settings);

class Token {
 public:
  Token(HttpClient& http, const DefenderSettings& settings, std::string resource, Traffic& traffic);

  /// Logs in where there is no token yet or it is about to end.
  const std::string& text();
  /// The token as it is, even when it is about to end.
  const std::string& present() const noexcept { return text_; }
  /// Whether text() would answer without a login.
  bool usable() const;
  void forget() { text_.clear(); }
  /// Nothing where the token does not tell.
  const std::optional<std::set<std::string>>& roles();

 private:
  void log_in();
  void take(const HttpRequest& request, const HttpResponse& response);
  [[noreturn]] void refused(const HttpRequest& request, const HttpResponse& response) const;

  HttpClient& http_;
  const DefenderSettings& settings_;
  std::string resource_;
  Traffic& traffic_;
  std::string text_;
  std::optional<std::set<std::string>> roles_;
  std::chrono::steady_clock::time_point good_until_;
};

class Api {
 public:
  Api(HttpClient& http, const DefenderSettings& settings, std::string url,
      const std::string& resource, Traffic& traffic);

  const std::string& url() const noexcept { return url_; }
  Token& token() noexcept { return token_; }
  const DefenderSettings& settings() const noexcept { return settings_; }

  /// With the Authorization header of the present token. Logs in nowhere: for use while transfers
  /// are under way.
  HttpRequest authorized(HttpRequest request) const;

  /// The answer, whatever its status; a 401 has then been answered to a new token as well.
  HttpResponse send(const HttpRequest& request);

  /// Like HttpClient::send_all, of requests whose labels differ. Each is answered as by send().
  void send_all(const HttpClient::NextRequest& next, const HttpClient::OnResponse& on_response,
                int parallel);
  /// See Gate.
  std::string no_room(const std::string& url, std::int64_t requests) const {
    return http_.no_room(url, requests);
  }

  /// For requests sent by HttpClient::send_all.
  void note(const HttpResponse& response) { traffic_.note(response); }

  /// Throws the Error that this answer means.
  [[noreturn]] void fail(const HttpRequest& request, const HttpResponse& response,
                         const Permission& permission);
  /// The same for a refusal that counts only in the service's own form, and has another.
  [[noreturn]] static void fail_foreign(const HttpRequest& request, const HttpResponse& response);

 private:
  std::string forbidden_advice(const Permission& permission);

  HttpClient& http_;
  const DefenderSettings& settings_;
  std::string url_;
  std::string resource_;
  Traffic& traffic_;
  Token token_;
};

/// What follows "://" in a URL.
std::string_view after_scheme(std::string_view url);
/// "/api/machines" of a URL, without its query; empty when it has none.
std::string_view path_of(std::string_view url);

/// "machines page 1 from https://host (GET /api/machines): HTTP 403 …": how every message about a
/// call begins.
std::string asked(const HttpRequest& request, const HttpResponse& response);

/// Runs `body` inside begin/keep of the sink. The page is dropped when it returns false or throws.
template <typename PageBody>
bool in_page(PageSink& sink, PageBody&& body) {
  sink.begin();
  bool whole = false;
  try {
    whole = body();
    if (whole) sink.keep();
  } catch (...) {
    sink.drop();
    throw;
  }
  if (!whole) sink.drop();
  return whole;
}

}  // namespace defender_car
