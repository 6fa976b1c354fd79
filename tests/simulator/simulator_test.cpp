// The simulator's own tests, over real HTTP: a simulator that answers wrongly would make every test
// built on it worthless.
#include "simulator.h"

#include <httplib.h>
#include <rapidjson/stringbuffer.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "hunting.h"
#include "text.h"

namespace {

using namespace simulator;

constexpr const char* defender_resource = "https://api.securitycenter.microsoft.com";
constexpr const char* graph_resource = "https://graph.microsoft.com";

Options small_options(size_t machines = 60) {
  Options options;
  options.tenant.machines = machines;
  return options;
}

rapidjson::Document json_of(const std::string& text) {
  rapidjson::Document out;
  out.Parse(text.data(), text.size());
  return out;
}

std::string encode(const std::string& text) { return httplib::detail::encode_query_param(text); }

/// A client of all four services.
class Caller {
 public:
  explicit Caller(const Simulator& simulator) : http_(simulator.url()) {
    http_.set_keep_alive(true);
    http_.set_tcp_nodelay(true);
    http_.set_read_timeout(5);
  }
  httplib::Result login(const std::string& resource, const std::string& secret = "simulated-secret",
                        const std::string& tenant = "11111111-2222-3333-4444-555555555555") {
    return http_.Post("/login/" + tenant + "/oauth2/v2.0/token",
                      "grant_type=client_credentials&client_id=aaaaaaaa-bbbb-cccc-dddd-"
                      "eeeeeeeeeeee&client_secret=" +
                          encode(secret) + "&scope=" + encode(resource + "/.default"),
                      "application/x-www-form-urlencoded");
  }
  std::string token(const std::string& resource) {
    const auto answer = login(resource);
    REQUIRE(answer);
    REQUIRE(answer->status == 200);
    return json_of(answer->body)["access_token"].GetString();
  }
  httplib::Result defender(const std::string& path) {
    if (defender_token_.empty()) defender_token_ = token(defender_resource);
    return http_.Get("/defender" + path, {{"Authorization", "Bearer " + defender_token_}});
  }
  httplib::Result hunt(const std::string& query, bool graph = true) {
    const std::string path =
        graph ? "/graph/v1.0/security/runHuntingQuery" : "/defender/api/advancedqueries/run";
    const std::string bearer = token(graph ? graph_resource : defender_resource);
    std::string body;
    StringSink sink(body);
    JsonWriter json(sink);
    json.StartObject();
    write_pair(json, "Query", query);
    json.EndObject();
    return http_.Post(path, {{"Authorization", "Bearer " + bearer}}, body, "application/json");
  }
  httplib::Result car(const std::string& method, const std::string& path,
                      const std::string& body = "") {
    httplib::Request request;
    request.method = method;
    request.path = "/car/api/car" + path;
    request.body = body;
    request.headers = {httplib::make_basic_authentication_header("car-key", "car-password"),
                       {"Content-Type", "application/json"}};
    return http_.send(request);
  }
  /// Posts an envelope with one collection; the job's id.
  std::string import(const std::string& collection, const std::string& records) {
    const auto answer = car("POST", "/v2/imports", envelope(collection, records));
    REQUIRE(answer);
    INFO(answer->body);
    REQUIRE(answer->status == 200);
    return json_of(answer->body)["id"].GetString();
  }
  static std::string envelope(const std::string& collection, const std::string& records) {
    return R"({"source":{"_key":"S","name":"tenant"},"report":{"_key":"1","timestamp":1,)"
           R"("type":"t"},")" +
           collection + R"(":[)" + records + "]}";
  }
  std::string status(const std::string& id) {
    const auto answer = car("GET", "/v2/importstatus?ids=" + id);
    REQUIRE(answer);
    const auto body = json_of(answer->body);
    for (const char* name : {"complete_imports", "incomplete_imports", "error_imports"})
      if (!body[name].Empty()) return name;
    return "notfound_imports";
  }
  void import_done(const std::string& collection, const std::string& records) {
    REQUIRE(status(import(collection, records)) == "complete_imports");
  }
  httplib::Client& http() { return http_; }

 private:
  httplib::Client http_;
  std::string defender_token_;
};

const std::string edge_rest = R"("active":true,"timestamp":1,"source":"S","report":"1"})";

void import_small_graph(Caller& caller) {
  caller.import_done("asset",
                     R"({"external_id":"m1","name":"one"},{"external_id":"m2","name":"t"})");
  caller.import_done("ipaddress", R"({"_key":"10.0.0.4"})");
  caller.import_done("asset_ipaddress",
                     R"({"_from_external_id":"m1","_to":"ipaddress/10.0.0.4",)" + edge_rest);
}

}  // namespace

