#include "car/car_client.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/error.h"
#include "loopback_server.h"

using namespace defender_car;
using defender_car::test::json;
using defender_car::test::LoopbackServer;

namespace {

using Request = httplib::Request;
using Response = httplib::Response;

struct Service {
  explicit Service(LoopbackServer::Answer answer, std::int64_t job_limit_ms = 5000)
      : server(std::move(answer)),
        http(options(), progress),
        client(http, settings(job_limit_ms)) {}

  static HttpOptions options() {
    HttpOptions options;
    options.retry.max_tries = 2;
    options.retry.first_wait_ms = 1;
    options.retry.longest_wait_ms = 2;
    return options;
  }

  CarSettings settings(std::int64_t job_limit_ms) const {
    CarSettings settings;
    settings.url = server.url() + "/api/car/v2";
    settings.key = "key";
    settings.password = "pass:word";
    settings.source = "My Source";
    settings.job_time_limit_ms = job_limit_ms;
    settings.poll_ms = 5;
    return settings;
  }

  const std::vector<std::string>& targets() const { return server.targets; }

  SilentProgress progress;
  LoopbackServer server;
  HttpClient http;
  CarClient client;
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

constexpr const char* kOwn404 = R"({"errors":[{"code":"not_found","message":"m"}],"trace":"t"})";

/// Answers job questions with COMPLETE; false for every other request.
bool answer_job(const Request& request, Response& response) {
  if (!has(request.path, "/jobstatus/")) return false;
  json(response, R"({"status":"COMPLETE"})");
  return true;
}

}  // namespace

std::map<std::size_t, ImportReceipt> receipts_of(CarClient& client,
                                                 const std::vector<std::string>& envelopes) {
  std::map<std::size_t, ImportReceipt> receipts;
  client.post_imports(envelopes, [&](std::size_t index, ImportReceipt receipt) {
    receipts.emplace(index, std::move(receipt));
  });
  return receipts;
}

TEST_CASE("CAR is asked with Basic auth or a token of its own URL", "[car]") {
  std::string authorization, path;
  Service service([&](const Request& request, Response& response) {
    authorization = request.get_header_value("Authorization");
    path = request.path;
    json(response, R"({"model_state_id":"1"})");
  });

  service.client.save_point();
  CHECK(authorization == "Basic a2V5OnBhc3M6d29yZA==");
  CHECK(path == "/api/car/v2/source/My Source");
  CHECK(service.targets()[0] == "GET /api/car/v2/source/My%20Source");

  CarSettings odd = service.settings(1);
  odd.source = "%2e;..%";
  CarClient(service.http, odd).save_point();
  CHECK(path == "/api/car/v2/source/%2e;..%");

  CarSettings settings = service.settings(1);
  settings.token_url = service.server.url() + "/token/api/car/v2/";
  settings.token = "tok";
  CarClient(service.http, settings).save_point();
  CHECK(authorization == "car-token tok");
  CHECK(path == "/token/api/car/v2/source/My Source");
}

TEST_CASE("each failing status is recoverable or not and its message has no secret", "[car]") {
  const int status =
      GENERATE(302, 400, 401, 403, 408, 429, 500, 502, 503, 504, 301, 307, 404, 405, 409, 422, 501);
  const bool recoverable = status != 301 && status != 307 && status != 404 && status != 405 &&
                           status != 409 && status != 422 && status != 501;
  Service service([&](const Request&, Response& response) {
    json(response, R"({"errors":[{"code":"odd","message":"words"}],"trace":"t"})", status);
  });

  const Error error = error_of([&] { service.client.set_save_point("7"); });

  INFO(error.what());
  CHECK(error.kind() == (recoverable ? ErrorKind::car_recoverable : ErrorKind::car_unrecoverable));
  CHECK(has(error.what(), "saving the save point"));
  CHECK(has(error.what(), service.server.url() + "/api/car/v2/source"));
  CHECK(has(error.what(), std::to_string(status)));
  CHECK(has(error.what(), recoverable ? "goes on from here" : "full import"));
  CHECK_FALSE(has(error.what(), "pass:word"));
  CHECK_FALSE(has(error.what(), "a2V5OnBhc3M6d29yZA"));
}

TEST_CASE("a lost connection to CAR is recoverable", "[car]") {
  SilentProgress progress;
  HttpClient http(Service::options(), progress);
  CarSettings settings;
  settings.url = "http://127.0.0.1:1/api/car/v2";
  CarClient client(http, settings);
  CHECK(error_of([&] { client.save_point(); }).kind() == ErrorKind::car_recoverable);
}

TEST_CASE("ready databases cost one question", "[car]") {
  Service service([](const Request&, Response& response) {
    json(
        response,
        R"({"databases":[{"is_ready":true,"graph_name":"assets","collections_without_indexes":[]}]})");
  });
  CHECK(service.client.ensure_databases() == DatabaseState::ready);
  CHECK(service.targets().size() == 1);
}

TEST_CASE("missing databases are made and waited for", "[car]") {
  int asked = 0;
  Service service([&](const Request& request, Response& response) {
    if (request.method == "POST") return json(response, R"({"job_id":"j/1"})");
    if (request.path == "/api/car/v2/databases") return json(response, "{}", 400);
    json(response, ++asked < 3 ? R"({"status":"INPROGRESS"})" : R"({"status":"COMPLETE"})");
  });
  CHECK(service.client.ensure_databases() == DatabaseState::newly_made);
  CHECK(asked == 3);
  CHECK(service.targets().back() == "GET /api/car/v2/jobstatus/j%2F1");
}

TEST_CASE("a database that is not ready is patched until it is", "[car]") {
  std::vector<std::string> patches;
  Service service([&](const Request& request, Response& response) {
    if (answer_job(request, response)) return;
    if (request.method == "PATCH") {
      patches.push_back(request.body);
      return json(response, R"({"job_id":"j"})");
    }
    if (patches.empty()) {
      return json(
          response,
          R"({"databases":[{"is_ready":false,"graph_name":"","collections_without_indexes":["a"]}]})");
    }
    if (patches.size() == 1) {
      return json(
          response,
          R"({"databases":[{"is_ready":false,"graph_name":"assets","collections_without_indexes":["a","b"]}]})");
    }
    json(response, R"({"databases":[{"is_ready":true}]})");
  });
  CHECK(service.client.ensure_databases() == DatabaseState::newly_made);
  CHECK(patches == std::vector<std::string>{R"({"graph_name":"assets"})",
                                            R"({"collections_without_indexes":["a","b"]})"});
}

TEST_CASE("a database that cannot be made ready is a recoverable failure", "[car]") {
  const std::string body = GENERATE(R"({"databases":[{"is_ready":false,"graph_name":"assets"}]})",
                                    R"({"databases":[]})", R"({"databases":[7]})", "[]", "no json",
                                    R"({"databases":[{"is_ready":false,"graph_name":""}]})");
  Service service([&](const Request& request, Response& response) {
    if (answer_job(request, response)) return;
    json(response, request.method == "PATCH" ? R"({"job_id":"j"})" : body);
  });
  const Error error = error_of([&] { service.client.ensure_databases(); });
  INFO(error.what());
  CHECK(error.kind() == ErrorKind::car_recoverable);
}

TEST_CASE("a job that fails or never ends or says nothing is never taken for done", "[car]") {
  const std::string status =
      GENERATE(R"({"status":"ERROR"})", R"({"status":"INPROGRESS"})", "{}", "no json");
  Service service(
      [&](const Request& request, Response& response) {
        json(response, request.method == "POST" ? R"({"job_id":"j"})" : status);
      },
      60);
  CHECK(error_of([&] { service.client.begin_full_import(); }).kind() == ErrorKind::car_recoverable);
}

TEST_CASE("a full-import session begins and ends as jobs", "[car]") {
  Service service([](const Request& request, Response& response) {
    if (!answer_job(request, response)) json(response, R"({"job_id":"j"})");
  });
  service.client.begin_full_import();
  service.client.end_full_import();
  const std::string session = " /api/car/v2/source/My%20Source/full-import-in-progress";
  CHECK(service.targets() ==
        std::vector<std::string>{"POST" + session, "GET /api/car/v2/jobstatus/j",
                                 "DELETE" + session, "GET /api/car/v2/jobstatus/j"});
}

TEST_CASE("a session that gives no job cannot be followed", "[car]") {
  Service service([](const Request&, Response& response) { json(response, "{}"); });
  CHECK(error_of([&] { service.client.end_full_import(); }).kind() == ErrorKind::car_recoverable);
}

TEST_CASE("the import schema names the identity model", "[car]") {
  const auto [body, model] = GENERATE(table<std::string, std::optional<IdentityModel>>({
      {R"({"version":"v2","schema":{"properties":{"asset_user":{},"note":{"description":"\"asset_account\""}}}})",
       IdentityModel::user},
      {R"({"version":"v2","schema":{"properties":{"asset_account":{}}}})", IdentityModel::account},
      {R"({"schema":{"definitions":{"asset_account":{}}}})", IdentityModel::account},
      {R"({"schema":"{\"properties\":{\"asset_user\":{}}}"})", IdentityModel::user},
      {R"({"schema":{"properties":{"asset":{}}}})", std::nullopt},
      {R"([])", std::nullopt},
  }));
  const std::string text = body;
  Service service([text](const Request&, Response& response) { json(response, text); });
  CHECK(service.client.import_schema({}).value().model == model);
  CHECK(service.targets()[0] == "GET /api/car/v3/importSchema?version=v2");
}

