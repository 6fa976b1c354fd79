// Lies that lie in time and in between: lists that move while they are read, sizes at the edge of a
// page or an answer, refusals in the middle, rights and device groups withdrawn, clocks that jump,
// machines seen in the future.
#include <catch2/catch.hpp>

#include "base/time.h"
#include "lying.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Limit;
using defender_car::Mode;
using defender_car::RunReport;
using lying::tally;
using simulator::day_ms;
using simulator::Device;
using simulator::hour_ms;
using simulator::LieKind;
using simulator::Tenant;

namespace {

Scenario small_fleet() {
  Scenario scenario;
  scenario.seed = 7;
  scenario.machines = 24;
  return scenario;
}

const char* name_of(bool full) { return full ? "full" : "incremental"; }

size_t lies_told(Harness& harness) {
  size_t told = 0;
  harness.simulator().with_defender([&](auto& defender) { told = defender.lies().told(); });
  return told;
}

/// A device with that id, which reports now.
void add_device(Tenant& tenant, const std::string& id) {
  Device device = make_device(tenant);
  device.id = id;
  tenant.report(device, tenant.now_ms - 1000);
  tenant.devices.emplace(id, std::move(device));
}

/// For the run of a test; the clock is right again afterwards.
class WrongClock {
 public:
  explicit WrongClock(int64_t by) { defender_car::put_system_clock_wrong(by); }
  ~WrongClock() { defender_car::put_system_clock_wrong(0); }
  WrongClock(const WrongClock&) = delete;
  WrongClock& operator=(const WrongClock&) = delete;
};

}  // namespace

TEST_CASE("Fleets that end at the edge of a page", "[lies]") {
  // The real sizes at full length; under ctest the same edges of a smaller page.
  const int64_t page = sweep::full_length() ? 10'000 : 40;
  for (const int64_t machines : {page, page + 1, 2 * page}) {
    INFO(machines << " machines, pages of " << page);
    tally().begin_point();
    Scenario scenario;
    scenario.seed = 3;
    scenario.machines = static_cast<size_t>(machines);
    scenario.oddities = false;
    scenario.software_rows = 0;
    Harness harness(scenario);
    harness.settings().defender_limits.page_size = page;
    const RunReport first = harness.sync(Reading::full);
    INFO(describe(first));
    REQUIRE_FALSE(first.failure);
    CHECK(harness.held("asset|").size() == harness.oracle().assets().size());
    // Silent machines are asked for their logon users a few a run; a full import follows the last.
    RunReport last = first;
    for (int runs = 0; runs < 60 && last.outcome == defender_car::RunOutcome::partial; ++runs)
      last = harness.sync_either_way();
    INFO(describe(last));
    CHECK(last.outcome == defender_car::RunOutcome::done);
    harness.simulator().with_tenant([](Tenant& tenant) { tenant.touch(5); });
    lying::check_convergence(harness, true);
    CHECK(lying::wrong_removals(harness) == "");
    tally().survived();
  }
}

TEST_CASE("A list that moves between two pages", "[lies]") {
  using Move = std::function<void(Tenant&)>;
  const std::string first_id(40, '0');
  const std::vector<std::pair<const char*, Move>> moves{
      {"one comes", [&](Tenant& tenant) { add_device(tenant, first_id); }},
      {"three come",
       [&](Tenant& tenant) {
         for (const char c : {'1', '2', '3'}) add_device(tenant, first_id.substr(1) + c);
       }},
      {"one goes", [](Tenant& tenant) { tenant.devices.erase(tenant.devices.begin()); }},
      {"three go", [](Tenant& tenant) {
         for (int i = 0; i < 3; ++i) tenant.devices.erase(tenant.devices.begin());
       }}};
  const std::vector<const char*> pages{"$skip=10", "$skip=20"};
  for (const bool full : {true, false})
    for (const size_t at : sweep::points(moves.size() * pages.size(), 3)) {
      const char* const name = moves[at / pages.size()].first;
      const auto& move = moves[at / pages.size()].second;
      const char* page = pages[at % pages.size()];
      INFO(name_of(full) << ", " << name << " before " << page);
      tally().begin_point();
      const auto harness = lying::some_hours_on(small_fleet());
      harness->settings().defender_limits.page_size = 10;
      harness->settings().mode = full ? Mode::full : Mode::automatic;
      harness->simulator().with_defender([&](auto& defender) {
        defender.lies().tell({.kind = LieKind::moving, .match = page, .count = 1, .move = move});
      });
      const RunReport report = harness->disturbed_sync();
      INFO(describe(report));
      CHECK_FALSE(report.failure);
      CHECK(lying::wrong_removals(*harness) == "");
      if (lies_told(*harness) > 0) tally().survived();
      lying::tell_the_truth(*harness);
      lying::check_convergence(*harness, false);
    }
}