TEST_CASE("login grants a token with roles and refuses as Entra does") {
  const Simulator simulator(small_options());
  Caller caller(simulator);
  const std::string token = caller.token(defender_resource);
  const auto payload = decode_base64(split(token, '.').at(1));
  REQUIRE(payload);
  const auto claims = json_of(*payload);
  CHECK(claims["aud"].GetString() == std::string(defender_resource));
  CHECK(claims["roles"].Size() == 5);

  const auto wrong_secret = caller.login(defender_resource, "wrong");
  CHECK(wrong_secret->status == 401);
  CHECK(wrong_secret->body.find("AADSTS7000215") != std::string::npos);
  const auto wrong_tenant = caller.login(defender_resource, "simulated-secret", "elsewhere");
  CHECK(wrong_tenant->status == 400);
  CHECK(wrong_tenant->body.find("AADSTS90002") != std::string::npos);
  CHECK(caller.login("https://elsewhere")->body.find("invalid_resource") != std::string::npos);
}

TEST_CASE("Defender wants a living token of its own audience") {
  Options options = small_options();
  options.login.defender_roles = {"Machine.Read.All"};
  Simulator simulator(options);
  Caller caller(simulator);
  const std::string graph = caller.token(graph_resource);
  const httplib::Headers headers{{"Authorization", "Bearer " + graph}};
  CHECK(caller.http().Get("/defender/api/machines", headers)->status == 403);
  CHECK(caller.http().Get("/defender/api/machines")->status == 401);
  CHECK(caller.defender("/api/machines")->status == 200);
  const auto refused = caller.defender("/api/alerts");
  CHECK(refused->status == 403);
  CHECK(refused->body.find("Missing application roles") != std::string::npos);
  simulator.live(2);
  CHECK(caller.defender("/api/machines")->status == 401);
}

TEST_CASE("machines come in pages, filtered, with the tenant's clock") {
  Options options = small_options();
  options.defender.page_size = 25;
  const Simulator simulator(options);
  Caller caller(simulator);
  std::set<std::string> ids;
  for (const char* skip : {"0", "20", "40", "60"}) {
    const auto page = caller.defender(std::string("/api/machines?$top=20&$skip=") + skip);
    CHECK(page->get_header_value("Date") == "Mon, 02 Mar 2026 06:00:00 GMT");
    const auto list = json_of(page->body);
    for (const auto& machine : list["value"].GetArray()) ids.insert(machine["id"].GetString());
    CHECK(page->body.find("nextLink") == std::string::npos);
  }
  CHECK(ids.size() == 60);
  const auto first = json_of(caller.defender("/api/machines")->body);
  CHECK(first["value"].Size() == 25);
  CHECK(std::string(first["@odata.nextLink"].GetString()).ends_with("$skip=25"));

  const auto inactive = caller.defender(
      "/api/machines?$filter=" + encode("healthStatus eq 'Inactive' and lastSeen le 2026-02-15Z"));
  REQUIRE(inactive->status == 200);
  const auto silent = json_of(inactive->body);
  for (const auto& machine : silent["value"].GetArray())
    CHECK(machine["healthStatus"].GetString() == std::string("Inactive"));
  CHECK(caller.defender("/api/machines?$filter=riskScore%20eq%20'High'")->status == 400);
  CHECK(caller.defender("/api/machines?$filter=lastSeen%20ge")->status == 400);
  CHECK(caller.defender("/api/machines/" + *ids.begin())->status == 200);
  CHECK(caller.defender("/api/machines/nobody")->status == 404);
  CHECK(caller.defender("/api/machines/" + *ids.begin() + "/logonusers")->status == 200);
}

TEST_CASE("alerts filter by status and update time") {
  const Simulator simulator(small_options());
  Caller caller(simulator);
  const auto open = caller.defender("/api/alerts?$filter=" + encode("status ne 'Resolved'"));
  REQUIRE(open->status == 200);
  CHECK(open->body.find("\"status\":\"Resolved\"") == std::string::npos);
  const auto some =
      caller.defender("/api/alerts?$filter=" + encode("status eq 'New' or status eq 'InProgress'"));
  CHECK(some->status == 200);
  CHECK(caller
            .defender("/api/alerts?$filter=" +
                      encode("lastUpdateTime ge 2026-03-01T00:00:00.0000000Z"))
            ->status == 200);
}

