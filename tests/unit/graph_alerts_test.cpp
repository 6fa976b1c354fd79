// Graph's alerts_v2 as Defender's alerts: the record, the request, and what is no list.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "defender/alerts.h"
#include "defender/call_budget.h"
#include "loopback_server.h"

using namespace defender_car;
using defender_car::test::json;
using defender_car::test::LoopbackServer;

namespace {

constexpr std::string_view kMain =
    R"({"@odata.type":"#microsoft.graph.security.deviceEvidence","mdeDeviceId":"main",)"
    R"("detailedRoles":["Main device"]})";
constexpr std::string_view kOther =
    R"({"@odata.type":"#microsoft.graph.security.deviceEvidence","mdeDeviceId":"other",)"
    R"("detailedRoles":[]})";
constexpr std::string_view kFile =
    R"({"@odata.type":"#microsoft.graph.security.fileEvidence","mdeDeviceId":"file"})";

Field field(Field::Type type, std::string_view text = "") {
  Field out;
  out.type = type;
  out.text = text;
  return out;
}

std::vector<Field> alert(const Field& evidence, std::string_view severity = "low",
                         std::string_view status = "new") {
  std::vector<Field> fields(kGraphAlertKeys.size());
  fields[0] = field(Field::Type::text, "da1_-1");
  fields[1] = evidence;
  fields[4] = field(Field::Type::text, severity);
  fields[5] = field(Field::Type::text, status);
  read_graph_alert(fields);
  return fields;
}

Field machine_of(const std::string& evidence) {
  return alert(field(Field::Type::json, "[" + evidence + "]"))[1];
}

struct Sink final : PageSink {
  void begin() override {}
  void record(std::span<const Field> fields) override {
    for (const Field& one : fields) texts.push_back(one.text);
  }
  void keep() override {}
  void drop() override {}
  std::vector<std::string> texts;
};

struct Graph {
  explicit Graph(LoopbackServer::Answer answers)
      : answer(std::move(answers)),
        server(
            [this](const auto& request, auto& response) {
              if (request.path.find("/oauth2/") == std::string::npos)
                return answer(request, response);
              json(response, R"({"access_token":"token-of-graph-alerts","expires_in":3599})");
            },
            false),
        http({}, progress),
        client(http, settings(), HuntingApi::automatic) {}

  DefenderSettings settings() const {
    DefenderSettings out;
    out.tenant_id = "tenant";
    out.client_id = "app";
    out.client_secret = "graph-alerts-s3cr3t";
    out.login_url = out.defender_url = server.url();
    out.graph_url = server.url();
    return out;
  }

  LoopbackServer::Answer answer;
  SilentProgress progress;
  LoopbackServer server;
  HttpClient http;
  DefenderClient client;
  Sink sink;
};

}  // namespace

TEST_CASE("the machine of a Graph alert is its main device, else the first named", "[defender]") {
  const std::string main(kMain), other(kOther), file(kFile);
  CHECK(machine_of(file + "," + other + "," + main).text == "main");
  CHECK(machine_of(file + "," + other).text == "other");
  CHECK(machine_of(file).text == "file");
  CHECK(machine_of(R"({"@odata.type":"#microsoft.graph.security.deviceEvidence",)"
                   R"("mdeDeviceId":null,"detailedRoles":["Main device"]},)" +
                   file)
            .text == "file");
  CHECK(machine_of("").type == Field::Type::null);
  CHECK(machine_of(R"({"mdeDeviceId":7})").type == Field::Type::json);
  CHECK(machine_of("7").type == Field::Type::json);
  CHECK(alert(field(Field::Type::text, "main"))[1].type == Field::Type::json);
  CHECK(alert(field(Field::Type::null))[1].type == Field::Type::null);
}

TEST_CASE("a Graph alert's words are Defender's with a small letter", "[defender]") {
  const auto evidence = field(Field::Type::null);
  CHECK(alert(evidence, "informational", "inProgress")[4].text == "Informational");
  CHECK(alert(evidence, "informational", "inProgress")[5].text == "InProgress");
  CHECK(alert(evidence, "unknown", "unknown")[4].text == "UnSpecified");
  CHECK(alert(evidence, "unknown", "unknown")[5].text == "Unknown");
  CHECK(alert(evidence, "", "resolved")[4].text.empty());
}

TEST_CASE("alerts_v2 is asked for open alerts, with unknown words as they are", "[defender]") {
  std::string filter, top, prefer;
  Graph graph([&](const auto& request, auto& response) {
    filter = request.get_param_value("$filter");
    top = request.get_param_value("$top");
    prefer = request.get_header_value("Prefer");
    if (filter.find(" ne ") != std::string::npos)
      return json(response, R"({"error":{"code":"BadRequest","message":"ne"}})", 400);
    json(response,
         R"({"value":[{"id":"a","status":"new","evidence":[)" + std::string(kMain) + R"(]}]})");
  });
  CHECK(graph.client.read_alerts(AlertsApi::graph, {}, graph.sink).records == 1);
  CHECK(filter == "serviceSource eq 'microsoftDefenderForEndpoint'");
  CHECK(top == "2000");
  CHECK(prefer == "include-unknown-enum-members");
  CHECK(graph.sink.texts[1] == "main");
  graph.client.read_alerts(AlertsApi::graph, {.since = "2026-01-01T00:00:00Z"}, graph.sink);
  CHECK(filter ==
        "serviceSource eq 'microsoftDefenderForEndpoint' and lastUpdateDateTime ge "
        "2026-01-01T00:00:00Z");
  CHECK(graph.client.retiring_used().empty());
  const std::string url = graph.server.url() + "/v1.0/security/alerts_v2?$top=1";
  CHECK(family_of(url, graph.settings()) == CallFamily::alerts);
}

TEST_CASE("a refusal of alerts_v2 is none of an empty list; its links lead nowhere else",
          "[defender]") {
  std::string body = R"({"error":{"code":"ResourceNotFound","message":"no segment"}})";
  int status = GENERATE(403, 404, 410);
  Graph graph([&](const auto&, auto& response) { json(response, body, status); });
  CHECK_THROWS_AS(graph.client.read_alerts(AlertsApi::graph, {}, graph.sink), ListRefused);
  body = "<html>";
  try {
    graph.client.read_alerts(AlertsApi::graph, {}, graph.sink);
    FAIL("a page of something between is no list");
  } catch (const ListRefused&) {
    FAIL("nor is it the service's refusal");
  } catch (const Error&) {
  }
  status = 200;
  body = R"({"value":[{"id":"a"}],"@odata.nextLink":"https://elsewhere.example/v1.0/x"})";
  CHECK_THROWS_WITH(graph.client.read_alerts(AlertsApi::graph, {}, graph.sink),
                    Catch::Contains("leads to another place"));
}
