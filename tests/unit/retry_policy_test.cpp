#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "http/http_client.h"

using namespace defender_car;

namespace {

constexpr EpochMs kNow = 1'700'000'000'000;

std::optional<std::int64_t> wait(const HttpResponse& response, int tries = 1,
                                 RetryPolicy policy = {}) {
  std::mt19937_64 random(5);
  return policy.next_wait_ms(response, tries, kNow, random);
}

HttpResponse answer(int status, const std::string& retry_after = "", const std::string& body = "") {
  HttpResponse response;
  response.status = status;
  if (!retry_after.empty()) response.headers.emplace_back("retry-after", retry_after);
  response.body = Body(body);
  return response;
}

}  // namespace

TEST_CASE("Only passing failures are sent again", "[retry]") {
  for (const int status : {0, 408, 429, 500, 502, 503, 504}) CHECK(wait(answer(status)));
  for (const int status :
       {200, 202, 204, 301, 302, 400, 401, 403, 404, 409, 410, 413, 422, 501, 505}) {
    CHECK_FALSE(wait(answer(status)));
  }
  HttpResponse lasting;
  lasting.lasting_fault = true;
  CHECK_FALSE(wait(lasting));
}

TEST_CASE("The number of tries is kept", "[retry]") {
  RetryPolicy policy;
  for (policy.max_tries = 1; policy.max_tries < 8; ++policy.max_tries) {
    for (int tries = 1; tries < 10; ++tries) {
      CHECK(wait(answer(503), tries, policy).has_value() == (tries < policy.max_tries));
      CHECK(wait(answer(429, "1"), tries, policy).has_value() == (tries < policy.max_tries));
    }
  }
}

TEST_CASE("The back-off lies between half and whole of a doubling wait", "[retry]") {
  RetryPolicy policy;
  policy.max_tries = 100;
  std::mt19937_64 random(1);
  for (int tries = 1; tries < 80; ++tries) {
    const auto whole =
        static_cast<std::int64_t>(std::min(500.0 * std::pow(2.0, tries - 1), 30'000.0));
    std::int64_t least = whole;
    std::int64_t most = 0;
    for (int i = 0; i < 300; ++i) {
      const std::int64_t ms = policy.next_wait_ms(answer(500), tries, kNow, random).value();
      least = std::min(least, ms);
      most = std::max(most, ms);
    }
    CHECK(least >= whole / 2);
    CHECK(most <= whole);
    CHECK(most - least > whole / 4);  // it does vary
  }
}

TEST_CASE("Retry-After is obeyed in seconds and as a date", "[retry]") {
  CHECK(wait(answer(429, "7")) == 7000);
  CHECK(wait(answer(503, "900")) == 900'000);
  CHECK_FALSE(wait(answer(503, "901")));
  CHECK_FALSE(wait(answer(503, "99999999999999999999999")));
  HttpResponse dated = answer(503, "Tue, 14 Nov 2023 22:13:25 GMT");
  dated.retry_at = kNow + 5000;
  CHECK(wait(dated) == 5000);
  dated.retry_at = kNow + 901'000;
  CHECK_FALSE(wait(dated));
}

TEST_CASE("A Retry-After of nothing or nonsense falls back to the back-off", "[retry]") {
  for (const char* value : {"0", "-5", "soon", "1.5", "7x"}) {
    INFO(value);
    const auto ms = wait(answer(429, value));
    REQUIRE(ms);
    CHECK(*ms >= 250);
    CHECK(*ms <= 500);
  }
  HttpResponse past = answer(503);
  past.retry_at = kNow - 1000;
  CHECK(wait(past).value() <= 500);
}

TEST_CASE("A 429 may tell its wait in words", "[retry]") {
  const std::string quota =
      "Maximum allowed 45 per 00:01:00. You can send requests again in 17 seconds.";
  CHECK(wait(answer(429, "", quota)) == 17'000);
  CHECK(wait(answer(429, "3", quota)) == 3000);
  CHECK(wait(answer(429, "", "1 second")) == 1000);
  CHECK(wait(answer(503, "", quota)).value() <= 500);
  CHECK(wait(answer(429, "", "within 86400 seconds")).value() <= 500);  // a window, not a wait
  CHECK(wait(answer(429, "", "seconds second 9")).value() <= 500);
  CHECK(wait(answer(429, "", "second")).value() <= 500);
}

TEST_CASE("A wait in words comes in many forms", "[retry]") {
  const std::string limit = "API calls quota exceeded! maximum allowed 1500 per 01:00:00. ";
  const auto asked = [](const std::string& words) {
    const auto wait_ms = asked_wait_ms(answer(429, "", words), kNow);
    return wait_ms ? *wait_ms / 1000 : -1;
  };
  CHECK(asked(limit + "You can send requests again in 2053 seconds.") == 2053);
  CHECK(asked(limit + "You can send requests again in 00:34:13.") == 2053);
  CHECK(asked(limit + "Try again in 1 minute(s)") == 60);
  CHECK(asked("Try again after 1 hour, 2 minutes and 3 second(s).") == 3723);
  CHECK(asked("you can run queries again in 100:00:00.1234567") == 360'000);
  CHECK(asked("Retry in 99999999999999999999 days") == 1'000'000'000);
  CHECK(asked("You sent 100 requests in 60 seconds; wait 5 sec") == 5);
  CHECK(asked(limit) == -1);
  CHECK(asked("100 calls in 60 seconds are allowed") == -1);
  CHECK(asked("no more until 13:00:00 of 2026-12-01T13:00:00Z, id 4d11-22:33") == -1);
  CHECK(asked("in 300 milliseconds, 5: 5:4:3 12:34") == -1);
  CHECK_FALSE(wait(answer(429, "", limit + "Try again in 2053 seconds")));  // nobody waits so long
  CHECK_FALSE(asked_wait_ms(answer(404, "5"), kNow));
}