TEST_CASE("a raw field takes the place of a machine's value") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  const std::string id = simulator.tenant().devices.begin()->first;
  simulator.with_tenant([&](Tenant& tenant) {
    tenant.devices.at(id).raw_fields = {{"lastSeen", "17"}, {"surprise", "[true]"}};
  });
  const auto machine = json_of(caller.defender("/api/machines/" + id)->body);
  CHECK(machine["lastSeen"].GetInt() == 17);
  CHECK(machine["surprise"].IsArray());
}

TEST_CASE("hunting carries out the queries of the engine, on both ways") {
  const Simulator simulator(small_options());
  Caller caller(simulator);
  size_t rows = 0;
  std::set<std::string> keys;
  for (int shard = 0; shard < 4; ++shard) {
    const auto answer = json_of(
        caller
            .hunt("DeviceNetworkInfo | where Timestamp >= ago(30d) | where hash(DeviceId, 4) == " +
                  std::to_string(shard) +
                  "\n| summarize arg_max(Timestamp, IPAddresses) by DeviceId, NetworkAdapterName, "
                  "MacAddress")
            ->body);
    REQUIRE(answer["schema"].Size() == 5);
    rows += answer["results"].Size();
    for (const auto& row : answer["results"].GetArray())
      keys.insert(std::string(row["DeviceId"].GetString()) + row["NetworkAdapterName"].GetString() +
                  row["MacAddress"].GetString());
  }
  CHECK(rows > 50);
  CHECK(keys.size() == rows);

  const auto old = json_of(caller.hunt("DeviceTvmSoftwareVulnerabilities | count", false)->body);
  CHECK(old["Schema"][0]["Type"].GetString() == std::string("Int64"));
  CHECK(old["Results"][0]["Count"].GetInt() > 400);
  const auto knowledge = caller.hunt(
      "DeviceTvmSoftwareVulnerabilitiesKB | where CveId in (\"CVE-2025-1001\", \"x\\\"y\") "
      "| project CveId, CvssScore");
  CHECK(knowledge->body.find("CvssScore@odata.type") != std::string::npos);
}

TEST_CASE("hunting finds the same accounts as the API, also after weeks") {
  Simulator simulator(small_options(120));
  simulator.live(24 * GENERATE(1, 20, 45));
  const Tenant tenant = simulator.tenant();
  const std::string query =
      "DeviceLogonEvents | where Timestamp >= ago(30d) | where ActionType == \"LogonSuccess\" and "
      "LogonType != \"Service\" and isnotempty(AccountName) and AccountName !endswith \"$\" | "
      "where "
      "AccountName !startswith \"DWM-\" and AccountName !startswith \"UMFD-\" | distinct DeviceId, "
      "AccountName";
  const HuntingResult result = run_query(tenant, query, {}, false);
  const auto rows = json_of(result.rows_json);
  std::map<std::string, std::set<std::string>> found;
  for (const auto& row : rows.GetArray())
    found[row["DeviceId"].GetString()].insert(row["AccountName"].GetString());
  size_t compared = 0;
  for (const auto& [id, device] : tenant.devices) {
    if (device.last_seen_ms < tenant.hunting_start()) continue;
    INFO(id);
    CHECK(tenant.hunting_accounts(id) == tenant.api_accounts(id));
    auto& accounts = found[tenant.in_other_apis(id)];
    for (const User& nobody : device.nobodies) accounts.erase(*nobody.account_name);
    CHECK(accounts == tenant.api_accounts(id));
    ++compared;
  }
  CHECK(compared > 80);
}

TEST_CASE("what hunting does not know it refuses") {
  Options options = small_options();
  options.defender.limits = {20, 100'000'000};
  Simulator simulator(options);
  Caller caller(simulator);
  const std::string query =
      GENERATE(as<std::string>{}, "Nothing | take 1", "DeviceInfo | wherever",
               "DeviceInfo | where Nobody == \"x\"",
               "DeviceInfo | where Timestamp >= \"yesterday\"", "DeviceInfo | extend A = 1",
               "DeviceInfo | where DeviceId == \"", "DeviceInfo | where strlen(DeviceId) == 3", "",
               "DeviceTvmSoftwareVulnerabilities | where Timestamp > ago(1d)");
  const auto refused = caller.hunt(query);
  INFO(query << ": " << refused->body);
  CHECK(refused->status == 400);
  CHECK(json_of(refused->body)["error"]["code"].GetString() == std::string("BadRequest"));

  const auto capped = json_of(caller.hunt("DeviceTvmSoftwareVulnerabilities")->body);
  CHECK(capped["results"].Size() == 20);
  simulator.with_defender([](DefenderService& service) {
    service.options().limits = {100'000, 5'000};
  });
  CHECK(caller.hunt("DeviceTvmSoftwareVulnerabilities")->status == 400);
}