TEST_CASE("a missing import schema is nothing and an unreadable one a failure", "[car]") {
  const auto [status, body] =
      GENERATE(table<int, std::string>({{404, kOwn404}, {200, "no json"}, {500, "{}"}}));
  const int code = status;
  const std::string text = body;
  Service service([&](const Request&, Response& response) { json(response, text, code); });
  if (code == 404) {
    CHECK_FALSE(service.client.import_schema({}));
  } else {
    CHECK(error_of([&] { service.client.import_schema({}); }).kind() == ErrorKind::car_recoverable);
  }
}

TEST_CASE("the save point is read from the source wherever it stands", "[car]") {
  const auto [body, state] = GENERATE(table<std::string, std::optional<std::string>>({
      {R"({"_key":"S","model_state_id":"1700000000000"})", "1700000000000"},
      {R"({"model_state_id":1700000000000})", "1700000000000"},
      {R"({"source":{"model_state_id":"5"}})", "5"},
      {R"({"sources":[{"model_state_id":"5"}]})", "5"},
      {R"([{"model_state_id":"5"}])", "5"},
      {R"({"model_state_id":null})", std::nullopt},
      {R"({"model_state_id":""})", std::nullopt},
      {R"({"_key":"S"})", std::nullopt},
  }));
  const std::string text = body;
  Service service([text](const Request&, Response& response) { json(response, text); });
  CHECK(service.client.save_point() == state);
}

