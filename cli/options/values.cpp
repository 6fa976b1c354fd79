#include "cli/options/values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/utf8.h"
#include "http/url.h"

namespace defender_car {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::usage, why); }

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// A whole number that fills all of `text`.
std::optional<std::int64_t> read_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// The same for digits with or without a point.
std::optional<double> read_decimal(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (fault != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<bool> read_boolean(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  return std::nullopt;
}

bool parse_boolean(std::string_view text) {
  const auto value = read_boolean(text);
  if (!value) refuse("must be true or false");
  return *value;
}

std::int64_t parse_integer(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto value = read_integer(text);
  if (!value || *value < least || *value > most) {
    refuse("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return *value;
}

Limit parse_limit(std::string_view text) {
  constexpr const char* expected = "must be a count (50) or a share (10%)";
  if (!text.ends_with('%')) {
    const auto count = read_integer(text);
    if (!count || *count < 0) refuse(expected);
    return {.percent = 0, .at_least = 0, .count = *count};
  }
  text.remove_suffix(1);
  const auto percent = read_decimal(text);
  if (!percent || *percent < 0 || *percent > 100) refuse(expected);
  return {.percent = *percent, .at_least = 0, .count = 0};
}

std::chrono::seconds parse_duration(std::string_view text) {
  constexpr std::pair<char, int> units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
  int unit = 1;
  for (const auto& [letter, seconds] : units) {
    if (!text.ends_with(letter)) continue;
    unit = seconds;
    text.remove_suffix(1);
    break;
  }
  const auto count = read_integer(text);
  constexpr std::int64_t thirty_days = std::int64_t{30} * 24 * 3600;
  if (!count || *count < 0 || *count > thirty_days / unit) {
    refuse("must be a time of at most 30 days: 2h, 30m, 90s (0: none)");
  }
  return std::chrono::seconds(*count * unit);
}

std::vector<std::string> parse_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    std::string_view name = text.substr(0, end);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    if (!name.empty()) names.emplace_back(name);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(", "), text.size());
    if (end > 0) list.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

std::int64_t parse_space(std::string_view text) {
  constexpr std::string_view units = "KMGT";
  unsigned shift = 0;
  if (!text.empty()) {
    const auto unit = units.find(text.back());
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  const auto count = read_integer(text);
  if (!count || *count < 0 || *count > (std::numeric_limits<std::int64_t>::max() >> shift)) {
    refuse("must be a number of bytes, K, M, G or T (2G)");
  }
  return *count << shift;
}

RateLimit parse_rate(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) refuse("must be REQUESTS/SECONDS (100/60)");
  const auto requests = read_integer(text.substr(0, slash));
  const auto seconds = read_integer(text.substr(slash + 1));
  constexpr std::int64_t most = 1'000'000;
  if (!requests || !seconds || *requests < 1 || *requests > most || *seconds < 1 ||
      *seconds > most) {
    refuse("must be REQUESTS/SECONDS (100/60), both from 1 to 1000000");
  }
  return {.requests = static_cast<int>(*requests), .seconds = static_cast<int>(*seconds)};
}

double parse_share(std::string_view text) {
  const auto share = read_decimal(text);
  if (!share || *share < 0 || *share > 1) refuse("must be a share from 0 to 1 (0.5)");
  return *share;
}

std::string parse_url(std::string_view text) {
  const bool odd = std::any_of(text.begin(), text.end(), [](char c) {
    return c <= ' ' || c == '\x7F' || c == '@' || c == '?' || c == '#' || c == '\\' || c == '"';
  });
  // Not shown: the text before an @ may be a password.
  if (odd) refuse("must be a plain URL: https://host[:port]/path, without credentials or query");
  while (text.ends_with('/')) text.remove_suffix(1);
  std::string url(text);
  const std::string where = origin(url);
  if (where.empty()) refuse("must be a URL: https://host[:port]/path");
  if (where.starts_with("http:") && !is_loopback(url)) {
    refuse("plain http is accepted for loopback hosts only, since secrets travel on it: use https");
  }
  return url;
}

std::string parse_source(std::string_view text) {
  constexpr std::string_view marks = "_:@=;!'%.()+,$*-";
  const bool accepted = std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || marks.find(c) != std::string_view::npos;
  });
  if (!accepted) refuse("may hold letters, digits and " + std::string(marks) + " only");
  // CAR takes the name within a path, where these two mean the folder itself and the one above.
  if (text == "." || text == "..") refuse("must not be . or .., which are no names in a URL");
  return std::string(text);
}

std::string parse_tenant(std::string_view text) {
  const bool accepted = std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_';
  });
  if (!accepted) refuse("must be the tenant's id (a GUID) or one of its domain names");
  return std::string(text);
}

std::size_t parse_choice(std::string_view text, std::string_view choices) {
  std::string names;
  for (std::size_t place = 0; !choices.empty(); ++place) {
    const std::string_view name = choices.substr(0, choices.find('|'));
    if (name == text) return place;
    names.append(names.empty() ? "" : ", ").append(name);
    choices.remove_prefix(std::min(choices.size(), name.size() + 1));
  }
  refuse("must be one of " + names);
}

}  // namespace defender_car
