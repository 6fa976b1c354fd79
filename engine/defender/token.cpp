#include "defender/token.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "base/secrets.h"
#include "defender/responses.h"
#include "http/url.h"

namespace defender_car {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kMargin{60};
// Entra always says how long a token lives; should it not, a short life costs only logins.
constexpr std::int64_t kUnstatedLife = 300;
constexpr std::int64_t kLongestLife = 24 * 3600;

struct Hint {
  int number;  // AADSTS…; they may change, so they choose the advice and nothing else
  std::string_view advice;
};

constexpr std::string_view kSecretAdvice =
    "The client secret is wrong: give the secret's value, not its id "
    "(Entra portal -> App registrations -> the app -> Certificates & secrets)";
constexpr std::string_view kExpiredAdvice =
    "The client secret has expired: make a new one "
    "(Entra portal -> App registrations -> the app -> Certificates & secrets)";
constexpr std::string_view kNoSecretAdvice = "No client secret was sent: set --client-secret-file";
constexpr std::string_view kTenantAdvice =
    "There is no such tenant in this cloud: check --tenant-id, and --cloud for a government tenant";
constexpr std::string_view kCloudAdvice =
    "The tenant belongs to another national cloud: set --cloud";
constexpr std::string_view kAppAdvice =
    "The application is unknown in this tenant or disabled: check --client-id and --tenant-id";
constexpr std::string_view kResourceAdvice =
    "The tenant has no service principal for this resource (is Defender for Endpoint licensed "
    "there?), or its name "
    "is wrong: check --cloud, --defender-resource and --graph-resource";
constexpr std::string_view kConsentAdvice =
    "An administrator has not consented yet "
    "(Entra portal -> App registrations -> the app -> API permissions -> Grant admin consent)";
constexpr std::string_view kPolicyAdvice =
    "A Conditional Access policy blocks the application: exclude it or allow this host's address";

constexpr std::array kHints{
    Hint{7000215, kSecretAdvice},  Hint{7000222, kExpiredAdvice}, Hint{7000218, kNoSecretAdvice},
    Hint{900144, kNoSecretAdvice}, Hint{90002, kTenantAdvice},    Hint{900023, kTenantAdvice},
    Hint{90038, kCloudAdvice},     Hint{900382, kCloudAdvice},    Hint{900432, kCloudAdvice},
    Hint{700016, kAppAdvice},      Hint{700011, kAppAdvice},      Hint{7000112, kAppAdvice},
    Hint{70001, kAppAdvice},       Hint{500011, kResourceAdvice}, Hint{50001, kResourceAdvice},
    Hint{650057, kResourceAdvice}, Hint{70011, kResourceAdvice},  Hint{65001, kConsentAdvice},
    Hint{650052, kConsentAdvice},  Hint{650056, kConsentAdvice},  Hint{53003, kPolicyAdvice},
};

using ErrorAdvice = std::pair<std::string_view, std::string_view>;
constexpr std::array kAdviceByError{
    ErrorAdvice{"invalid_client",
                "The client secret was not accepted: check --client-id and --client-secret-file"},
    ErrorAdvice{"unauthorized_client", kAppAdvice},
    ErrorAdvice{"invalid_grant", kPolicyAdvice},
    ErrorAdvice{"interaction_required", kPolicyAdvice},
    ErrorAdvice{"invalid_scope", kResourceAdvice},
    ErrorAdvice{"invalid_resource", kResourceAdvice},
    ErrorAdvice{"invalid_request", "Check --tenant-id and --client-id"},
    ErrorAdvice{"temporarily_unavailable", "The login service is busy: the next run tries again"},
};

std::string_view login_advice(const std::string& error, const std::vector<int>& numbers,
                              int status) {
  for (const int number : numbers) {
    const auto hint = std::find_if(kHints.begin(), kHints.end(),
                                   [&](const Hint& one) { return one.number == number; });
    if (hint != kHints.end()) return hint->advice;
  }
  const auto by_error = std::find_if(kAdviceByError.begin(), kAdviceByError.end(),
                                     [&](const auto& one) { return one.first == error; });
  if (by_error != kAdviceByError.end()) return by_error->second;
  if (status == 0) return "Check the network, name resolution, the proxy and --login-url";
  if (status >= 500 || status == 429) return "The next run tries again";
  return "Check --login-url and --tenant-id";
}

ErrorKind login_failure_kind(const std::string& error, int status) {
  if (status == 0) return ErrorKind::unreachable;
  if (error != "temporarily_unavailable" && (status == 400 || status == 401))
    return ErrorKind::authentication;
  return ErrorKind::defender;
}

}  // namespace

void Traffic::note(const HttpResponse& response) {
  calls += response.tries;
  clock.note(response);
}

Token::Token(HttpClient& http, const DefenderSettings& settings, std::string resource,
             Traffic& traffic)
    : http_(http), settings_(settings), resource_(std::move(resource)), traffic_(traffic) {
  keep_secret(settings_.client_secret);
  keep_secret(url_escape(settings_.client_secret));
}

bool Token::usable() const { return !text_.empty() && steady_clock::now() < good_until_; }

const std::string& Token::text() {
  if (!usable()) log_in();
  return text_;
}

const std::optional<std::set<std::string>>& Token::roles() {
  text();
  return roles_;
}

void Token::log_in() {
  text_.clear();
  HttpRequest request;
  request.method = "POST";
  request.url = settings_.login_url + "/" + url_escape(settings_.tenant_id) + "/oauth2/v2.0/token";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.body = "grant_type=client_credentials&client_id=" + url_escape(settings_.client_id) +
                 "&client_secret=" + url_escape(settings_.client_secret) +
                 "&scope=" + url_escape(resource_ + "/.default");
  request.max_body_bytes = limits::kLoginBody;
  request.label = "login for " + resource_;

  // The life of a token counts from before it was asked for: the response may have been long on its
  // way.
  const auto before = steady_clock::now();
  const HttpResponse response = http_.send(request);
  traffic_.calls += response.tries;  // but not its clock: the run's now is Defender's
  if (response.status != 200) refuse(request, response);
  good_until_ = before;
  take(request, response);
}

void Token::take(const HttpRequest& request, const HttpResponse& response) {
  std::optional<TokenResponse> login = read_token(response.body);
  if (!login) {
    throw Error(ErrorKind::defender,
                request.label + " from " + origin(request.url) +
                    ": HTTP 200 without a token. Something else answered in the place of the "
                    "login service: check --login-url and the proxy");
  }
  const std::int64_t life =
      std::clamp(login->life_seconds.value_or(kUnstatedLife), std::int64_t{0}, kLongestLife);
  good_until_ += seconds(life) - kMargin;
  text_ = std::move(login->token);
  keep_secret(text_);
  roles_ = std::move(login->roles);
}

void Token::refuse(const HttpRequest& request, const HttpResponse& response) const {
  const LoginRefusal refusal = read_login_refusal(response.body);
  std::string message = request.label + " at " + origin(request.url) + " as " +
                        settings_.client_id + " of tenant " + settings_.tenant_id +
                        " failed: " + describe(response) + ". " +
                        std::string(login_advice(refusal.error, refusal.numbers, response.status));
  if (!refusal.correlation_id.empty())
    message += " (correlation_id " + printable(refusal.correlation_id, 100) + ", trace_id " +
               printable(refusal.trace_id, 100) + ")";
  throw Error(login_failure_kind(refusal.error, response.status), message);
}

}  // namespace defender_car