TEST_CASE("a save point that cannot be read is a failure and a 404 is none", "[car]") {
  const auto [status, body] = GENERATE(table<int, std::string>({{404, kOwn404},
                                                                {404, "{}"},
                                                                {404, "<html>"},
                                                                {404, ""},
                                                                {200, "<html>"},
                                                                {200, "[]"},
                                                                {200, R"({"model_state_id":{}})"},
                                                                {403, ""}}));
  const int code = status;
  const std::string text = body;
  Service service([&](const Request&, Response& response) { json(response, text, code); });
  if (text == kOwn404) {
    CHECK_FALSE(service.client.save_point());
  } else {
    CHECK(error_of([&] { service.client.save_point(); }).kind() == ErrorKind::car_recoverable);
  }
}

TEST_CASE("the save point is saved by a PATCH of the source", "[car]") {
  std::string body;
  Service service([&](const Request& request, Response& response) {
    body = request.body;
    json(response, "{}");
  });
  service.client.set_save_point("a\"b");
  CHECK(service.targets()[0] == "PATCH /api/car/v2/source?key=My%20Source");
  CHECK(body == R"({"model_state_id":"a\"b"})");
}

TEST_CASE("imports give receipts in the order of their envelopes", "[car]") {
  Service service([](const Request& request, Response& response) {
    if (request.body == "bad") {
      return json(
          response,
          R"({"errors":[{"code":"data_mal_formed","message":"host_name\u0007 is odd"}],"trace":"t"})",
          400);
    }
    if (request.body == "big") return json(response, "{}", 413);
    json(response, R"({"id":"job )" + request.body + R"(","status":"INPROGRESS"})");
  });

  auto receipts = receipts_of(service.client, {"1", "bad", "3", "big", "5", "6"});

  REQUIRE(receipts.size() == 6);
  CHECK(receipts[0].job_id == "job 1");
  CHECK(receipts[1].kind == ImportReceipt::Kind::refused);
  CHECK(receipts[1].error.starts_with("data_mal_formed: host_name"));
  CHECK_FALSE(has(receipts[1].error, "\x07"));
  CHECK(receipts[2].job_id == "job 3");
  CHECK(receipts[3].kind == ImportReceipt::Kind::too_large);
  CHECK(receipts[5].job_id == "job 6");
  CHECK(receipts_of(service.client, {"7"}).at(0).job_id == "job 7");
  CHECK(receipts_of(service.client, {}).empty());
}