TEST_CASE("an import takes its time, is checked, and can be undone") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  CHECK(caller.car("GET", "/v2/source/S")->status == 404);
  const std::string early = caller.import("asset", R"({"external_id":"m1","name":"one"})");
  CHECK(simulator.car_graph().empty());
  CHECK(caller.status(early) == "complete_imports");
  const std::string hasty = caller.import(
      "asset_ipaddress", R"({"_from_external_id":"m1","_to":"ipaddress/10.0.0.4",)" + edge_rest);
  CHECK(caller.status(hasty) == "error_imports");
  import_small_graph(caller);
  CHECK(simulator.car_edges() == std::set<std::string>{"asset_ipaddress|m1|10.0.0.4"});
  CHECK(simulator.car_vertices().contains(R"(asset|m1|{"external_id":"m1","name":"one"})"));

  const auto bad =
      caller.car("POST", "/v2/imports", Caller::envelope("hostname", R"({"host_name":"lab<7>"})"));
  CHECK(bad->status == 400);
  CHECK(bad->body.find("data_mal_formed") != std::string::npos);
  CHECK(caller.car("POST", "/v2/imports", Caller::envelope("asset_account", ""))->status == 400);

  const auto read = caller.car(
      "POST", "/v3/query",
      R"({"query":"{ asset_ipaddress(where:{source:{_eq:\"S\"}}) { asset_id ipaddress_id active } }"})");
  CHECK(
      read->body.find(R"("asset_id":"S/m1","ipaddress_id":"ipaddress/0/10.0.0.4","active":true)") !=
      std::string::npos);

  simulator.with_car([](CarService& car) { car.options().poison_job = "m66"; });
  CHECK(caller.status(caller.import("asset", R"({"external_id":"m66","name":"bad"})")) ==
        "error_imports");

  std::vector<std::string> removed;
  simulator.set_removal_watch([&](std::string_view kind, std::string_view line) {
    removed.push_back(std::string(kind) + ": " + std::string(line));
  });
  const std::string edge = "/v2/asset_ipaddress?source=S&from=m1&to=10.0.0.4";
  CHECK(caller.car("PATCH", edge, R"({"last_modified":5})")->status == 200);
  CHECK(caller.car("PATCH", edge, R"({"active":false})")->status == 200);
  CHECK(caller.car("PATCH", edge, R"({"active":false})")->status == 404);
  CHECK(caller.car("DELETE", "/v2/source/S/asset?external_ids=m1,m9")->status == 200);
  CHECK(caller.car("DELETE", "/v2/source/S/asset?external_ids=m1")->status == 404);
  CHECK(removed.size() == 2);
  CHECK(caller.car("PATCH", "/v2/source?key=S", R"({"model_state_id":"7"})")->status == 200);
  CHECK(json_of(caller.car("GET", "/v2/source/S")->body)["model_state_id"].GetString() ==
        std::string("7"));
}

TEST_CASE("what a session does not report falls away at its end") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  import_small_graph(caller);
  CHECK(caller.car("DELETE", "/v2/source/S/full-import-in-progress")->status == 404);
  const auto begun = caller.car("POST", "/v2/source/S/full-import-in-progress");
  const std::string job = json_of(begun->body)["job_id"].GetString();
  CHECK(caller.car("GET", "/v2/jobstatus/" + job)->body.find("COMPLETE") != std::string::npos);
  caller.import_done("asset", R"({"external_id":"m2","name":"two"})");
  CHECK(simulator.car_edges().size() == 1);
  CHECK(caller.car("DELETE", "/v2/source/S/full-import-in-progress")->status == 200);
  CHECK(simulator.car_graph() ==
        std::vector<std::string>{R"(asset|m2|{"external_id":"m2","name":"two"})"});
}

TEST_CASE("CAR speaks one identity model, and makes its database when asked") {
  Options options = small_options();
  options.car.identity = IdentityModel::account;
  options.car.database = DatabaseState::absent;
  options.car.prefixed_addresses = true;
  Simulator simulator(options);
  Caller caller(simulator);
  CHECK(caller.car("GET", "/v2/databases")->status == 400);
  const auto made = caller.car("POST", "/v2/databases");
  caller.car("GET", "/v2/jobstatus/" + std::string(json_of(made->body)["job_id"].GetString()));
  CHECK(caller.car("GET", "/v2/databases")->body.find("\"is_ready\":true") != std::string::npos);
  const auto schema = caller.car("GET", "/v3/importSchema?version=v2");
  CHECK(schema->body.find("asset_account") != std::string::npos);
  CHECK(schema->body.find("asset_user") == std::string::npos);
  import_small_graph(caller);
  CHECK(caller
            .car("PATCH", "/v2/asset_ipaddress?source=S&from=m1&to=10.0.0.4", R"({"active":false})")
            ->status == 404);
  CHECK(
      caller
          .car("PATCH", "/v2/asset_ipaddress?source=S&from=m1&to=0/10.0.0.4", R"({"active":false})")
          ->status == 200);
}

TEST_CASE("faults strike once and in the way that was ordered") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  REQUIRE(caller.defender("/api/machines")->status == 200);
  Fault fault{.match = "GET /defender/api/machines", .count = 1};

  SECTION("status") {
    fault.skip = 1;
    fault.status = 429;
    fault.retry_after = "3";
    simulator.add_fault(fault);
    CHECK(caller.defender("/api/machines")->status == 200);
    const auto answer = caller.defender("/api/machines");
    CHECK(answer->status == 429);
    CHECK(answer->get_header_value("Retry-After") == "3");
  }
  SECTION("bodies that are not what they should be") {
    fault.kind = FaultKind::html200;
    simulator.add_fault(fault);
    CHECK(caller.defender("/api/machines")->body.find("<html>") != std::string::npos);
    fault.kind = FaultKind::malformed_json;
    simulator.add_fault(fault);
    CHECK(json_of(caller.defender("/api/machines")->body).HasParseError());
    fault.kind = FaultKind::empty_json;
    simulator.add_fault(fault);
    CHECK(caller.defender("/api/machines")->body == "{}");
    fault.kind = FaultKind::empty_list;
    simulator.add_fault(fault);
    CHECK(json_of(caller.defender("/api/machines")->body)["value"].Empty());
    fault.kind = FaultKind::short_length;
    simulator.add_fault(fault);
    CHECK(json_of(caller.defender("/api/machines")->body).HasParseError());
  }
  SECTION("an empty body and one that is longer than it says") {
    fault.kind = FaultKind::empty_body;
    simulator.add_fault(fault);
    CHECK(caller.defender("/api/machines")->body.empty());
    fault.kind = FaultKind::excess;
    simulator.add_fault(fault);
    CHECK(json_of(caller.defender("/api/machines")->body).HasParseError());
    caller.http().stop();  // what was too much stands at the beginning of the next answer
  }
  SECTION("answers that break off") {
    fault.kind = GENERATE(FaultKind::reset_before, FaultKind::reset_after, FaultKind::truncated,
                          FaultKind::wrong_length);
    simulator.add_fault(fault);
    CHECK_FALSE(caller.defender("/api/machines"));
  }
  SECTION("stall") {
    fault.kind = FaultKind::stall;
    fault.stall_ms = 150;
    simulator.add_fault(fault);
    const auto start = std::chrono::steady_clock::now();
    CHECK(caller.defender("/api/machines")->status == 200);
    CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(140));
  }
  const auto after = caller.defender("/api/machines");
  REQUIRE(after);
  CHECK(after->status == 200);
}

