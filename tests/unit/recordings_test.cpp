// Real responses of the services, recorded and published by others. They are no part of this
// project: where the folder is missing these tests skip, saying so.

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "base/error.h"
#include "defender/defender_client.h"
#include "json/records.h"
#include "loopback_server.h"

using namespace defender_car;
using defender_car::test::json;
using defender_car::test::LoopbackServer;

namespace {

constexpr std::array<std::string_view, 5> kKeys{"id", "lastSeen", "osBuild", "ipAddresses",
                                                "healthStatus"};

std::filesystem::path folder() {
  const char* set = std::getenv("DEFENDER_CAR_RECORDINGS");
  return set != nullptr ? std::filesystem::path(set)
                        : std::filesystem::path(PROJECT_ROOT) / "../shared/recordings";
}

/// The text of a recording; nothing, with a warning, where there is none.
std::optional<std::string> recording(const std::string& name) {
  std::ifstream file(folder() / name, std::ios::binary);
  if (!file) {
    WARN("skipped: no recordings in " << folder());
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

struct Collected final : PageSink {
  void begin() override {}
  void record(std::span<const Field> fields) override {
    rows.emplace_back(fields.begin(), fields.end());
  }
  void keep() override { ++kept; }
  void drop() override {}

  std::vector<std::vector<Field>> rows;
  int kept = 0;
};

/// Reads machines from a server that gives `machines` after a login answered with `token`.
void read_machines(const std::string& token, int token_status, const std::string& machines,
                   Collected& sink) {
  LoopbackServer server([&](const httplib::Request& request, httplib::Response& response) {
    const bool login = request.method == "POST";
    json(response, login ? token : machines, login ? token_status : 200);
  });
  SilentProgress progress;
  HttpClient http({}, progress);
  DefenderSettings settings;
  settings.tenant_id = "tenant";
  settings.client_id = "app-id";
  settings.client_secret = "the-value";
  settings.login_url = server.url();
  settings.defender_url = server.url();
  DefenderClient client(http, settings, HuntingApi::automatic);
  client.read_pages("machines", "", kKeys, sink);
}

}  // namespace

TEST_CASE("the recorded machine list is read whole after the recorded login", "[recordings]") {
  const auto token = recording("token_200.json");
  const auto machines = recording("machines.json");
  if (!token || !machines) return;

  Collected sink;
  read_machines(*token, 200, *machines, sink);

  CHECK(sink.kept == 1);
  REQUIRE(sink.rows.size() == 9);
  CHECK(sink.rows[0][0].text == "241056b69203a660e7521c8c3bfc2476f8cf2ae0");
  CHECK(sink.rows[0][1].text == "2024-01-25T18:45:56.688814Z");
  CHECK(sink.rows[0][2].type == Field::Type::null);
  CHECK(sink.rows[0][3].type == Field::Type::json);
  CHECK(
      sink.rows[0][3].text.starts_with(R"([{"ipAddress":"10.6.0.6","macAddress":"000D3A9ABB3A")"));
  CHECK(sink.rows[0][4].text == "Inactive");
}

TEST_CASE("the recorded pages of one hold each machine once and end with an empty one",
          "[recordings]") {
  std::set<std::string> ids;
  for (int skip = 0; skip < 10; ++skip) {
    const auto page = recording(std::string("machines_top1_skip") + std::to_string(skip) + ".json");
    if (!page) return;
    const ListResult list =
        read_list(Body(*page), {"value", kKeys},
                  [&](std::span<const Field> fields) { ids.insert(fields[0].text); });
    CHECK(list.found);
    CHECK(list.records == (skip < 9 ? 1 : 0));
    CHECK_FALSE(list.next_link);
  }
  CHECK(ids.size() == 9);
}

TEST_CASE("the recorded refusals of a login are told apart", "[recordings]") {
  const auto [name, status, advice, correlation] =
      GENERATE(table<std::string, int, std::string, std::string>(
          {{"token_invalid_secret_401.json", 401, "the secret's value",
            "b42148ad-ad6a-4dab-bb16-5d59e4ffb4dc"},
           {"token_invalid_tenant_400.json", 400, "--tenant-id",
            "5b39a330-2d2c-4e03-b2d1-dbf020224bc8"}}));
  const auto token = recording(name);
  if (!token) return;

  Collected sink;
  try {
    read_machines(*token, status, "{}", sink);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(error.kind() == ErrorKind::authentication);
    CHECK(std::string(error.what()).find(advice) != std::string::npos);
    CHECK(std::string(error.what()).find("correlation_id " + correlation) != std::string::npos);
  }
}