TEST_CASE("an import that fails for another reason throws and stops the rest", "[car]") {
  const auto [status, body] =
      GENERATE(table<int, std::string>({{400, R"({"errors":[{"code":"other"}]})"},
                                        {400, "no json"},
                                        {200, "{}"},
                                        {200, "no json"}}));
  const int code = status;
  const std::string text = body;
  Service service([&](const Request&, Response& response) { json(response, text, code); });
  const std::vector<std::string> envelopes(50, "{}");
  CHECK(error_of([&] { receipts_of(service.client, envelopes); }).kind() ==
        ErrorKind::car_recoverable);
  CHECK(service.targets().size() < 10);
}

TEST_CASE("what CAR took before an import failed is told all the same", "[car]") {
  Service service([](const Request& request, Response& response) {
    if (request.body == "bad") return json(response, "{}", 403);
    json(response, R"({"id":"job )" + request.body + R"("})");
  });
  std::vector<std::string> jobs;
  const auto keep = [&](std::size_t, const ImportReceipt& receipt) {
    jobs.push_back(receipt.job_id);
  };
  CHECK_THROWS_AS(service.client.post_imports({"1", "2", "bad", "3"}, keep), Error);
  std::sort(jobs.begin(), jobs.end());
  REQUIRE(jobs.size() >= 2);
  CHECK(jobs[0] == "job 1");
  CHECK(jobs[1] == "job 2");
}