TEST_CASE("a fault by number strikes that request, whatever it asks for") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  REQUIRE(caller.defender("/api/machines")->status == 200);
  simulator.add_fault({.after = 2, .count = 1, .status = 503});
  CHECK(caller.defender("/api/alerts")->status == 200);
  CHECK(caller.car("GET", "/v3/health")->status == 200);
  CHECK(caller.defender("/api/machines")->status == 503);
  CHECK(caller.defender("/api/machines")->status == 200);
}

TEST_CASE("refused connections are refused, and accepted again on the same port") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  const auto health = [&] { return caller.car("GET", "/v3/health"); };
  REQUIRE(health());
  const std::string url = simulator.url();
  SECTION("until the faults are taken back") {
    simulator.add_fault({.kind = FaultKind::refused, .count = 1, .stall_ms = 60'000});
    CHECK_FALSE(health());  // reset
    CHECK(health().error() == httplib::Error::Connection);
    CHECK(health().error() == httplib::Error::Connection);
    simulator.clear_faults();
  }
  SECTION("until the time is over") {
    simulator.add_fault({.kind = FaultKind::refused, .count = 1, .stall_ms = 20});
    CHECK_FALSE(health());
    for (int i = 0; i < 2000 && !health(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(health()->status == 200);
  CHECK(simulator.url() == url);
}

TEST_CASE("a slow answer is to a request that was carried out, a dripping one never ends") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  import_small_graph(caller);
  const std::string edge = "/v2/asset_ipaddress?source=S&from=m1&to=10.0.0.4";
  Fault fault{.count = 1, .stall_ms = 500};
  SECTION("slow") {
    fault.kind = FaultKind::slow_answer;
    simulator.add_fault(fault);
    caller.http().set_read_timeout(std::chrono::milliseconds(100));
    CHECK_FALSE(caller.car("PATCH", edge, R"({"active":false})"));
  }
  SECTION("dripping") {
    fault.kind = FaultKind::drip;
    simulator.add_fault(fault);
    size_t received = 0;
    httplib::Request request;
    request.method = "PATCH";
    request.path = "/car/api/car" + edge;
    request.body = R"({"active":false})";
    request.headers = {httplib::make_basic_authentication_header("car-key", "car-password")};
    request.content_receiver = [&](const char*, size_t size, uint64_t, uint64_t) {
      received += size;
      return received < 30;  // the whole answer has 16 bytes
    };
    CHECK_FALSE(caller.http().send(request));
    CHECK(received == 30);
  }
  // On a busy machine the client may have given up before the request was carried out.
  for (int i = 0; i < 2000 && !simulator.car_edges().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(simulator.car_edges().empty());
}

TEST_CASE("a fault of status 200 answers whatever is wanted") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  simulator.add_fault({.match = "importstatus", .count = 1, .status = 200, .body = "{\"x\":1}"});
  CHECK(caller.car("GET", "/v2/importstatus?ids=1")->body == "{\"x\":1}");
}

TEST_CASE("a reset before carries nothing out, a reset after does") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  import_small_graph(caller);
  const std::string edge = "/v2/asset_ipaddress?source=S&from=m1&to=10.0.0.4";
  simulator.add_fault({.match = "PATCH /car", .kind = FaultKind::reset_before, .count = 1});
  CHECK_FALSE(caller.car("PATCH", edge, R"({"active":false})"));
  CHECK(simulator.car_edges().size() == 1);
  simulator.add_fault({.match = "PATCH /car", .kind = FaultKind::reset_after, .count = 1});
  CHECK_FALSE(caller.car("PATCH", edge, R"({"active":false})"));
  CHECK(simulator.car_edges().empty());
  CHECK(simulator.requests().back().status == 0);
}

TEST_CASE("a watched request goes through its stages and can be cut off at each") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  import_small_graph(caller);
  const std::string edge = "/v2/asset_ipaddress?source=S&from=m1&to=10.0.0.4";
  std::vector<RequestStage> stages;
  const auto cut_off_at = [&](RequestStage last) {
    simulator.set_request_watch({});  // what was cut off may still be told
    stages.clear();
    simulator.set_request_watch([&stages, last](RequestStage stage) {
      stages.push_back(stage);
      return stage != last;
    });
  };
  cut_off_at(RequestStage::arrived);
  CHECK_FALSE(caller.car("PATCH", edge, R"({"active":false})"));
  CHECK(simulator.car_edges().size() == 1);
  cut_off_at(RequestStage::carried_out);
  CHECK_FALSE(caller.car("PATCH", edge, R"({"active":false})"));
  CHECK(simulator.car_edges().empty());
  cut_off_at(RequestStage::answered);
  CHECK(caller.car("PATCH", edge, R"({"active":false})")->status == 404);
  // A new connection: what is told after the answer has been told when the next request arrives.
  CHECK(caller.car("GET", "/v2/source/S"));
  simulator.set_request_watch({});
  CHECK(std::count(stages.begin(), stages.end(), RequestStage::answered) >= 1);
}

TEST_CASE("the control plane lets time pass and shows the state") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  CHECK(caller.http().Post("/_sim/live?hours=3", "", "text/plain")->body ==
        "2026-03-02T09:00:00.000Z\n");
  CHECK(caller.http()
            .Post("/_sim/fault?match=machines&kind=status&status=503&count=1", "", "text/plain")
            ->status == 200);
  CHECK(caller.defender("/api/machines")->status == 503);
  CHECK(caller.http().Get("/_sim/requests")->body.find("\"status\":503") != std::string::npos);
  import_small_graph(caller);
  CHECK(caller.http().Get("/_sim/graph")->body.find("asset_ipaddress|m1|10.0.0.4\n") !=
        std::string::npos);
  const auto cost = json_of(caller.http().Get("/_sim/cost")->body);
  CHECK(cost["requests"].GetUint64() == simulator.requests().size());
  CHECK(cost["cpu_seconds"].GetDouble() > 0);
  CHECK(cost["peak_kib"].GetInt64() > 0);
  CHECK(caller.http().Post("/_sim/stop", "", "text/plain")->status == 200);
  CHECK(simulator.stop_requested());
}

