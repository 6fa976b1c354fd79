#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/utf8.h"
#include "http/http_client.h"

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

// Longer than anybody waits; what does not fit into it is that long.
constexpr std::int64_t kLongestSeconds = 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

struct Duration {
  std::int64_t seconds = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Of nothing but digits.
std::int64_t number_of(std::string_view digits) {
  std::int64_t number = kLongestSeconds;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return std::min(number, kLongestSeconds);
}

/// The digits that begin at `at`, and moves behind them.
std::string_view take_digits(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(begin, at - begin);
}

std::int64_t seconds_of_unit(std::string_view text, std::size_t& at) {
  struct Unit {
    std::string_view name;
    std::int64_t seconds;
  };
  constexpr std::array kUnits{Unit{"second", 1}, Unit{"sec", 1},     Unit{"minute", 60},
                              Unit{"min", 60},   Unit{"hour", 3600}, Unit{"day", 86'400}};
  while (at < text.size() && text[at] == ' ') ++at;
  for (const Unit& unit : kUnits) {
    if (!text.substr(at).starts_with(unit.name)) continue;
    at += unit.name.size();
    if (text.substr(at).starts_with("(s)")) at += 3;
    while (at < text.size() && is_letter(text[at])) ++at;
    return unit.seconds;
  }
  return 0;
}

/// "00:34:13", "34 minutes": what begins with the digits at `begin`.
std::optional<Duration> duration_at(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  const std::int64_t first = number_of(take_digits(text, at));
  if (at < text.size() && text[at] == ':') {
    std::size_t end = at + 1;
    const std::string_view minutes = take_digits(text, end);
    if (minutes.size() != 2 || end >= text.size() || text[end++] != ':') return std::nullopt;
    const std::string_view seconds = take_digits(text, end);
    if (seconds.size() != 2) return std::nullopt;
    return Duration{first * 3600 + number_of(minutes) * 60 + number_of(seconds), begin, end};
  }
  const std::int64_t unit = seconds_of_unit(text, at);
  if (unit == 0) return std::nullopt;
  return Duration{first * unit, begin, at};
}

/// The word before `end`, and moves before it.
std::string_view word_before(std::string_view text, std::size_t& end) {
  while (end > 0 && text[end - 1] == ' ') --end;
  const std::size_t behind = end;
  while (end > 0 && is_letter(text[end - 1])) --end;
  return text.substr(end, behind - end);
}

/// "per 01:00:00", "100 calls in 60 seconds", "at 13:00:00".
bool is_no_wait(std::string_view text, std::size_t begin) {
  constexpr std::array<std::string_view, 9> kNoWait{"per",  "within", "every", "each", "last",
                                                    "past", "than",   "at",    "until"};
  constexpr std::array<std::string_view, 4> kCounted{"calls", "requests", "queries", "times"};
  const auto is_one_of = [](const auto& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  const std::string_view word = word_before(text, begin);
  return is_one_of(kNoWait, word) ||
         (word == "in" && is_one_of(kCounted, word_before(text, begin)));
}

/// Whether nothing but "and" or a comma stands between two parts of one wait.
bool belong_together(std::string_view between) {
  std::string rest(between);
  std::erase(rest, ' ');
  return rest.empty() || rest == "," || rest == "and" || rest == ",and";
}

/// A wait that a service states in its message: "… you can send requests again in 17 seconds", "in
/// 00:34:13", "in 1 minute(s) and 5 seconds", in ms. The window of a limit ("1500 per 01:00:00")
/// and a time of day are none. The last one counts.
std::optional<std::int64_t> wait_in_words(std::string_view message) {
  const std::string text = lower(message);
  std::optional<std::int64_t> wait;
  Duration last;
  bool counts = false;
  for (std::size_t at = 0; at < text.size();) {
    const bool begins =
        is_digit(text[at]) &&
        (at == 0 || (!is_letter(text[at - 1]) && text[at - 1] != ':' && text[at - 1] != '.'));
    const auto duration = begins ? duration_at(text, at) : std::nullopt;
    if (!duration) {
      if (is_digit(text[at])) {
        take_digits(text, at);
      } else {
        ++at;
      }
      continue;
    }
    const bool more_of_it =
        last.end > 0 && belong_together(std::string_view(text).substr(last.end, at - last.end));
    if (!more_of_it) counts = !is_no_wait(text, at);
    if (counts) wait = std::min((more_of_it ? *wait : 0) + duration->seconds, kLongestSeconds);
    last = *duration;
    at = duration->end;
  }
  if (wait) *wait *= 1000;
  return wait;
}

}  // namespace

std::optional<std::int64_t> asked_wait_ms(const HttpResponse& response, EpochMs now) {
  constexpr std::size_t kHead = 4096;
  if (!is_passing(response)) return std::nullopt;
  if (const auto header = response.header("Retry-After")) {
    if (!header->empty() && std::all_of(header->begin(), header->end(), is_digit))
      return number_of(*header) * 1000;
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
  // "Now" or a moment gone by is no reason to hammer: then our own back-off applies.
  if (asked && *asked > 0) return asked;

  std::int64_t wait = std::min(first_wait_ms, longest_wait_ms);
  for (int i = 1; i < tries && wait < longest_wait_ms; ++i)
    wait = std::min(wait * 2, longest_wait_ms);
  // Between half and whole, so that clients thrown out together do not come back together.
  return std::uniform_int_distribution<std::int64_t>(wait / 2, wait)(random);
}

}  // namespace defender_car
