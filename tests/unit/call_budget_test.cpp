// How many calls a share of Defender's quotas allows, and when: arithmetic on given times.

#include "defender/call_budget.h"

#include <catch2/catch.hpp>

namespace defender_car {
namespace {

constexpr EpochMs kSecond = 1'000;
constexpr EpochMs kMinute = 60 * kSecond;
constexpr EpochMs kHour = 60 * kMinute;
constexpr EpochMs kStart = 1'795'525'200'000;  // the beginning of a slice

void make_calls(CallBudget& budget, CallFamily family, EpochMs at, std::int64_t calls) {
  budget.at(family, budget.slice_of(at)) += calls;
}

}  // namespace

TEST_CASE("Each call to Defender belongs to one quota", "[budget]") {
  DefenderSettings hosts;
  hosts.defender_url = "https://proxy.example.com/defender";
  hosts.graph_url = "https://proxy.example.com/graph";
  const auto family = [&](const std::string& path) {
    return family_of("https://proxy.example.com" + path, hosts);
  };
  CHECK(family("/defender/api/machines?$top=10000&$skip=0") == CallFamily::machines);
  CHECK(family("/defender/api/v1.0/machines?$skip=1") == CallFamily::machines);
  CHECK(family("/defender/api/machines/0a1b") == CallFamily::machines);
  CHECK(family("/defender/api/machines/0a1b/logonusers") == CallFamily::users);
  CHECK(family("/defender/api/alerts?$filter=a") == CallFamily::alerts);
  CHECK(family("/defender/api/advancedqueries/run") == CallFamily::hunting);
  CHECK(family("/graph/v1.0/security/runHuntingQuery") == CallFamily::hunting);
  CHECK(family("/defender/api/machines/SoftwareVulnerabilitiesByMachine?pageSize=1") ==
        CallFamily::vulnerabilities);
  CHECK(family("/defender/api/machines/SoftwareVulnerabilityChangesByMachine") ==
        CallFamily::vulnerabilities);
  CHECK_FALSE(family("/login/oauth2/v2.0/token"));
  CHECK_FALSE(family("/car/api/car/v2/source"));
  CHECK_FALSE(family_of("https://other.example.com/defender/api/machines", hosts));
  for (const CallFamily one : kCallFamilies) CHECK(family_named(family_name(one)) == one);
  CHECK_FALSE(family_named("logins"));
}

TEST_CASE("Without a share calls are counted and none waits", "[budget]") {
  CallBudget budget(0, {});
  make_calls(budget, CallFamily::hunting, kStart, 5'000);
  CHECK(budget.in_last_minute(CallFamily::hunting, kStart) == 5'000);
  CHECK(budget.in_last_hour(CallFamily::hunting, kStart) == 5'000);
  CHECK(budget.wait_ms(CallFamily::hunting, kStart) == 0);
  CHECK(budget.left(CallFamily::hunting, kStart, true) > 1'000'000);
}

TEST_CASE("A minute's share makes calls wait until older ones are a minute old", "[budget]") {
  CallBudget budget(0.5, {});
  REQUIRE(budget.allowed_a_minute(CallFamily::hunting) == 22);
  make_calls(budget, CallFamily::hunting, kStart, 10);
  make_calls(budget, CallFamily::hunting, kStart + 25 * kSecond, 11);
  const EpochMs now = kStart + 30 * kSecond;
  CHECK(budget.wait_ms(CallFamily::hunting, now) == 0);
  make_calls(budget, CallFamily::hunting, now, 1);
  // The last of the first slice's calls may have been made at its end.
  CHECK(budget.wait_ms(CallFamily::hunting, now) == 40 * kSecond);
  CHECK(budget.wait_ms(CallFamily::hunting, kStart + 70 * kSecond - 1) == 1);
  CHECK(budget.wait_ms(CallFamily::hunting, kStart + 70 * kSecond) == 0);
  CHECK(budget.wait_ms(CallFamily::users, now) == 0);  // a quota of its own
}

TEST_CASE("An hour's share says what is left and when there is room again", "[budget]") {
  CallBudget budget(0.5, {});
  CHECK(budget.left(CallFamily::users, kStart, false) == 750);
  make_calls(budget, CallFamily::users, kStart, 500);
  make_calls(budget, CallFamily::users, kStart + 20 * kMinute, 250);
  const EpochMs now = kStart + 25 * kMinute;
  CHECK(budget.left(CallFamily::users, now, false) == 0);
  const EpochMs first = kStart + kHour + 10 * kSecond;
  const EpochMs second = first + 20 * kMinute;
  CHECK(budget.room_at(CallFamily::users, now, false, 1) == first);
  CHECK(budget.room_at(CallFamily::users, now, false, 500) == first);
  CHECK(budget.room_at(CallFamily::users, now, false, 501) == second);
  CHECK(budget.room_at(CallFamily::users, now, false, 750) == second);
  CHECK(budget.room_at(CallFamily::users, now, false, 751) == first + kHour + 10 * kSecond);
  CHECK(budget.left(CallFamily::users, first - 1, false) == 0);
  CHECK(budget.left(CallFamily::users, first, false) == 500);
}

TEST_CASE("What comes last leaves a fifth of the hour to what matters first", "[budget]") {
  CallBudget budget(0.5, {});
  make_calls(budget, CallFamily::hunting, kStart, 600);
  CHECK(budget.left(CallFamily::hunting, kStart, true) == 0);
  CHECK(budget.left(CallFamily::hunting, kStart, false) == 150);
}

TEST_CASE("The smallest share still allows a call", "[budget]") {
  CallBudget budget(0.0001, {});
  CHECK(budget.allowed_a_minute(CallFamily::hunting) == 1);
  CHECK(budget.allowed_an_hour(CallFamily::hunting, true) == 1);
}

TEST_CASE("A clock that is set back holds nothing up", "[budget]") {
  CallBudget budget(1, {});
  make_calls(budget, CallFamily::alerts, kStart + 24 * kHour, 1'500);
  CHECK(budget.left(CallFamily::alerts, kStart, false) == 1'500);
  CHECK(budget.wait_ms(CallFamily::alerts, kStart) == 0);
  CHECK(budget.room_at(CallFamily::alerts, kStart, false, 1'600) <= kStart + 2 * kHour);
}

TEST_CASE("A share that was made smaller waits for the calls of the larger one", "[budget]") {
  CallBudget budget(0.1, {});
  make_calls(budget, CallFamily::users, kStart, 600);
  make_calls(budget, CallFamily::users, kStart + 30 * kMinute, 200);
  CHECK(budget.left(CallFamily::users, kStart + 31 * kMinute, false) == -650);
  CHECK(budget.room_at(CallFamily::users, kStart + 31 * kMinute, false, 1) ==
        kStart + 30 * kMinute + kHour + 10 * kSecond);
}

}  // namespace defender_car