TEST_CASE("an answer is given again until something changed") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  const std::string network =
      "DeviceNetworkInfo | where Timestamp >= ago(30d) | project DeviceId, IPAddresses";
  const auto machines = [&] { return caller.defender("/api/machines?$top=10000")->body; };
  const auto hunted = [&](bool graph) { return caller.hunt(network, graph)->body; };
  const std::string first_machines = machines(), first_hunted = hunted(true);
  CHECK(machines() == first_machines);
  CHECK(hunted(true) == first_hunted);
  CHECK(hunted(false) != first_hunted);  // the same question at another door

  CHECK(caller.http().Post("/_sim/touch?machines=3", "", "text/plain")->body == "3\n");
  const std::string touched = machines();
  CHECK(touched != first_machines);
  CHECK(hunted(true) != first_hunted);
  simulator.with_tenant(
      [](Tenant& tenant) { tenant.devices.begin()->second.name = "changed-by-hand"; });
  CHECK(machines().find("changed-by-hand") != std::string::npos);
  simulator.with_defender([](DefenderService& defender) { defender.options().page_size = 1; });
  CHECK(machines().size() < touched.size() / 10);
}

TEST_CASE("text is escaped as RapidJSON does it") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const std::string& text : {all, std::string(), std::string("\""), std::string("a\n")}) {
    std::string ours;
    StringSink sink(ours);
    JsonWriter json(sink);
    write(json, text);
    rapidjson::StringBuffer theirs;
    rapidjson::Writer<rapidjson::StringBuffer> writer(theirs);
    writer.String(text.c_str(), static_cast<rapidjson::SizeType>(text.size()));
    CHECK(ours == theirs.GetString());
  }
}

