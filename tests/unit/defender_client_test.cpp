#include "defender/defender_client.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "defender/responses.h"
#include "loopback_server.h"

using namespace defender_car;
using defender_car::test::json;
using defender_car::test::LoopbackServer;

namespace {

constexpr std::string_view kSecret = "s3cr&t+value";
constexpr std::array<std::string_view, 1> kId{"id"};

/// An unsigned JWT with the payload {"roles":["Machine.Read.All"]}, or that of
/// ThreatHunting.Read.All.
const std::string kMachineJwt = "e30.eyJyb2xlcyI6WyJNYWNoaW5lLlJlYWQuQWxsIl19.sig";
const std::string kHuntingJwt = "e30.eyJyb2xlcyI6WyJUaHJlYXRIdW50aW5nLlJlYWQuQWxsIl19.sig";

struct Sink final : PageSink {
  void begin() override { events += "("; }
  void record(std::span<const Field> fields) override {
    ++records;
    if (records <= 50) events += fields.front().text + " ";
  }
  void keep() override { events += ")"; }
  void drop() override { events += "!"; }

  std::string events;
  std::int64_t records = 0;
};

/// Login, Defender and Graph on one server; each test sets what Defender answers.
struct Tenant {
  explicit Tenant(LoopbackServer::Answer defender, HuntingApi hunting = HuntingApi::automatic,
                  const DefenderLimits& limits = {}, bool keeps_connections = false)
      : answer(std::move(defender)),
        server([this](const auto& request, auto& response) { route(request, response); },
               keeps_connections),
        http(options(), progress),
        client(http, settings(), hunting, limits) {}

  static HttpOptions options() {
    HttpOptions options;
    options.retry.max_tries = 2;
    options.retry.first_wait_ms = 1;
    options.retry.longest_wait_ms = 2;
    return options;
  }

  DefenderSettings settings() const {
    DefenderSettings settings;
    settings.tenant_id = "tenant";
    settings.client_id = "app-id";
    settings.client_secret = kSecret;
    settings.login_url = server.url();
    settings.defender_url = server.url();
    settings.graph_url = server.url() + "/graph";
    return settings;
  }

  void route(const httplib::Request& request, httplib::Response& response) {
    if (request.path.find("/oauth2/") == std::string::npos) return answer(request, response);
    ++logins;
    login_path = request.path;
    login_body = request.body;
    const bool graph = request.get_param_value("scope").find("graph") != std::string::npos;
    if (graph && !graph_login.empty()) return json(response, graph_login, 400);
    if (!login_answer.empty()) return json(response, login_answer, login_status);
    const std::string token = graph ? graph_token : std::string("token-") + std::to_string(logins);
    json(response, R"({"token_type":"Bearer","expires_in":)" + expires_in + R"(,"access_token":")" +
                       token + "\"}");
  }

  LoopbackServer::Answer answer;
  int logins = 0;
  std::string login_path, login_body, login_answer, graph_login;
  std::string graph_token = "opaque";
  std::string expires_in = "3599";
  int login_status = 200;
  SilentProgress progress;
  LoopbackServer server;
  HttpClient http;
  DefenderClient client;
  Sink sink;
};

template <typename Call>
Error error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  return {ErrorKind::internal, ""};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string page(std::int64_t first, std::int64_t count, const std::string& next_link = "") {
  std::string text = R"({"@odata.context":"x","value":[)";
  for (std::int64_t i = 0; i < count; ++i) {
    text += std::string(i == 0 ? "" : ",") + R"({"id":"m)" + std::to_string(first + i) + "\"}";
  }
  text += "]";
  if (!next_link.empty()) text += R"(,"@odata.nextLink":")" + next_link + "\"";
  return text + "}";
}

/// What spdlog's default logger says while it lives.
class CapturedLog {
 public:
  CapturedLog() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

}  // namespace

TEST_CASE("a login asks with escaped values and its token serves many calls", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    CHECK(request.get_header_value("Authorization") == "Bearer token-1");
    json(response, page(0, 1));
  });
  tenant.expires_in = GENERATE("3599", "\"3599\"");

  tenant.client.read_pages("machines", "", kId, tenant.sink);
  tenant.client.read_pages("alerts", "", kId, tenant.sink);

  CHECK(tenant.logins == 1);
  CHECK(tenant.login_path == "/tenant/oauth2/v2.0/token");
  CHECK(tenant.login_body ==
        "grant_type=client_credentials&client_id=app-id&client_secret=s3cr%26t%2Bvalue"
        "&scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default");
  CHECK(tenant.client.calls() == 3);
}

TEST_CASE("a token within a minute of its end is not used again", "[defender]") {
  Tenant tenant([](const auto&, auto& response) { json(response, page(0, 1)); });
  tenant.expires_in = "59";

  tenant.client.read_pages("machines", "", kId, tenant.sink);
  tenant.client.read_pages("machines", "", kId, tenant.sink);

  CHECK(tenant.logins == 2);
}