TEST_CASE("An alert that is resolved between two pages takes no other one away", "[lies]") {
  tally().begin_point();
  const auto harness = lying::some_hours_on(small_fleet());
  harness->settings().defender_limits.page_size = 2;
  harness->settings().mode = Mode::full;
  harness->simulator().with_defender([&](auto& defender) {
    defender.lies().tell({.kind = LieKind::moving,
                          .match = "alerts?$filter=status%20ne%20%27Resolved%27&$top=2&$skip=2",
                          .count = 1,
                          .move = [](Tenant& tenant) {
                            for (auto& [id, alert] : tenant.alerts) {
                              if (alert.status == "Resolved") continue;
                              alert.status = "Resolved";
                              alert.last_update_ms = tenant.now_ms;
                              return;
                            }
                          }});
  });
  const RunReport report = harness->disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  REQUIRE(lies_told(*harness) == 1);
  tally().survived();
  CHECK(lying::wrong_removals(*harness) == "");
  lying::tell_the_truth(*harness);
  lying::check_convergence(*harness, false);
}

TEST_CASE("A refusal in the middle", "[lies]") {
  struct Middle {
    const char* match;
    int skip;
    defender_car::LogonSource logon = defender_car::LogonSource::automatic;
  };
  const std::vector<Middle> middles{{"GET /defender/api/machines?$top=5&$skip=10", 0},
                                    {"GET /defender/api/machines?$filter=lastSeen", 1},
                                    {"GET /defender/api/machines?$filter=healthStatus", 0},
                                    {"GET /defender/api/alerts", 1},
                                    {"/logonusers", 3, defender_car::LogonSource::api},
                                    {"/runHuntingQuery", 2},
                                    {"/runHuntingQuery", 7},
                                    {"/runHuntingQuery", 12},
                                    {"/runHuntingQuery", 20, defender_car::LogonSource::hunting},
                                    {"GET /defender/api/machines/", 0}};
  for (const bool full : {true, false})
    for (const size_t at : sweep::points(middles.size(), full ? 5 : 4)) {
      const Middle& middle = middles[at];
      INFO(name_of(full) << ", 403 to " << middle.match << " after " << middle.skip);
      tally().begin_point();
      Scenario scenario = small_fleet();
      scenario.logon = middle.logon;
      const auto harness = lying::some_hours_on(scenario);
      harness->settings().mode = full ? Mode::full : Mode::automatic;
      auto& limits = harness->settings().defender_limits;
      limits = {.row_cap = 12, .page_size = 5};
      harness->simulator().with_defender(
          [](auto& defender) { defender.options().limits.row_cap = 12; });
      harness->simulator().add_fault({.match = middle.match, .skip = middle.skip, .status = 403});
      const RunReport report = harness->disturbed_sync();
      INFO(describe(report));
      if (report.failure) {
        tally().survived();
        CHECK((*report.failure == ErrorKind::forbidden || *report.failure == ErrorKind::defender));
      }
      CHECK(lying::wrong_removals(*harness) == "");
      lying::tell_the_truth(*harness);
      lying::check_convergence(*harness, false);
    }
}