TEST_CASE("an import's status is what the list says in which its id stands", "[car]") {
  Service service([](const Request& request, Response& response) {
    CHECK(request.get_param_value("ids") == "a,b,c,d,e,f");
    json(response, R"({"complete_imports":[{"id":"a","status":"COMPLETE"},{"id":"stranger"}],
                       "incomplete_imports":[{"id":"b"}],
                       "error_imports":[{"id":"c","error":"broke","statusCode":422},{"id":"f","error":{"x":1}}],
                       "notfound_imports":["d"]})");
  });
  auto statuses = service.client.import_status({"a", "b", "c", "d", "e", "f"});
  CHECK(statuses.size() == 6);
  CHECK(statuses["a"].outcome == ImportOutcome::done);
  CHECK(statuses["b"].outcome == ImportOutcome::unfinished);
  CHECK(statuses["c"].outcome == ImportOutcome::failed);
  CHECK(statuses["c"].error == "broke");
  CHECK(statuses["c"].status_code == 422);
  CHECK(statuses["d"].outcome == ImportOutcome::lost);
  CHECK(statuses["e"].outcome == ImportOutcome::unfinished);
  CHECK(statuses["f"].error == R"({"x":1})");
}

TEST_CASE("a status that cannot be read is never taken for done", "[car]") {
  const std::string body = GENERATE("", "[]", "{}", R"({"complete_imports":7})");
  Service service([&](const Request&, Response& response) { json(response, body); });
  CHECK(error_of([&] { service.client.import_status({"a"}); }).kind() ==
        ErrorKind::car_recoverable);
}

TEST_CASE("many imports are asked after in pages that fit a URL", "[car]") {
  Service service(
      [](const Request&, Response& response) { json(response, R"({"complete_imports":[]})"); });
  std::vector<std::string> ids;
  for (int i = 1000; i < 1300; ++i)
    ids.push_back("0123456789012345678901234567890123456789-" + std::to_string(i));
  CHECK(service.client.import_status(ids).size() == 300);
  CHECK(service.targets().size() > 5);
  for (const std::string& target : service.targets())
    CHECK(target.size() + service.server.url().size() < 1804);
  CHECK(service.client.import_status({}).empty());
}

TEST_CASE("waiting for imports ends with the last one or at the deadline", "[car]") {
  int asked = 0;
  Service service(
      [&](const Request& request, Response& response) {
        const std::string ids = request.get_param_value("ids");
        ++asked;
        if (asked == 1)
          return json(response,
                      R"({"complete_imports":[{"id":"a"}],"incomplete_imports":[{"id":"b"}]})");
        CHECK_FALSE(has(ids, "a"));
        json(response, has(ids, "slow") || asked < 4 ? R"({"incomplete_imports":[]})"
                                                     : R"({"complete_imports":[{"id":"b"}]})");
      },
      200);
  auto statuses = service.client.wait_for_imports({"a", "b"}, CarClient::WaitFor::all);
  CHECK(statuses["a"].outcome == ImportOutcome::done);
  CHECK(statuses["b"].outcome == ImportOutcome::done);
  CHECK(asked == 4);
  CHECK(service.client.wait_for_imports({"slow"}, CarClient::WaitFor::all)["slow"].outcome ==
        ImportOutcome::unfinished);
}

TEST_CASE("waiting for any import ends with the first one or at the deadline", "[car]") {
  int asked = 0;
  Service service(
      [&](const Request& request, Response& response) {
        const bool slow = has(request.get_param_value("ids"), "slow");
        json(response, slow || ++asked < 3 ? R"({"incomplete_imports":[]})"
                                           : R"({"complete_imports":[{"id":"b"}]})");
      },
      200);
  auto statuses = service.client.wait_for_imports({"a", "b"}, CarClient::WaitFor::one);
  CHECK(statuses["a"].outcome == ImportOutcome::unfinished);
  CHECK(statuses["b"].outcome == ImportOutcome::done);
  CHECK(asked == 3);
  CHECK(service.client.wait_for_imports({"slow"}, CarClient::WaitFor::one)["slow"].outcome ==
        ImportOutcome::unfinished);
  CHECK(service.client.wait_for_imports({}, CarClient::WaitFor::one).empty());
}

