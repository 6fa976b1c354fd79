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