TEST_CASE("Answers of exactly the row cap", "[lies]") {
  for (const char* dataset : {"network", "vulnerabilities", "knowledge_base"})
    for (const int64_t off : {0, 1, -1}) {
      Scenario scenario = small_fleet();
      scenario.logon = defender_car::LogonSource::hunting;
      Harness harness(scenario);
      const RunReport first = harness.sync(Reading::full);
      REQUIRE_FALSE(first.failure);
      int64_t cap = 0;
      for (const auto& one : first.datasets)
        if (one.name == dataset) cap = one.rows - off;
      INFO(dataset << ", cap " << cap << ", rows " << cap + off);
      REQUIRE(cap > 1);
      tally().begin_point();
      harness.settings().defender_limits.row_cap = cap;
      harness.simulator().with_defender(
          [&](auto& defender) { defender.options().limits.row_cap = static_cast<size_t>(cap); });
      harness.simulator().live(2);
      harness.settings().mode = Mode::full;
      const RunReport report = harness.sync(Reading::full);
      INFO(describe(report));
      CHECK_FALSE(report.failure);
      CHECK(lying::wrong_removals(harness) == "");
      CHECK(joined(harness.differences()) == "");
      tally().survived();
      lying::check_convergence(harness, false);
    }
}

TEST_CASE("Roles that are withdrawn between two runs", "[lies]") {
  for (const bool full : {true, false})
    for (const std::string role : {"Machine.Read.All", "Alert.Read.All", "User.Read.All",
                                   "ThreatHunting.Read.All", "everything"}) {
      INFO(name_of(full) << ", without " << role);
      tally().begin_point();
      const auto harness = lying::some_hours_on(small_fleet());
      harness->settings().mode = full ? Mode::full : Mode::automatic;
      const auto without = [&](std::vector<std::string>& roles) {
        std::erase_if(roles, [&](const auto& one) { return role == "everything" || one == role; });
      };
      simulator::LoginOptions before;
      harness->simulator().with_login([&](simulator::LoginService& login) {
        before = login.options();
        without(login.options().defender_roles);
        without(login.options().graph_roles);
        login.forget_tokens();
      });
      const RunReport report = harness->disturbed_sync();
      INFO(describe(report));
      CHECK(report.failure == ErrorKind::forbidden);
      if (report.failure) tally().survived();
      CHECK(report.error.find(role == "everything" ? "Machine.Read.All" : role) !=
            std::string::npos);
      CHECK(lying::wrong_removals(*harness) == "");
      harness->simulator().with_login([&](auto& login) {
        login.options() = before;
        login.forget_tokens();
      });
      lying::check_convergence(*harness, false);
    }
}

TEST_CASE("Half of the device groups are withdrawn", "[lies]") {
  for (const bool full : {true, false})
    for (const bool above : {true, false}) {
      INFO(name_of(full) << (above ? ", above the limit" : ", below the limit"));
      tally().begin_point();
      const auto harness = lying::some_hours_on(small_fleet());
      std::set<std::string> hidden;
      harness->simulator().with_tenant([&](Tenant& tenant) {
        for (const auto& [id, device] : tenant.devices)
          if (hidden.size() < tenant.devices.size() / 2) hidden.insert(id);
      });
      harness->simulator().with_defender(
          [&](auto& defender) { defender.lies().tell({.kind = LieKind::hidden, .ids = hidden}); });
      harness->settings().mode = full ? Mode::full : Mode::automatic;
      const Limit usual = harness->settings().max_deletes;
      if (above) harness->settings().max_deletes = {.count = 3};
      const RunReport report = harness->disturbed_sync();
      INFO(describe(report));
      REQUIRE(lies_told(*harness) > 0);
      tally().survived();
      // Of an incremental run only the software reading speaks of machines that are not named: one
      // without rows looks patched. In a full one machines go that answer 404, as far as the limit.
      std::set<std::string> lost;
      if (!full) lost = {"asset_application", "asset_vulnerability", "application_vulnerability"};
      if (full && above) CHECK(report.failure == ErrorKind::guard);
      if (full && !above) {
        CHECK_FALSE(report.failure);
        for (const std::string& line : harness->violations())
          lost.insert(line.substr(line.find(": ") + 2, line.find('|') - line.find(": ") - 2));
        for (const std::string& id : hidden) CHECK(harness->held("asset|" + id).empty());
      }
      CHECK(lying::wrong_removals(*harness, lost) == "");
      lying::tell_the_truth(*harness);
      harness->settings().max_deletes = usual;
      lying::check_convergence(*harness, !full || !above, lost);
    }
}