namespace {

/// Sends the patches and writes down how they ended, in order of their index: "done gone ".
std::string run_patches(CarClient& client, const std::vector<CarClient::Patch>& patches) {
  std::vector<std::string> ends(patches.size(), "-");
  client.patch(patches, [&](std::size_t index, const ChangeAnswer& answer) {
    CHECK(ends[index] == "-");
    ends[index] = answer.result == ChangeResult::done   ? "done"
                  : answer.result == ChangeResult::gone ? "gone"
                                                        : answer.text;
  });
  std::string text;
  for (const std::string& end : ends) text += end + " ";
  return text;
}

CarClient::Patch to_address(const std::string& address) {
  return {.edge = "asset_ipaddress",
          .from = "m 1",
          .to = address,
          .from_is_address = false,
          .to_is_address = true,
          .last_modified = std::nullopt};
}

}  // namespace

TEST_CASE("a patch disables an edge or marks its update", "[car]") {
  std::vector<std::string> bodies;
  Service service([&](const Request& request, Response& response) {
    bodies.push_back(request.body);
    json(response, "{}");
  });
  CarClient::Patch update = to_address("10.0.0.4");
  update.last_modified = 1700000000000;
  CHECK(run_patches(service.client, {to_address("10.0.0.4")}) == "done ");
  CHECK(run_patches(service.client, {update}) == "done ");
  CHECK(service.targets()[0] ==
        "PATCH /api/car/v2/asset_ipaddress?source=My%20Source&from=m%201&to=10.0.0.4");
  CHECK(bodies ==
        std::vector<std::string>{R"({"active":false})", R"({"last_modified":1700000000000})"});
  CHECK(service.client.address_form() == "bare");
}

TEST_CASE("the region form of addresses is found and kept", "[car]") {
  Service service([](const Request& request, Response& response) {
    const std::string to = request.get_param_value("to");
    json(response, kOwn404, to.starts_with("0/") && to != "0/10.0.0.99" ? 200 : 404);
  });
  std::vector<CarClient::Patch> patches;
  for (int i = 0; i < 60; ++i) patches.push_back(to_address("10.0.0." + std::to_string(i)));
  patches.push_back(to_address("10.0.0.99"));

  const std::string ends = run_patches(service.client, patches);

  CHECK(std::count(ends.begin(), ends.end(), 'd') == 60);
  CHECK(ends.ends_with("gone "));
  CHECK(service.client.address_form() == "region");
  CHECK(service.targets().size() <= 61 + 16);

  const std::size_t before = service.targets().size();
  CHECK(run_patches(service.client, {to_address("10.0.0.99")}) == "gone ");
  CHECK(service.targets().size() == before + 2);
}

TEST_CASE("a service that changes its mind about addresses is followed", "[car]") {
  bool region = false;
  Service service([&](const Request& request, Response& response) {
    json(response, kOwn404, request.get_param_value("to").starts_with("0/") == region ? 200 : 404);
  });
  for (const bool mind : {false, true, false}) {
    region = mind;
    CHECK(run_patches(service.client, {to_address("10.0.0.1"), to_address("10.0.0.2")}) ==
          "done done ");
    CHECK(service.client.address_form() == (region ? "region" : "bare"));
  }
}

TEST_CASE("both ends of an address edge take the same form", "[car]") {
  Service service([](const Request& request, Response& response) {
    json(response, kOwn404, request.get_param_value("from") == "0/10.0.0.1" ? 200 : 404);
  });
  CarClient::Patch patch{.edge = "ipaddress_macaddress",
                         .from = "10.0.0.1",
                         .to = "AA:BB",
                         .from_is_address = true,
                         .to_is_address = false,
                         .last_modified = std::nullopt};
  CHECK(run_patches(service.client, {patch}) == "done ");
  CHECK(has(service.targets()[1], "from=0%2F10.0.0.1&to=AA%3ABB"));
}

