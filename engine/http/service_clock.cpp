#include "http/service_clock.h"

#include <curl/curl.h>

#include <charconv>
#include <ctime>

namespace defender_car {
namespace {

constexpr std::time_t kLast = 253'402'300'799;  // of the year 9999; curl reads longer years, too

std::optional<EpochMs> parse_date(const std::string& text) {
  const std::time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0 || seconds > kLast) return std::nullopt;
  return static_cast<EpochMs>(seconds) * 1000;
}

// How many seconds ago the response was made, where a cache kept it. What is no number of seconds
// says nothing.
std::int64_t age_of(const HttpResponse& response) {
  const std::string text = response.header("Age").value_or("");
  std::int64_t seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = fault == std::errc() && end == text.data() + text.size();
  return whole && seconds >= 0 && seconds <= kLast ? seconds : 0;
}

}  // namespace

void read_clock(HttpResponse& response, EpochMs now) {
  if (const auto date = response.header("Date")) {
    response.date = parse_date(*date);
    if (response.date) *response.date += age_of(response) * 1000;
    if (response.date && *response.date > kLast * 1000) response.date.reset();
  }
  if (const auto retry_after = response.header("Retry-After")) {
    response.retry_at = parse_date(*retry_after);
    // Server's clock against server's clock: ours may be wrong.
    if (response.retry_at && response.date) *response.retry_at += now - *response.date;
  }
}

void ServiceClock::note(const HttpResponse& response) {
  if (first_ || !response.date) return;
  first_ = response.date;
  noted_at_ = std::chrono::steady_clock::now();
}

std::optional<EpochMs> ServiceClock::now() const {
  if (!first_) return std::nullopt;
  const auto passed = std::chrono::steady_clock::now() - noted_at_;
  return *first_ + std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
}

}  // namespace defender_car
