// What Defender knows of a device beside its network: fields and tags in CAR, names of accounts
// with their domain, and a scope.
#include <catch2/catch.hpp>
#include <set>

#include "life.h"
#include "text.h"

using namespace e2e;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::Device;

namespace {

const std::string kSource = "Microsoft-Windows-Defender-ATP";

Scenario fields_scenario(uint64_t seed) {
  Scenario scenario = scenario_of(seed);
  scenario.fields = true;
  scenario.domain_names = seed % 3 == 1;
  scenario.scoped = seed % 4 >= 2;
  return scenario;
}

/// Tags that somebody else puts on assets in CAR. They stay for as long as the asset does.
class ForeignTags {
 public:
  void look(Harness& harness) {
    for (const auto& [kind, line] : harness.removals())
      if (line.starts_with("asset|")) planted_.erase(line.substr(6, line.find("|{") - 6));
    for (const std::string& line : harness.held("asset|")) {
      const std::string id = line.substr(6, line.find("|{") - 6);
      const auto at = planted_.find(id);
      if (at != planted_.end() && line.find('"' + at->second + '"') == std::string::npos)
        lost.push_back(id);
      if (at != planted_.end() || simulator::stable_hash(id) % 3 != 0) continue;
      planted_[id] = "foreign " + id.substr(0, 4);
      harness.simulator().with_car(
          [&](simulator::CarService& car) { car.graph().tag_asset(kSource, id, planted_[id]); });
    }
  }
  size_t count() const { return planted_.size(); }
  std::vector<std::string> lost;

 private:
  std::map<std::string, std::string> planted_;
};

Scenario small() {
  Scenario scenario;
  scenario.machines = 8;
  scenario.oddities = false;
  scenario.fields = true;
  return scenario;
}

void change_first(Harness& harness, const std::function<void(Device&)>& change) {
  harness.simulator().with_tenant([&](simulator::Tenant& tenant) {
    ++tenant.changes;
    tenant.now_ms += simulator::hour_ms;
    Device& device = tenant.devices.begin()->second;
    change(device);
    tenant.report(device, tenant.now_ms - 1000);
  });
}

std::string first_id(Harness& harness) {
  std::string id;
  harness.simulator().with_tenant(
      [&](const simulator::Tenant& tenant) { id = tenant.devices.begin()->first; });
  return id;
}

/// Its line in CAR; "" when CAR has no such asset.
std::string asset_line(const Harness& harness, const std::string& id) {
  const auto lines = harness.held("asset|" + id + "|");
  return lines.empty() ? "" : *lines.begin();
}

void expect_good(const Harness& harness, const RunReport& report) {
  INFO(describe(report) << joined(harness.differences()) << joined(harness.violations()));
  CHECK_FALSE(report.failure);
  CHECK(harness.differences().empty());
  CHECK(harness.violations().empty());
}

}  // namespace

TEST_CASE("Lives in these fields end as the oracle says, and foreign tags stay", "[fields]") {
  const Seeds seeds = seeds_to_run();
  size_t planted = 0;
  for (uint64_t seed = seeds.first; seed < seeds.first + (seeds.count * 3 + 4) / 5; ++seed) {
    const Scenario scenario = fields_scenario(seed);
    ForeignTags tags;
    Life* lived = nullptr;
    Life life(scenario, [&](const RunReport&) { tags.look(lived->harness()); });
    lived = &life;
    const std::vector<std::string> problems = life.live(6, 30);
    INFO(describe(scenario) << joined(problems) << joined(tags.lost));
    CHECK(problems.empty());
    CHECK(tags.lost.empty());
    planted += tags.count();
  }
  CHECK(planted > 0);
}

TEST_CASE("A value that goes is sent as 0, a tag that goes is named in untag", "[fields]") {
  Harness harness(small());
  change_first(harness, [](Device& device) {
    device.traits.risk = "High";
    device.traits.tags = {"mine"};
  });
  expect_good(harness, harness.sync(Reading::full));
  const std::string id = first_id(harness);
  CHECK(asset_line(harness, id).find("\"risk\":8") != std::string::npos);
  CHECK(asset_line(harness, id).find("\"mine\"") != std::string::npos);
  harness.simulator().with_car(
      [&](simulator::CarService& car) { car.graph().tag_asset(kSource, id, "foreign"); });
  change_first(harness, [](Device& device) {
    device.traits.risk.reset();
    device.traits.tags.clear();
  });
  expect_good(harness, harness.sync(Reading::incremental));
  CHECK(asset_line(harness, id).find("\"risk\":0") != std::string::npos);
  CHECK(asset_line(harness, id).find("\"mine\"") == std::string::npos);
  CHECK(asset_line(harness, id).find("\"foreign\"") != std::string::npos);
  expect_good(harness, harness.sync(Reading::incremental));
  CHECK(harness.writes_to_car().empty());
}