TEST_CASE("an edge that neither form finds is gone and settles nothing", "[car]") {
  Service service([](const Request&, Response& response) { json(response, kOwn404, 404); });
  CarClient::Patch host = to_address("name");
  host.to_is_address = false;
  CHECK(run_patches(service.client, {to_address("10.0.0.1"), host}) == "gone gone ");
  CHECK(service.targets().size() == 3);
  CHECK(service.client.address_form().empty());

  service.client.set_address_form("bare");
  CHECK(run_patches(service.client, {to_address("10.0.0.1")}) == "gone ");
  CHECK(service.targets().size() == 5);
}

TEST_CASE("a failing patch throws after the answers under way", "[car]") {
  Service service([](const Request& request, Response& response) {
    json(response, "{}", request.get_param_value("to") == "3" ? 405 : 200);
  });
  std::vector<CarClient::Patch> patches;
  for (int i = 0; i < 100; ++i) patches.push_back(to_address(std::to_string(i)));
  std::size_t answered = 0;
  const Error error = error_of([&] {
    service.client.patch(patches, [&](std::size_t, const ChangeAnswer&) { ++answered; });
  });
  CHECK(error.kind() == ErrorKind::car_unrecoverable);
  CHECK(answered + 1 == service.targets().size());
  CHECK(answered < 30);
}

TEST_CASE("assets are deleted by escaped external ids", "[car]") {
  int status = 200;
  Service service([&](const Request&, Response& response) { json(response, kOwn404, status); });
  CHECK(service.client.delete_assets({"a,b", "c&d"}).result == ChangeResult::done);
  CHECK(service.targets()[0] ==
        "DELETE /api/car/v2/source/My%20Source/asset?external_ids=a%2Cb,c%26d");
  status = 404;
  CHECK(service.client.delete_assets({"x"}).result == ChangeResult::gone);
  CHECK(service.client.delete_assets({}).result == ChangeResult::done);
  CHECK(service.targets().size() == 2);
}

TEST_CASE("a change is refused by CAR's own words only", "[car]") {
  const auto [status, body, refused] =
      GENERATE(table<int, std::string, bool>({{409, kOwn404, true},
                                              {422, R"({"message":"no"})", true},
                                              {400, R"({"error":"no"})", true},
                                              {409, "<html>", false},
                                              {422, "{}", false},
                                              {400, "", false},
                                              {401, kOwn404, false},
                                              {403, kOwn404, false},
                                              {500, kOwn404, false}}));
  INFO(status << " " << body);
  const int code = status;
  const std::string text = body;
  Service service([&](const Request&, Response& response) { json(response, text, code); });
  if (refused) {
    CHECK(service.client.delete_assets({"x"}).result == ChangeResult::refused);
    CHECK(run_patches(service.client, {to_address("10.0.0.1")}).starts_with(std::to_string(code)));
  } else {
    CHECK_THROWS_AS(service.client.delete_assets({"x"}), Error);
    CHECK_THROWS_AS(run_patches(service.client, {to_address("10.0.0.1")}), Error);
  }
}

TEST_CASE("a 404 of somebody else's is a failure of every call", "[car]") {
  const std::string body = GENERATE("<html>not found</html>", "404 page not found", "", "[]", "{}");
  INFO(body);
  Service service([&](const Request&, Response& response) { json(response, body, 404); });
  CarClient& client = service.client;
  for (const std::function<void()>& call : std::initializer_list<std::function<void()>>{
           [&] { client.save_point(); }, [&] { client.import_schema({}); },
           [&] { client.set_save_point("7"); }, [&] { client.begin_full_import(); },
           [&] { client.import_status({"a"}); }, [&] { client.delete_assets({"x"}); },
           [&] { run_patches(client, {to_address("10.0.0.1")}); }}) {
    const Error error = error_of(call);
    CHECK(error.kind() == ErrorKind::car_recoverable);
    CHECK(has(error.what(), "no answer of CAR's own"));
  }
}

