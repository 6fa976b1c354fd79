#include <algorithm>
#include <charconv>

#include "http/http_client.h"
#include "http/wait_in_words.h"

namespace defender_car {
namespace {

bool is_passing(const HttpResponse& response) {
  switch (response.status) {
    case 0:
      return !response.lasting_fault;
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Milliseconds out of a number of seconds; what does not fit is longer than anyone waits.
std::optional<std::int64_t> seconds_to_ms(std::string_view digits) {
  constexpr std::int64_t kLongest = 1'000'000'000;
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  std::int64_t seconds = kLongest;
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return std::min(seconds, kLongest) * 1000;
}

}  // namespace

std::optional<std::int64_t> asked_wait_ms(const HttpResponse& response, EpochMs now) {
  constexpr std::size_t kHead = 4096;
  if (!is_passing(response)) return std::nullopt;
  if (const auto header = response.header("Retry-After")) {
    if (const auto wait = seconds_to_ms(*header)) return wait;
  }
  if (response.retry_at) return *response.retry_at - now;
  if (response.status != 429) return std::nullopt;
  return wait_in_words(response.body.head(kHead));
}

std::optional<std::int64_t> RetryPolicy::next_wait_ms(const HttpResponse& response, int tries,
                                                      EpochMs now, std::mt19937_64& random) const {
  if (!is_passing(response) || tries >= max_tries) return std::nullopt;
  const auto asked = asked_wait_ms(response, now);
  if (asked && *asked > longest_retry_after_ms) return std::nullopt;
  // "Now" or a moment gone by is no reason to hammer: then our own back-off holds.
  if (asked && *asked > 0) return asked;

  std::int64_t wait = std::min(first_wait_ms, longest_wait_ms);
  for (int i = 1; i < tries && wait < longest_wait_ms; ++i)
    wait = std::min(wait * 2, longest_wait_ms);
  // Between half and whole, so that clients thrown out together do not come back together.
  return std::uniform_int_distribution<std::int64_t>(wait / 2, wait)(random);
}

}  // namespace defender_car