TEST_CASE("a lease gives an address to one device alone, at once") {
  Tenant tenant = make_tenant({.machines = 20, .oddities = false});
  const auto holders = [&] {
    std::set<std::string> names;
    for (const auto& [id, device] : tenant.devices)
      if (device.last_ip == "10.20.30.40") names.insert(*device.name);
    return names;
  };
  const std::string first = *tenant.devices.begin()->second.name;
  const std::string last = *tenant.devices.rbegin()->second.name;
  for (const std::string& name : {first, last, last, first}) {
    tenant.now_ms += minute_ms;
    REQUIRE(tenant.lease(name, "10.20.30.40"));
    CHECK(holders() == std::set{name});
    for (const auto& [id, device] : tenant.devices)
      if (device.name == name) CHECK(tenant.network_rows[id].back().ingested_ms <= tenant.now_ms);
  }
  CHECK_FALSE(tenant.lease("nobody", "10.20.30.40"));
}

TEST_CASE("the same seed gives the same tenant, and a tenant lives") {
  Tenant one = make_tenant({.seed = 7, .machines = 80});
  Tenant two = make_tenant({.seed = 7, .machines = 80});
  one.live(24 * 12);
  two.live(24 * 12);
  REQUIRE(one.devices.size() == two.devices.size());
  CHECK(std::equal(one.devices.begin(), one.devices.end(), two.devices.begin(),
                   [](const auto& a, const auto& b) {
                     return a.first == b.first && a.second.last_seen_ms == b.second.last_seen_ms &&
                            a.second.name == b.second.name;
                   }));
  size_t inactive = 0;
  for (const auto& [id, device] : one.devices) {
    const int64_t silence = one.now_ms - device.last_seen_ms;
    if (device.health_status == "Inactive") ++inactive;
    if (device.onboarding_status == "Onboarded")
      CHECK((device.health_status == "Inactive") == (silence >= 7 * day_ms));
    CHECK(device.last_seen_ms <= one.now_ms);
  }
  CHECK(inactive > 0);
}

namespace {

/// Rows of a walk to its end, as "device vendor:name:version cve status".
std::vector<std::string> walk(Caller& caller, std::string path, int* pages = nullptr) {
  std::vector<std::string> out;
  for (int page = 1; !path.empty(); ++page) {
    const auto answer = caller.defender(path);
    REQUIRE(answer);
    INFO(path << "\n" << answer->body);
    REQUIRE(answer->status == 200);
    const auto body = json_of(answer->body);
    for (const auto& row : body["value"].GetArray()) {
      const auto text = [&](const char* key) {
        return row.HasMember(key) && row[key].IsString() ? row[key].GetString() : "";
      };
      out.push_back(text("deviceId") + std::string(" ") + text("softwareVendor") + ":" +
                    text("softwareName") + ":" + text("softwareVersion") + " " + text("cveId") +
                    " " + text("status"));
    }
    path.clear();
    if (pages != nullptr) *pages = page;
    if (!body.HasMember("@odata.nextLink")) break;
    const std::string link = body["@odata.nextLink"].GetString();
    CHECK(link.find("pagesize=") != std::string::npos);
    path = link.substr(link.find("/api/"));
  }
  std::sort(out.begin(), out.end());
  return out;
}

const std::string kExportPath = "/api/machines/SoftwareVulnerabilitiesByMachine";
const std::string kChangesPath = "/api/machines/SoftwareVulnerabilityChangesByMachine?sinceTime=";

}  // namespace