TEST_CASE("An import without an answer may have brought tags: they are named in untag",
          "[fields]") {
  Harness harness(small());
  expect_good(harness, harness.sync(Reading::full));
  change_first(harness, [](Device& device) { device.traits.tags = {"half"}; });
  harness.simulator().with_car([](simulator::CarService& car) {
    car.options().job_fault = {simulator::JobFate::never_ends, 0, 1};
  });
  harness.settings().car.job_time_limit_ms = 300;
  CHECK(harness.disturbed_sync().failure);
  harness.simulator().with_car([](simulator::CarService& car) { car.options().job_fault.reset(); });
  change_first(harness, [](Device& device) { device.traits.tags.clear(); });
  expect_good(harness, harness.sync_either_way());
  CHECK(asset_line(harness, first_id(harness)).find("\"half\"") == std::string::npos);
}

TEST_CASE(
    "A field that the schema comes to name reaches all records, one that it ceases to name is not "
    "sent",
    "[fields]") {
  Scenario scenario = small();
  Harness harness(scenario);
  const auto name = [&](const std::set<std::string>& fields) {
    harness.simulator().with_car(
        [&](simulator::CarService& car) { car.options().fields = fields; });
    oracle::Options options = harness.oracle().options();
    options.fields = fields;
    harness.set_oracle_options(options);
  };
  name({});
  expect_good(harness, harness.sync(Reading::full));
  name({"asset.risk", "vulnerability.updated_on"});
  expect_good(harness, harness.sync(Reading::incremental));
  expect_good(harness, harness.sync(Reading::incremental));
  CHECK(harness.writes_to_car().empty());
  name({"asset.tag", "vulnerability.updated_on"});
  expect_good(harness, harness.sync(Reading::incremental));
  CHECK_FALSE(harness.writes_to_car().empty());
  name({"asset.risk", "asset.tag"});
  change_first(harness, [](Device& device) { device.traits.risk.reset(); });
  expect_good(harness, harness.sync(Reading::incremental));
}

TEST_CASE("--asset-tags false sends none and takes none away", "[fields]") {
  Harness harness(small());
  harness.settings().asset_tags = false;
  expect_good(harness, [&] {
    oracle::Options options = harness.oracle().options();
    options.fields.erase("asset.tag");
    harness.set_oracle_options(options);
    return harness.sync(Reading::full);
  }());
  for (const std::string& line : harness.held("asset|"))
    CHECK(line.find("\"tag\"") == std::string::npos);
}

TEST_CASE("Another account key is one full import and one permission, there and back", "[fields]") {
  Scenario scenario = small();
  scenario.machines = 40;
  Harness harness(scenario);
  harness.settings().max_disables = {.count = 1};
  expect_good(harness, harness.sync(Reading::full));
  for (const bool with_domain : {true, false}) {
    harness.settings().account_key =
        with_domain ? defender_car::AccountKey::domain_name : defender_car::AccountKey::name;
    const RunReport held = harness.disturbed_sync();
    CHECK(held.mode == defender_car::RunMode::full);
    REQUIRE(held.failure == defender_car::ErrorKind::guard);
    const std::size_t word = held.error.rfind("--allow-once ");
    REQUIRE(word != std::string::npos);
    harness.settings().allow_once = held.error.substr(word + 13);
    oracle::Options options = harness.oracle().options();
    options.domain_names = with_domain;
    harness.set_oracle_options(options);
    expect_good(harness, harness.sync(Reading::full));
    harness.settings().allow_once.clear();
    expect_good(harness, harness.sync(Reading::incremental));
    CHECK(harness.writes_to_car().empty());
  }
}

TEST_CASE("Who leaves the scope is deleted for that reason, under the guard, and comes back",
          "[fields]") {
  Harness harness(small());
  expect_good(harness, harness.sync(Reading::full));
  const auto scope = [&](const std::set<std::string>& tags) {
    harness.settings().scope.exclude_tags = {tags.begin(), tags.end()};
    oracle::Options options = harness.oracle().options();
    options.excluded_tags = tags;
    harness.set_oracle_options(options);
  };
  scope({"lab"});
  change_first(harness, [](Device& device) { device.traits.tags = {"lab"}; });
  harness.settings().max_deletes = {.count = 0};
  const RunReport held = harness.disturbed_sync();
  CHECK(held.failure == defender_car::ErrorKind::guard);
  CHECK_FALSE(asset_line(harness, first_id(harness)).empty());
  harness.settings().max_deletes = {.count = 5};
  const RunReport left = harness.sync(Reading::incremental);
  expect_good(harness, left);
  CHECK(asset_line(harness, first_id(harness)).empty());
  bool told = false;
  for (const auto& sent : left.sent)
    told |= sent.operation == defender_car::Operation::delete_asset &&
            sent.reason == "out of scope" && sent.count == 1;
  CHECK(told);
  scope({});
  expect_good(harness, harness.sync(Reading::incremental));
  CHECK_FALSE(asset_line(harness, first_id(harness)).empty());
}
