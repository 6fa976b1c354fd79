// Which of three clocks is believed, and what an answer's headers say of time.
#include "run/clock.h"

#include <catch2/catch.hpp>

#include "http/service_clock.h"

using namespace defender_car;

namespace {

constexpr EpochMs kNow = 1'780'000'000'000;
constexpr EpochMs kMinute = 60'000;
constexpr EpochMs kDay = 24 * 60 * kMinute;

HttpResponse dated(const char* date, const char* age) {
  HttpResponse response;
  if (date != nullptr) response.headers.emplace_back("Date", date);
  if (age != nullptr) response.headers.emplace_back("Age", age);
  read_clock(response, kNow);
  return response;
}

}  // namespace

TEST_CASE("Defender's clock is believed within five minutes of this machine's or of CAR's",
          "[clock]") {
  CHECK(judge_clocks({kNow, kNow + 5 * kMinute, std::nullopt, {}}).agreed);
  CHECK_FALSE(judge_clocks({kNow, kNow + 5 * kMinute + 1, std::nullopt, {}}).agreed);
  CHECK_FALSE(judge_clocks({kNow, kNow - 6 * kMinute, kNow, {}}).agreed);
  CHECK(judge_clocks({kNow, kNow, kNow + kDay, {}}).agreed);
  const ClockVerdict host_off = judge_clocks({kNow + kDay, kNow, kNow - 5 * kMinute, {}});
  CHECK(host_off.agreed);
  CHECK(host_off.time == kNow);
  CHECK(host_off.warning.find("24 hours ahead of Defender's") != std::string::npos);
}

TEST_CASE("Where Defender shows no time this machine's counts while CAR's confirms it", "[clock]") {
  CHECK(judge_clocks({kNow, {}, kNow + kMinute, {}}).agreed);
  CHECK_FALSE(judge_clocks({kNow, {}, kNow + kDay, {}}).agreed);
  const ClockVerdict alone = judge_clocks({kNow, {}, {}, {}});
  CHECK_FALSE(alone.agreed);
  CHECK(alone.warning.find("not shown (no Date header)") != std::string::npos);
}

TEST_CASE("Without a believed clock the earlier one that can be is written", "[clock]") {
  const auto time_of = [](EpochMs here, std::optional<EpochMs> car, std::optional<EpochMs> before) {
    return judge_clocks({here, kNow + 9'000 * kDay, car, before}).time;
  };
  CHECK(time_of(kNow + 30 * kDay, kNow, kNow - kMinute) == kNow);
  CHECK(time_of(kNow, kNow + 30 * kDay, kNow - kMinute) == kNow);
  CHECK(time_of(kNow - 30 * kDay, kNow, kNow - kMinute) == kNow);
  CHECK(time_of(kNow, kNow - 30 * kDay, kNow - kMinute) == kNow);
  CHECK(time_of(kNow, std::nullopt, kNow + kDay) == kNow);
}

TEST_CASE("An answer that a cache kept is as old as it says", "[clock]") {
  constexpr const char* kDate = "Tue, 24 Nov 2026 13:00:00 GMT";
  const EpochMs at = *dated(kDate, nullptr).date;
  CHECK(iso8601(at) == "2026-11-24T13:00:00.000Z");
  CHECK(dated(kDate, "0").date == at);
  CHECK(dated(kDate, "86400").date == at + kDay);
  for (const char* nothing : {"", "-5", "1.5", "a day", "99999999999999999999"})
    CHECK(dated(kDate, nothing).date == at);
  CHECK_FALSE(dated(kDate, "253402300799").date);  // no time of ours
  CHECK_FALSE(dated(nullptr, "5").date);
  CHECK_FALSE(dated("yesterday", "5").date);
}

TEST_CASE("A service's clock is that of its first answer, and goes on", "[clock]") {
  ServiceClock clock;
  CHECK_FALSE(clock.now());
  clock.note(dated(nullptr, nullptr));
  CHECK_FALSE(clock.first());
  clock.note(dated("Tue, 24 Nov 2026 13:00:00 GMT", nullptr));
  clock.note(dated("Tue, 24 Nov 2099 13:00:00 GMT", nullptr));
  CHECK(iso8601(*clock.first()) == "2026-11-24T13:00:00.000Z");
  CHECK((*clock.now() >= *clock.first() && *clock.now() < *clock.first() + 10 * kMinute));
}