TEST_CASE("the export has every row and its pages are of one snapshot") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  std::vector<std::string> wanted;
  const Tenant held = simulator.tenant();
  for (const auto& [id, rows] : held.software)
    for (const SoftwareRow& row : rows)
      wanted.push_back(held.in_other_apis(id) + " " + row.vendor + ":" + row.name + ":" +
                       row.version + " " + row.cve_id + " ");
  std::sort(wanted.begin(), wanted.end());
  int pages = 0;
  CHECK(walk(caller, kExportPath + "?pageSize=100", &pages) == wanted);
  CHECK(static_cast<size_t>(pages) == (wanted.size() + 99) / 100);

  const auto first = json_of(caller.defender(kExportPath + "?pageSize=100")->body);
  CHECK(std::string(first["value"][0]["firstSeenTimestamp"].GetString()).size() == 19);
  const std::string link = first["@odata.nextLink"].GetString();
  simulator.with_tenant([](Tenant& tenant) { tenant.software.clear(); });
  const std::string next = link.substr(link.find("/api/"));
  const auto second = json_of(caller.defender(next)->body);
  CHECK(second["value"].Size() == 100);
  simulator.with_defender(
      [](DefenderService& defender) { defender.software_export().expire_links(); });
  CHECK(caller.defender(next)->status == 410);
  CHECK(walk(caller, kExportPath).empty());
  CHECK_FALSE(json_of(caller.defender(kExportPath + "?$top=5")->body).HasMember("@odata.nextLink"));
  CHECK(caller.defender(kExportPath + "?pageSize=200001")->status == 400);
}

TEST_CASE("the delta tells of the whole six-hour block and of those after it") {
  Simulator simulator(small_options());
  const auto since = [&](int64_t hours) {
    return kChangesPath + format_iso(simulator.now_ms() - hours * hour_ms, 0);
  };
  const auto told = [&](const std::string& path) {
    Caller caller(simulator);  // with a new token: hours go by
    return walk(caller, path);
  };
  told(kExportPath);
  CHECK(told(since(1)).empty());
  std::string device;
  const SoftwareRow row{"contoso", "fresh", "1", ""};
  simulator.with_tenant([&](Tenant& tenant) {
    device = tenant.software.begin()->first;
    tenant.software[device].push_back(row);
  });
  const std::string came = device + " contoso:fresh:1  New";
  CHECK(told(since(1)) == std::vector{came});
  simulator.with_tenant([&](Tenant& tenant) {
    tenant.now_ms += 5 * hour_ms;  // 11:00: the block began at 06:00
    std::erase(tenant.software[device], row);
  });
  CHECK(told(since(1)) == std::vector{device + " contoso:fresh:1  Fixed", came});
  simulator.with_tenant([&](Tenant& tenant) { tenant.now_ms += 2 * hour_ms; });
  CHECK(told(since(1)).empty());
  CHECK(told(since(2)).size() == 2);
  simulator.with_defender(
      [&](DefenderService& defender) { defender.change_group(device, "Servers"); });
  const size_t rows = simulator.tenant().software.at(device).size();
  CHECK(told(since(0)).size() == 2 * rows);
  CHECK(Caller(simulator).defender(since(15 * 24))->status == 400);
  CHECK(Caller(simulator).defender("/api/machines/SoftwareVulnerabilityChangesByMachine")->status ==
        400);
}

TEST_CASE("the list of CVEs is paged and filtered") {
  Simulator simulator(small_options());
  Caller caller(simulator);
  const Tenant tenant = simulator.tenant();
  REQUIRE(tenant.kb.size() > 30);
  const auto count = [&](const std::string& query) {
    return json_of(caller.defender("/api/vulnerabilities?" + query)->body)["value"].Size();
  };
  CHECK(count("$top=8000") == tenant.kb.size());
  CHECK(count("$top=20&$skip=20") == 20);
  const std::string id = tenant.kb.begin()->first;
  CHECK(count("$filter=" + encode("id eq '" + id + "' or id eq 'CVE-0-0'")) == 1);
  CHECK(count("$filter=" + encode("updatedOn ge " + format_iso(tenant.now_ms, 0))) == 0);
  CHECK(caller.defender("/api/vulnerabilities?$top=8001")->status == 400);
}