TEST_CASE("a refused login says which kind it was and what to do", "[defender]") {
  struct Case {
    int status;
    const char* error;
    int number;
    ErrorKind kind;
    const char* advice;
  };
  const Case one = GENERATE(
      Case{401, "invalid_client", 7000215, ErrorKind::authentication, "the secret's value"},
      Case{401, "invalid_client", 7000222, ErrorKind::authentication, "expired"},
      Case{400, "invalid_request", 90002, ErrorKind::authentication, "--cloud"},
      Case{400, "unauthorized_client", 700016, ErrorKind::authentication, "--client-id"},
      Case{400, "invalid_resource", 500011, ErrorKind::authentication, "service principal"},
      Case{400, "invalid_scope", 70011, ErrorKind::authentication, "--defender-resource"},
      Case{400, "invalid_client", 650052, ErrorKind::authentication, "Grant admin consent"},
      Case{400, "invalid_grant", 53003, ErrorKind::authentication, "Conditional Access"},
      Case{401, "invalid_client", 1, ErrorKind::authentication, "--client-secret-file"},
      Case{400, "temporarily_unavailable", 1, ErrorKind::defender, "next run"},
      Case{503, "temporarily_unavailable", 1, ErrorKind::defender, "next run"});
  Tenant tenant([](const auto&, auto& response) { json(response, "{}"); });
  tenant.login_status = one.status;
  tenant.login_answer = std::string(R"({"error":")") + one.error +
                        R"(","error_description":"AADSTS)" + std::to_string(one.number) +
                        R"(: no","error_codes":[)" + std::to_string(one.number) +
                        R"(],"trace_id":"trace-7","correlation_id":"corr-7"})";

  const Error error = error_of([&] { tenant.client.read_pages("machines", "", kId, tenant.sink); });

  INFO(error.what());
  CHECK(error.kind() == one.kind);
  CHECK(has(error.what(), one.advice));
  CHECK(has(error.what(), "correlation_id corr-7"));
  CHECK(has(error.what(), "trace_id trace-7"));
  CHECK(has(error.what(), tenant.server.url()));
  CHECK_FALSE(has(error.what(), kSecret));
  CHECK(tenant.sink.events.empty());
}

TEST_CASE("a login service that repeats the secret does not bring it into the message",
          "[defender]") {
  Tenant tenant([](const auto&, auto& response) { json(response, "{}"); });
  tenant.login_status = 400;
  tenant.login_answer =
      R"({"error":"unauthorized_client","error_description":"AADSTS700016: no 's3cr&t+value'"})";

  const Error error = error_of([&] { tenant.client.defender_roles(); });

  CHECK_FALSE(has(error.what(), kSecret));
}

TEST_CASE("a page of a proxy in the place of the login is no token", "[defender]") {
  Tenant tenant([](const auto&, auto& response) { json(response, "{}"); });
  tenant.login_answer = "<html>sign in</html>";

  const Error error = error_of([&] { tenant.client.defender_roles(); });

  CHECK(error.kind() == ErrorKind::defender);
  CHECK(has(error.what(), "--login-url"));
}

TEST_CASE("roles come from the payload of a token", "[defender]") {
  CHECK(roles_of(kMachineJwt) == std::set<std::string>{"Machine.Read.All"});
  // {"roles":"A B"}, {"roles":[]}
  CHECK(roles_of("a.eyJyb2xlcyI6IkEgQiJ9.b") == std::set<std::string>{"A", "B"});
  CHECK(roles_of("a.eyJyb2xlcyI6W119.b") == std::set<std::string>{});
}

TEST_CASE("a token that cannot be read tells nothing of roles", "[defender]") {
  // No JWT, no base64url, {}, {"roles":1}, and the five parts of an encrypted one.
  for (const std::string token : {"opaque", "a.!!.b", "a.e30.b", "a.", "a.eyJyb2xlcyI6MX0.b",
                                  "a.eyJyb2xlcyI6IkEgQiJ9.b.c.d"}) {
    INFO(token);
    CHECK_FALSE(roles_of(token));
  }
}

TEST_CASE("a 401 gets one new token and one more try", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    const bool old = request.get_header_value("Authorization") == "Bearer token-1";
    json(response, old ? "{}" : page(0, 2), old ? 401 : 200);
  });

  const ReadResult result = tenant.client.read_pages("machines", "", kId, tenant.sink);

  CHECK(result.records == 2);
  CHECK(tenant.logins == 2);
}

TEST_CASE("a 401 to a new token as well is an authentication error", "[defender]") {
  Tenant tenant([](const auto&, auto& response) {
    json(response, R"({"error":{"code":"Unauthorized","message":"no"}})", 401);
  });

  const Error error = error_of([&] { tenant.client.read_pages("machines", "", kId, tenant.sink); });

  CHECK(error.kind() == ErrorKind::authentication);
  CHECK(tenant.logins == 2);
  CHECK_FALSE(has(error.what(), "token-2"));
}

TEST_CASE("a failing page is told by its status and never kept", "[defender]") {
  struct Case {
    int status;
    ErrorKind kind;
    const char* word;
  };
  const Case one = GENERATE(Case{403, ErrorKind::forbidden, "Alert.Read.All of WindowsDefenderATP"},
                            Case{400, ErrorKind::invalid_parameter, "status%20eq"},
                            Case{500, ErrorKind::defender, "UpstreamCode"},
                            Case{302, ErrorKind::defender, "302"});
  Tenant tenant([&](const auto&, auto& response) {
    json(response, R"({"error":{"code":"UpstreamCode","message":"words"}})", one.status);
  });

  const Error error =
      error_of([&] { tenant.client.read_pages("alerts", "status eq 'New'", kId, tenant.sink); });

  INFO(error.what());
  CHECK(error.kind() == one.kind);
  CHECK(has(error.what(), one.word));
  CHECK(has(error.what(), "alerts page 1 from " + tenant.server.url()));
  CHECK(tenant.sink.events.empty());
}

