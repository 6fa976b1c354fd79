#include "http/answer_clock.h"

#include <curl/curl.h>

#include <ctime>

namespace defender_car {
namespace {

std::optional<EpochMs> parse_date(const std::string& text) {
  constexpr std::time_t kLast = 253'402'300'799;  // of the year 9999; curl reads longer years, too
  const std::time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0 || seconds > kLast) return std::nullopt;
  return static_cast<EpochMs>(seconds) * 1000;
}

}  // namespace

void read_clock(HttpResponse& response, EpochMs now) {
  if (const auto date = response.header("Date")) response.date = parse_date(*date);
  if (const auto retry_after = response.header("Retry-After")) {
    response.retry_at = parse_date(*retry_after);
    // Server's clock against server's clock: ours may be wrong.
    if (response.retry_at && response.date) *response.retry_at += now - *response.date;
  }
}

}  // namespace defender_car