TEST_CASE("a page or an answer that breaks off is no word that something is gone", "[car]") {
  const std::string body =
      GENERATE("<html>sign in</html>", "\n <!DOCTYPE html>", R"({"message":"do)", "[1,");
  INFO(body);
  Service service([&](const Request&, Response& response) { json(response, body); });
  CHECK(error_of([&] { run_patches(service.client, {to_address("10.0.0.1")}); }).kind() ==
        ErrorKind::car_recoverable);
  CHECK(error_of([&] { service.client.delete_assets({"x"}); }).kind() ==
        ErrorKind::car_recoverable);
}

TEST_CASE("a page of ids stays under its limit and is never empty", "[car]") {
  const std::vector<std::string> ids(100, std::string(40, 'a'));
  CHECK(CarClient::ids_that_fit(ids, 0) == 43);  // 43 * 40 + 42 commas = 1762
  CHECK(CarClient::ids_that_fit(ids, 90) == 10);
  CHECK(CarClient::ids_that_fit({std::string(5000, 'a'), "b"}, 0) == 1);
  CHECK(CarClient::ids_that_fit({std::string(600, ',')}, 0) == 1);
  CHECK(CarClient::ids_that_fit({std::string(599, ','), "bc"}, 0) == 1);
  CHECK(CarClient::ids_that_fit({}, 0) == 0);
}

TEST_CASE("health needs both answers", "[car]") {
  int databases = 400;
  Service service([&](const Request& request, Response& response) {
    json(response, "{}", request.path == "/api/car/v3/health" ? 200 : databases);
  });
  service.client.check_health();
  databases = 401;
  CHECK(has(error_of([&] { service.client.check_health(); }).what(), "--car-key"));
}

TEST_CASE("whether CAR holds more assets is asked in three ways", "[car]") {
  std::string question, answer;
  int status = 200;
  Service service([&](const Request& request, Response& response) {
    question = request.body;
    json(response, answer, status);
  });
  const auto held = [&](CountForm form) { return service.client.assets_held(2, form); };
  answer = R"({"data":{"asset_aggregate":{"aggregate":{"count":3}}}})";
  CHECK(held(CountForm::aggregate) == AssetsHeld::more);
  answer = R"({"data":{"asset_aggregate":{"aggregate":{"count":2}}}})";
  CHECK(held(CountForm::aggregate) == AssetsHeld::not_more);
  answer = R"({"data":{"asset":[{"external_id":"c"}]}})";
  CHECK(held(CountForm::row) == AssetsHeld::more);
  CHECK(has(question, "limit:1, offset:2"));
  CHECK(held(CountForm::list) == AssetsHeld::not_more);
  answer = R"({"data":{"asset":[]}})";
  CHECK(held(CountForm::row) == AssetsHeld::not_more);
  answer = R"({"data":{"asset":[{},{}]}})";  // the limit is not heeded
  CHECK(held(CountForm::row) == AssetsHeld::not_more);
  answer = R"({"errors":[{"message":"field 'asset_aggregate' not found"}],"data":{"asset":[]}})";
  CHECK(held(CountForm::aggregate) == AssetsHeld::not_asked_so);
  status = 404;
  CHECK(held(CountForm::aggregate) == AssetsHeld::not_asked_so);
  status = 503;
  CHECK(held(CountForm::aggregate) == AssetsHeld::unanswered);
}

TEST_CASE("assets are counted where the service can be asked", "[car]") {
  std::string body;
  std::string answer = R"({"data":{"asset":[{"external_id":"a"},{"external_id":"b"}]}})";
  Service service([&](const Request& request, Response& response) {
    body = request.body;
    json(response, answer, answer.empty() ? 404 : 200);
  });
  CHECK(service.client.count_assets() == 2);
  CHECK(body == R"({"query":"{ asset(where:{source:{_eq:\"My Source\"}}) { external_id } }"})");
  for (const char* odd : {"", "no json", "{}", R"({"data":null,"errors":[]})"}) {
    answer = odd;
    CHECK_FALSE(service.client.count_assets());
  }
}