TEST_CASE("no answer at all is unreachable", "[defender]") {
  SilentProgress progress;
  HttpClient http(Tenant::options(), progress);
  DefenderSettings settings;
  settings.login_url = "http://127.0.0.1:1";
  DefenderClient client(http, settings, HuntingApi::automatic);
  CHECK(error_of([&] { client.defender_roles(); }).kind() == ErrorKind::unreachable);
}

TEST_CASE("full pages are stepped by skip until a short one", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    const auto skip = std::stoll(request.get_param_value("$skip"));
    json(response, page(skip, skip == 0 ? 10'000 : 3));
  });

  const ReadResult result =
      tenant.client.read_pages("machines", "lastSeen ge 2026-01-01T00:00:00Z", kId, tenant.sink);

  CHECK(result.records == 10'003);
  CHECK(tenant.sink.records == 10'003);
  CHECK(tenant.server.targets[1] ==
        "GET /api/machines?$filter=lastSeen%20ge%202026-01-01T00%3A00%3A00Z&$top=10000&$skip=0");
  CHECK(has(tenant.server.targets[2], "$skip=10000"));
  CHECK(tenant.server.targets.size() == 3);
}

TEST_CASE("exactly one full page needs an empty one to end", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    json(response, page(0, request.get_param_value("$skip") == "0" ? 10'000 : 0));
  });
  CHECK(tenant.client.read_pages("machines", "", kId, tenant.sink).records == 10'000);
  CHECK(tenant.server.targets.size() == 3);
}

namespace {

/// A sink that keeps no page before the server has been asked for so much; this client has one
/// thread, so what comes meanwhile was sent before.
struct PatientSink final : PageSink {
  PatientSink(const std::atomic<int>& seen, std::vector<int> wanted)
      : seen_(seen), wanted_(std::move(wanted)) {}
  void begin() override {}
  void record(std::span<const Field>) override { ++records; }
  void keep() override {
    const int wanted = kept_ < wanted_.size() ? wanted_[kept_] : 0;
    ++kept_;
    for (int i = 0; i < 1'000 && seen_ < wanted; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK(seen_ >= wanted);
  }
  void drop() override {}

  std::int64_t records = 0;

 private:
  const std::atomic<int>& seen_;
  std::vector<int> wanted_;
  std::size_t kept_ = 0;
};

}  // namespace

TEST_CASE("in a long list the next page comes while one is kept", "[defender]") {
  std::atomic<int> pages = 0;
  Tenant tenant(
      [&](const auto& request, auto& response) {
        ++pages;
        const auto skip = std::stoll(request.get_param_value("$skip"));
        json(response, page(skip, skip < 50 ? 10 : 3));
      },
      HuntingApi::automatic, {.page_size = 10}, true);
  // At the third page one more has been asked for than is needed.
  PatientSink sink(pages, {1, 2, 4});

  CHECK(tenant.client.read_pages("machines", "", kId, sink).records == 53);

  CHECK(sink.records == 53);
  CHECK(pages <= 7);
}

TEST_CASE("a page asked for ahead that fails counts for nothing", "[defender]") {
  const int status = GENERATE(401, 500, 503);
  int asked_for_40 = 0;
  Tenant tenant(
      [&](const auto& request, auto& response) {
        const auto skip = std::stoll(request.get_param_value("$skip"));
        if (skip == 40 && ++asked_for_40 == 1) return json(response, "{}", status);
        json(response, page(skip, skip < 40 ? 10 : 3));
      },
      HuntingApi::automatic, {.page_size = 10});
  CHECK(tenant.client.read_pages("machines", "", kId, tenant.sink).records == 43);
  CHECK(asked_for_40 == 2);
}

TEST_CASE("a page asked for ahead is left when the list leads elsewhere", "[defender]") {
  std::string base;
  Tenant tenant(
      [&](const auto& request, auto& response) {
        const auto skip = std::stoll(request.get_param_value("$skip"));
        if (skip == 20) return json(response, page(20, 2, base + "/api/machines?$skip=22"));
        json(response, page(skip, skip == 22 ? 3 : 10));
      },
      HuntingApi::automatic, {.page_size = 10});
  base = tenant.server.url();
  CHECK(tenant.client.read_pages("machines", "", kId, tenant.sink).records == 25);
  CHECK(tenant.sink.records == 25);
}

TEST_CASE("elements that are no objects count for the fullness of a page", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    if (request.get_param_value("$skip") != "0") return json(response, page(9'999, 1));
    std::string text = page(0, 9'999);
    text.insert(text.rfind(']'), ",7");
    json(response, text);
  });
  const ReadResult result = tenant.client.read_pages("machines", "", kId, tenant.sink);
  CHECK(result.records == 10'000);
  CHECK(result.not_understood == 1);
}

TEST_CASE("a nextLink of the same service is followed from a short page", "[defender]") {
  std::string base;
  Tenant tenant([&](const auto& request, auto& response) {
    const bool first = request.get_param_value("$skip") == "0";
    json(response, first ? page(0, 2, base + "/api/machines?$skip=2") : page(2, 1));
  });
  base = tenant.server.url();

  CHECK(tenant.client.read_pages("machines", "", kId, tenant.sink).records == 3);
  CHECK(tenant.sink.events == "(m0 m1 )(m2 )");
}

TEST_CASE("a nextLink to another place is not followed and leaves the list incomplete",
          "[defender]") {
  std::string link;
  Tenant tenant([&](const auto&, auto& response) { json(response, page(0, 2, link)); });
  const std::string here = tenant.server.url();
  link = GENERATE_COPY(as<std::string>{}, "http://127.0.0.2:1/api/machines?$skip=2",
                       "http://user@" + here.substr(7) + "/api/machines",
                       here + ".example.com/api/machines", here + "/api/mach ines",
                       "machines?$skip=2", "//evil/api", here + "/api/machines?$top=10000&$skip=0");

  const Error error = error_of([&] { tenant.client.read_pages("machines", "", kId, tenant.sink); });

  INFO(error.what());
  CHECK(error.kind() == ErrorKind::defender);
  CHECK(has(error.what(), "incomplete"));
  CHECK(tenant.server.targets.size() == 2);
}

TEST_CASE("a service that gives the same full page for ever is noticed", "[defender]") {
  Tenant tenant([](const auto&, auto& response) { json(response, page(0, 10'000)); });
  const Error error = error_of([&] { tenant.client.read_pages("machines", "", kId, tenant.sink); });
  CHECK(error.kind() == ErrorKind::defender);
  CHECK(has(error.what(), "was there before"));
}

TEST_CASE("a short page that comes twice is noticed, wherever", "[defender]") {
  std::string base;
  Tenant tenant([&](const auto& request, auto& response) {
    const auto skip = std::stoll(request.get_param_value("$skip"));
    const auto first = skip == 4 ? 0 : skip;  // the third page is the first one
    json(response, page(first, 2, base + "/api/machines?$skip=" + std::to_string(skip + 2)));
  });
  base = tenant.server.url();
  const Error error = error_of([&] { tenant.client.read_pages("machines", "", kId, tenant.sink); });
  CHECK(has(error.what(), "was there before"));
  CHECK(has(error.what(), "page 3"));
}

TEST_CASE("an empty page that leads on is no end, but a few of them are", "[defender]") {
  std::string base;
  const long long gap = GENERATE(1, 3, 4);
  Tenant tenant([&](const auto& request, auto& response) {
    const auto skip = std::stoll(request.get_param_value("$skip"));
    const bool empty = skip >= 2 && skip < 2 + gap;
    const std::string next = base + "/api/machines?$skip=" + std::to_string(skip + (empty ? 1 : 2));
    json(response, page(skip, empty ? 0 : 2, skip < 2 + gap ? next : ""));
  });
  base = tenant.server.url();
  const bool reached = gap <= 3;
  CHECK(tenant.client.read_pages("machines", "", kId, tenant.sink).records == (reached ? 4 : 2));
}

TEST_CASE("a list that never ends is left at the page cap", "[defender]") {
  std::string base;
  Tenant tenant(
      [&](const auto& request, auto& response) {
        const auto skip = std::stoll(request.get_param_value("$skip"));
        json(response, page(skip, 2, base + "/api/machines?$skip=" + std::to_string(skip + 2)));
      },
      HuntingApi::automatic, {.page_cap = 7});
  base = tenant.server.url();
  const Error error = error_of([&] { tenant.client.read_pages("machines", "", kId, tenant.sink); });
  CHECK(error.kind() == ErrorKind::defender);
  CHECK(has(error.what(), "more than 7 pages"));
  CHECK(tenant.server.targets.size() == 1 + 7);
}

TEST_CASE("404 is none on the first page and a failure later", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    const bool filtered = request.has_param("$filter");
    if (filtered || request.get_param_value("$skip") != "0")
      return json(response, R"({"error":{"code":"ResourceNotFound","message":"none"}})", 404);
    json(response, page(0, 10'000));
  });
  CHECK(tenant.client.read_pages("machines", "x", kId, tenant.sink).not_found);
  CHECK(error_of([&] { tenant.client.read_pages("machines", "", kId, tenant.sink); }).kind() ==
        ErrorKind::defender);
}

TEST_CASE("an answer that is no list is dropped as bad data", "[defender]") {
  const std::string body =
      GENERATE(R"({"value":[{"id":"a"},)", R"({"error":"none"})", "[]", "<html>");
  Tenant tenant([&](const auto&, auto& response) { json(response, body); });

  const Error error = error_of([&] { tenant.client.read_pages("machines", "", kId, tenant.sink); });

  CHECK(error.kind() == ErrorKind::bad_data);
  CHECK(has(error.what(), "machines page 1"));
  CHECK(tenant.sink.events.back() == '!');
}

TEST_CASE("one machine is a record or gone", "[defender]") {
  std::string odd;
  Tenant tenant([&](const auto& request, auto& response) {
    if (request.path == "/api/machines/gone")
      return json(response, R"({"error":{"code":"ResourceNotFound","message":"none"}})", 404);
    if (request.path == "/api/machines/odd") return json(response, odd);
    json(response, R"({"id":"M1","lastSeen":null})");
  });
  CHECK(tenant.client.read_machine("m1", kId, tenant.sink));
  CHECK(tenant.sink.events == "(M1 )");
  CHECK_FALSE(tenant.client.read_machine("gone", kId, tenant.sink));
  odd = GENERATE(R"({"x":1})", "null", "[]", R"([{"id":"odd"}])", R"({"id":"other"})",
                 R"({"id":null})", "7", R"({"value":[{"id":"odd"}]})");
  CHECK(error_of([&] { tenant.client.read_machine("odd", kId, tenant.sink); }).kind() ==
        ErrorKind::bad_data);
  CHECK(tenant.sink.events == "(M1 )");
}

TEST_CASE("a probe asks for one record and throws as a reading does", "[defender]") {
  int status = 200;
  Tenant tenant([&](const auto&, auto& response) { json(response, page(0, 1), status); });
  tenant.client.probe("alerts");
  CHECK(tenant.server.targets.back() == "GET /api/alerts?$top=1");
  status = 403;
  CHECK(has(error_of([&] { tenant.client.probe("alerts"); }).what(), "Alert.Read.All"));
}

namespace {

/// Asks for users and writes down how each machine ended: "a:ok b:404 c:refused ".
std::string read_users(Tenant& tenant, const std::vector<std::string>& ids) {
  std::map<std::string, std::string> ends;
  tenant.client.read_logon_users(
      ids, kId, tenant.sink, [&](const std::string& id) { tenant.sink.events += id + ":"; },
      [&](const std::string& id, AskOutcome outcome, const std::string& failure) {
        CHECK(failure.empty() == (outcome == AskOutcome::ok || outcome == AskOutcome::not_found));
        static constexpr std::array kNames{
            "ok", "partly", "404", "refused", "refused for good", "failed", "not asked", "not now"};
        ends[id] += kNames[static_cast<std::size_t>(outcome)];
      });
  std::string text;
  for (const auto& [id, end] : ends) text += id + ":" + end + " ";
  return text;
}

std::string machine_of(const httplib::Request& request) {
  const std::string rest = request.path.substr(std::string("/api/machines/").size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace

TEST_CASE("logon users of many machines end one by one", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    const std::string id = machine_of(request);
    const std::string refusal = R"({"error":{"code":"ResourceNotFound","message":"none"}})";
    if (id == "gone") return json(response, refusal, 404);
    if (id == "page") return json(response, "<html>not found</html>", 404);
    if (id == "broken") return json(response, R"({"value":[{"id":"half"})");
    if (id == "down") return json(response, "{}", 500);
    if (id == "nothing") return json(response, "", 204);
    if (id == "refused") return json(response, refusal, 400);
    if (id == "busy") return json(response, refusal, 429);
    if (id == "odd") return json(response, R"({"value":[null,{"id":"user of odd"}]})");
    if (id == "partial") return json(response, R"({"error":{"code":"Partial"},"value":[]})");
    json(response, R"({"value":[{"id":"user of )" + id + "\"}]}");
  });
  CHECK(read_users(tenant, {"a", "gone", "broken", "down", "b", "page", "nothing", "refused",
                            "busy", "odd", "partial"}) ==
        "a:ok b:ok broken:refused busy:failed down:refused gone:404 nothing:refused odd:partly "
        "page:refused partial:partly refused:refused for good ");
  CHECK(has(tenant.sink.events, "odd:(user of odd )"));
  CHECK(has(tenant.sink.events, "a:(user of a )"));
  CHECK(has(tenant.sink.events, "broken:(half !"));
}

TEST_CASE("logon users go on with a new token after a 401", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    const bool old = request.get_header_value("Authorization") == "Bearer token-1";
    json(response, old ? "{}" : R"({"value":[]})", old ? 401 : 200);
  });
  std::vector<std::string> ids;
  for (int i = 10; i < 40; ++i) ids.push_back(std::string("m") + std::to_string(i));
  const std::string ends = read_users(tenant, ids);
  CHECK(std::count(ends.begin(), ends.end(), 'o') == 30);
  CHECK(tenant.logins == 2);
}

TEST_CASE("logon users end with the token that lives too short for one round", "[defender]") {
  Tenant tenant([](const auto&, auto& response) { json(response, R"({"value":[]})"); });
  tenant.expires_in = "1";
  CHECK(read_users(tenant, {"a", "b", "c"}) == "a:ok b:ok c:ok ");
  CHECK(tenant.logins == 3);
}

TEST_CASE("logon users stop for a refused token and a missing permission", "[defender]") {
  const int status = GENERATE(401, 403);
  Tenant tenant([&](const auto&, auto& response) { json(response, "{}", status); });
  const Error error = error_of([&] { read_users(tenant, {"a", "b"}); });
  CHECK(error.kind() == (status == 401 ? ErrorKind::authentication : ErrorKind::forbidden));
  CHECK(has(error.what(), status == 401 ? "new token" : "User.Read.All of WindowsDefenderATP"));
}

TEST_CASE("logon users are not asked on when nothing answers any more", "[defender]") {
  int asked_machines = 0;
  Tenant tenant([&](const auto&, auto& response) {
    ++asked_machines;
    json(response, "{}", 503);
  });
  std::vector<std::string> ids;
  for (int i = 100; i < 300; ++i) ids.push_back(std::string("m") + std::to_string(i));
  const std::string ends = read_users(tenant, ids);
  CHECK(asked_machines <= 2 * (24 + 2 * 8));
  CHECK(has(ends, "m299:not now"));
  CHECK(has(ends, "m100:refused"));
}

TEST_CASE("logon users are not asked on where the service asks for a long wait", "[defender]") {
  int asked_machines = 0;
  Tenant tenant([&](const auto&, auto& response) {
    ++asked_machines;
    json(response, R"({"error":{"code":"429","message":"requests again in 2053 seconds."}})", 429);
  });
  CHECK(read_users(tenant, {"a", "b", "c"}) == "a:failed b:not now c:not now ");
  CHECK(asked_machines == 1);
}

namespace {

constexpr std::array<std::string_view, 2> kColumns{"DeviceId", "Timestamp"};
constexpr HuntingTable kTable{"DeviceNetworkInfo", kColumns};

std::string query(int shards, int shard) {
  return "T | where \"" + std::to_string(shards) + "/" + std::to_string(shard) + "\"";
}

std::string rows(int count) {
  std::string text =
      R"({"schema":[{"name":"deviceId","type":"String"},{"name":"TIMESTAMP","type":"DateTime"}],)"
      R"("results":[)";
  for (int i = 0; i < count; ++i)
    text += (i == 0 ? "" : ",") + std::string(R"({"deviceid":"d","Timestamp":"t"})");
  return text + "]}";
}

}  // namespace

TEST_CASE("hunting goes by Graph when its token carries the role", "[defender]") {
  Tenant tenant([](const auto& request, auto& response) {
    CHECK(request.path == "/graph/v1.0/security/runHuntingQuery");
    CHECK(request.body == R"({"Query":"T | where \"1/0\""})");
    CHECK(request.get_header_value("Content-Type") == "application/json; charset=utf-8");
    json(response, rows(3));
  });
  tenant.graph_token = kHuntingJwt;

  const ReadResult result = tenant.client.hunt(kTable, query, tenant.sink);

  CHECK(tenant.client.hunting_api() == HuntingApi::graph);
  CHECK(tenant.client.graph_roles()->contains("ThreatHunting.Read.All"));
  CHECK(result.records == 3);
  CHECK(tenant.sink.events == "(d d d )");
}

TEST_CASE("an answer may lack the last columns where the table says so", "[defender]") {
  constexpr std::array<std::string_view, 3> kMore{"DeviceId", "Timestamp", "AccountSid"};
  Tenant tenant([](const auto&, auto& response) { json(response, rows(2)); });

  CHECK(tenant.client.hunt({"DeviceLogonEvents", kMore, 1}, query, tenant.sink).records == 2);
  const Error error = error_of([&] {
    tenant.client.hunt({"DeviceLogonEvents", kMore}, query, tenant.sink);
  });
  CHECK(error.kind() == ErrorKind::bad_data);
}

TEST_CASE("hunting falls back to the retiring way with one dated warning", "[defender]") {
  const bool refused = GENERATE(true, false);
  CapturedLog log;
  Tenant tenant([](const auto& request, auto& response) {
    CHECK(request.path == "/api/advancedqueries/run");
    json(response, rows(0));
  });
  tenant.graph_token = kMachineJwt;
  if (refused)
    tenant.graph_login = R"({"error":"invalid_resource","error_description":"AADSTS500011: none"})";

  CHECK(tenant.client.hunt(kTable, query, tenant.sink).records == 0);
  CHECK(tenant.client.hunt(kTable, query, tenant.sink).records == 0);

  const std::string text = log.text();
  CHECK(has(text, "2027-02-01"));
  CHECK(has(text, "ThreatHunting.Read.All"));
  CHECK(text.find("2027-02-01") == text.rfind("2027-02-01"));
  CHECK(has(text, "AADSTS500011") == refused);
  CHECK_FALSE(has(text, kSecret));
}

TEST_CASE("a Graph login that is only down decides nothing", "[defender]") {
  Tenant tenant([](const auto&, auto& response) { json(response, rows(0)); });
  tenant.graph_login = R"({"error":"temporarily_unavailable"})";
  CHECK(error_of([&] { tenant.client.hunting_api(); }).kind() == ErrorKind::defender);
  tenant.graph_login.clear();
  tenant.graph_token = kHuntingJwt;
  CHECK(tenant.client.hunting_api() == HuntingApi::graph);
}

TEST_CASE("a hunting answer at the row cap is asked again in shards", "[defender]") {
  const bool refused = GENERATE(true, false);
  Tenant tenant(
      [&](const auto& request, auto& response) {
        if (!has(request.body, "1/0")) return json(response, rows(2));
        if (!refused) return json(response, rows(5));
        json(
            response,
            R"({"error":{"code":"BadRequest","message":"Query execution has exceeded the allowed result size."}})",
            400);
      },
      HuntingApi::defender, {.row_cap = 5});

  const ReadResult result = tenant.client.hunt(kTable, query, tenant.sink);

  CHECK(result.records == 16);
  CHECK(tenant.sink.records == (refused ? 16 : 21));
  CHECK(has(tenant.sink.events, "!") != refused);
  CHECK(tenant.server.targets.size() == 1 + 1 + 8);
}

TEST_CASE("a shard that is too large multiplies the shards", "[defender]") {
  Tenant tenant(
      [](const auto& request, auto& response) {
        json(response, rows(has(request.body, "/32") || has(request.body, "32/") ? 1 : 5));
      },
      HuntingApi::defender, {.row_cap = 5});
  CHECK(tenant.client.hunt(kTable, query, tenant.sink).records == 32);
}

TEST_CASE("a shard that is too large ends its attempt", "[defender]") {
  Tenant tenant(
      [](const auto& request, auto& response) {
        json(response, rows(has(request.body, "/32") || has(request.body, "32/") ? 1 : 5));
      },
      HuntingApi::defender, {.row_cap = 5});
  tenant.client.hunt(kTable, query, tenant.sink);
  // A login, the whole, at most 4 shards of 8 that were under way at once, 32.
  CHECK(tenant.server.targets.size() <= 1 + 1 + 4 + 32);
}

TEST_CASE("rows known from before choose the number of shards", "[defender]") {
  const auto [known, shards] = GENERATE(
      table<std::int64_t, std::size_t>({{0, 1}, {99, 1}, {100, 2}, {101, 3}, {1'000, 20}}));
  Tenant tenant([](const auto&, auto& response) { json(response, rows(1)); }, HuntingApi::defender,
                {.row_cap = 100});
  const HuntingParts parts{.query = [](std::size_t, int all, int one) { return query(all, one); },
                           .expected_rows = known};
  CHECK(tenant.client.hunt(kTable, parts, tenant.sink).records ==
        static_cast<std::int64_t>(shards));
  CHECK(tenant.server.targets.size() == 1 + shards);
}

TEST_CASE("the next part of a hunt comes while one is kept", "[defender]") {
  std::atomic<int> asked = 0;
  Tenant tenant(
      [&](const auto&, auto& response) {
        ++asked;
        json(response, rows(1));
      },
      HuntingApi::defender, {}, true);
  PatientSink sink(asked, {4, 5, 6, 6, 6, 6});
  const HuntingParts parts{
      .count = 6, .query = [](std::size_t part, int, int) { return std::to_string(part); }};
  CHECK(tenant.client.hunt(kTable, parts, sink).records == 6);
}

TEST_CASE("only the part that is too large is asked again in shards", "[defender]") {
  std::vector<std::string> bodies;
  Tenant tenant(
      [&](const auto& request, auto& response) {
        bodies.push_back(request.body);
        json(response, rows(has(request.body, "part 1 of 1,") ? 5 : 1));
      },
      HuntingApi::defender, {.row_cap = 5});
  const HuntingParts parts{.count = 3, .query = [](std::size_t part, int shards, int) {
                             return "part " + std::to_string(part) + " of " +
                                    std::to_string(shards) + ",";
                           }};
  CHECK(tenant.client.hunt(kTable, parts, tenant.sink).records == 1 + 8 + 1);
  CHECK(bodies.size() == 3 + 8);
}

TEST_CASE("a hunting answer without the asked columns is no answer", "[defender]") {
  const std::string body =
      GENERATE(R"({"schema":[{"name":"DeviceId"}],"results":[{"DeviceId":"d"}]})",
               R"({"results":[]})", R"({"schema":[]})", "nothing");
  Tenant tenant([&](const auto&, auto& response) { json(response, body); }, HuntingApi::defender);
  const Error error = error_of([&] { tenant.client.hunt(kTable, query, tenant.sink); });
  INFO(error.what());
  CHECK(error.kind() == ErrorKind::bad_data);
  CHECK(tenant.sink.events.back() == '!');
}

TEST_CASE("hunting that is not there is forbidden and names both permissions", "[defender]") {
  const int status = GENERATE(401, 403, 404, 410);
  Tenant tenant(
      [&](const auto&, auto& response) {
        json(response, R"({"error":{"code":"x","message":"No Tvm license"}})", status);
      },
      HuntingApi::defender);
  const Error error = error_of([&] { tenant.client.hunt(kTable, query, tenant.sink); });
  CHECK(error.kind() == ErrorKind::forbidden);
  CHECK(has(error.what(), "ThreatHunting.Read.All"));
  CHECK(has(error.what(), "AdvancedQuery.Read.All"));
}

TEST_CASE("other hunting failures keep their kind", "[defender]") {
  const auto [status, kind] = GENERATE(table<int, ErrorKind>({{400, ErrorKind::invalid_parameter},
                                                              {401, ErrorKind::authentication},
                                                              {500, ErrorKind::defender}}));
  const int code = status;
  Tenant tenant(
      [code](const auto&, auto& response) {
        json(response, R"({"error":{"code":"BadRequest","message":"semantic"}})", code);
      },
      HuntingApi::defender);
  CHECK(error_of([&] { tenant.client.hunt(kTable, query, tenant.sink); }).kind() == kind);
}

TEST_CASE("a KQL string keeps quotes and backslashes inside", "[defender]") {
  CHECK(kql_string("a\"b\\c\n") == "\"a\\\"b\\\\c\\n\"");
}

TEST_CASE("a cloud sets all hosts and audiences together", "[defender]") {
  DefenderSettings settings;
  set_cloud(settings, "gcc-high");
  CHECK(settings.login_url == "https://login.microsoftonline.us");
  CHECK(settings.defender_url == "https://api-gov.securitycenter.microsoft.us");
  CHECK(settings.graph_url == "https://graph.microsoft.us");
  CHECK(settings.graph_resource == "https://graph.microsoft.us");
  set_cloud(settings, "commercial");
  CHECK(settings.defender_resource == "https://api.securitycenter.microsoft.com");
  CHECK(error_of([&] { set_cloud(settings, "moon"); }).kind() == ErrorKind::usage);
}

TEST_CASE("the first Date header is the service's clock", "[defender]") {
  Tenant tenant([](const auto&, auto& response) {
    response.set_header("Date", "Tue, 24 Nov 2026 13:00:00 GMT");
    json(response, page(0, 1));
  });
  CHECK_FALSE(tenant.client.clock().first());
  tenant.client.read_pages("machines", "", kId, tenant.sink);
  REQUIRE(tenant.client.clock().first());
  CHECK(iso8601(*tenant.client.clock().first()) == "2026-11-24T13:00:00.000Z");
}

TEST_CASE("the export walks by its own links and nowhere else", "[defender]") {
  std::vector<std::string> asked;
  std::string link;
  Tenant tenant([&](const auto& request, auto& response) {
    asked.push_back(request.target);
    json(response, page(static_cast<std::int64_t>(asked.size()), 1, link));
  });
  const std::string path = "/api/machines/SoftwareVulnerabilitiesByMachine?";
  int begun_anew = 0;
  const auto read = [&] {
    tenant.client.read_software_export(std::nullopt, kId, tenant.sink, [&] { ++begun_anew; });
  };

  read();  // a full page without a link is the last one
  CHECK(asked == std::vector<std::string>{path + "pageSize=200000"});

  link = tenant.server.url() + path + "pagesize=200000&$skiptoken=x";
  Error error = error_of(read);
  CHECK(has(error.what(), "goes round in a circle"));
  CHECK(asked.size() == 3);

  link = GENERATE("https://evil.example/api/machines?", "http://127.0.0.1:1/api/x", "//x/api/");
  error = error_of(read);
  INFO(error.what());
  CHECK(error.kind() == ErrorKind::defender);
  CHECK(has(error.what(), "leads to another place"));
  CHECK(asked.size() == 4);
  CHECK(begun_anew == 0);  // nothing that another walk would mend
}

TEST_CASE("a page behind a link is asked for twice and the walk begun anew once", "[defender]") {
  const int status = GENERATE(400, 404, 410, 500);
  std::vector<std::string> asked;
  Tenant tenant([&](const auto& request, auto& response) {
    asked.push_back(request.target);
    if (request.target.find("skiptoken") != std::string::npos)
      return json(response, R"({"error":{"code":"x","message":"gone"}})", status);
    json(response, page(0, 1,
                        "http://" + request.get_header_value("Host") +
                            "/api/machines/SoftwareVulnerabilitiesByMachine?$skiptoken=x"));
  });
  int begun_anew = 0;

  const Error error = error_of([&] {
    tenant.client.read_software_export(std::nullopt, kId, tenant.sink, [&] { ++begun_anew; });
  });

  INFO(error.what());
  const std::size_t tries = status == 500 ? 2 : 1;  // of the HTTP client's own
  CHECK(asked.size() == 2 * (1 + 2 * tries));
  CHECK(begun_anew == 1);
  CHECK(has(error.what(), "page 2"));
}

TEST_CASE("an export that is not to be had names its permission", "[defender]") {
  const int status = GENERATE(403, 404, 410);
  int asked = 0;
  Tenant tenant([&](const auto&, auto& response) {
    ++asked;
    json(response, R"({"error":{"code":"x","message":"no"}})", status);
  });

  const Error error =
      error_of([&] { tenant.client.read_software_export(std::nullopt, kId, tenant.sink, [] {}); });

  INFO(error.what());
  CHECK(error.kind() == ErrorKind::forbidden);
  CHECK(has(error.what(), "Vulnerability.Read.All of WindowsDefenderATP"));
  CHECK(asked == 1);
}

TEST_CASE("a delta without anything may be a 404 and a refused time is told at once",
          "[defender]") {
  int status = 404;
  std::string target;
  Tenant tenant([&](const auto& request, auto& response) {
    target = request.target;
    json(response, R"({"error":{"code":"NotFound","message":"no"}})", status);
  });
  const auto read = [&] {
    return tenant.client.read_software_export("2026-03-02T06:00:00Z", kId, tenant.sink, [] {});
  };

  CHECK(read().not_found);
  CHECK(target ==
        "/api/machines/SoftwareVulnerabilityChangesByMachine?"
        "sinceTime=2026-03-02T06%3A00%3A00Z&pageSize=200000");
  status = 400;
  CHECK(error_of(read).kind() == ErrorKind::invalid_parameter);
}