TEST_CASE("This machine's clock jumps by a day", "[lies]") {
  for (const int64_t by : {day_ms, -day_ms})
    for (const bool full : {true, false}) {
      INFO("by " << by / day_ms << " day, " << name_of(full));
      tally().begin_point();
      const auto harness = lying::some_hours_on(small_fleet());
      {
        const WrongClock wrong(by);
        harness->settings().mode = full ? Mode::full : Mode::automatic;
        const RunReport report = harness->sync_either_way();
        INFO(describe(report));
        CHECK_FALSE(report.failure);
        CHECK(joined(harness->differences()) == "");
        tally().survived();
      }
      harness->simulator().live(5);
      lying::check_convergence(*harness, false);
      CHECK(lying::wrong_removals(*harness) == "");
    }
}

TEST_CASE("Defender's clock jumps by a day and comes back", "[lies]") {
  for (const int64_t by : {day_ms, -day_ms})
    for (const bool full : {true, false}) {
      INFO("by " << by / day_ms << " day, " << name_of(full));
      tally().begin_point();
      Scenario scenario = small_fleet();
      const auto harness = lying::some_hours_on(scenario, 1);
      std::string almost;  // its 15 days are over by the wrong clock alone
      harness->simulator().with_tenant([&](Tenant& tenant) {
        for (auto& [id, device] : tenant.devices) {
          if (device.silent || device.onboarding_status != "Onboarded") continue;
          almost = id;
          tenant.report(device, tenant.now_ms);
          break;
        }
        tenant.fall_silent({almost}, 14 * day_ms + 6 * hour_ms);
        tenant.now_ms += by;
      });
      harness->settings().mode = full ? Mode::full : Mode::automatic;
      const RunReport report = harness->disturbed_sync();
      INFO(describe(report));
      CHECK_FALSE(report.failure);
      CHECK(lying::wrong_removals(*harness) == "");
      tally().survived();
      harness->simulator().with_tenant([&](Tenant& tenant) { tenant.now_ms -= by; });
      harness->simulator().live(10);
      lying::check_convergence(*harness, false);
      CHECK(harness->held("asset|" + almost).size() == 1);
    }
}

TEST_CASE("Machines that are seen in the future", "[lies]") {
  for (const bool full : {true, false}) {
    INFO(name_of(full));
    tally().begin_point();
    const auto harness = lying::some_hours_on(small_fleet());
    std::map<std::string, int64_t> true_times;
    harness->simulator().with_tenant([&](Tenant& tenant) {
      size_t index = 0;
      for (auto& [id, device] : tenant.devices) {
        if (++index % 2 == 0) continue;
        true_times[id] = device.last_seen_ms;
        device.last_seen_ms = tenant.now_ms + 5 * day_ms;
      }
    });
    harness->settings().mode = full ? Mode::full : Mode::automatic;
    const RunReport report = harness->disturbed_sync();
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(lying::wrong_removals(*harness) == "");
    tally().survived();
    harness->simulator().with_tenant([&](Tenant& tenant) {
      for (const auto& [id, at] : true_times) tenant.devices.at(id).last_seen_ms = at;
    });
    harness->simulator().live(30);  // they report again, earlier than they had claimed
    lying::check_convergence(*harness, false);
    for (int day = 0; day < 18; day += 6) {  // those that fall silent leave in their time
      harness->simulator().live(6 * 24);
      lying::check_convergence(*harness, false);
    }
  }
}
