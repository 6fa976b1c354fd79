#include "defender/call_budget.h"

#include <algorithm>
#include <limits>
#include <string>

#include "http/url.h"

namespace defender_car {
namespace {

constexpr std::array<std::string_view, kCallFamilies.size()> kNames{"machines", "alerts", "users",
                                                                    "hunting", "vulnerabilities"};
constexpr EpochMs kMost = std::numeric_limits<EpochMs>::max();

/// What follows the service's own URL in one of its URLs; nothing for another's.
std::optional<std::string_view> path_below(std::string_view url, std::string_view base) {
  const std::string_view path = path_of(url);
  if (origin(url) != origin(base) || !path.starts_with(path_of(base))) return std::nullopt;
  return path.substr(path_of(base).size());
}

}  // namespace

std::string_view family_name(CallFamily family) { return kNames[static_cast<std::size_t>(family)]; }

std::optional<CallFamily> family_named(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return kCallFamilies[static_cast<std::size_t>(found - kNames.begin())];
}

std::optional<CallFamily> family_of(std::string_view url, const DefenderSettings& settings) {
  if (path_below(url, settings.graph_url) == "/v1.0/security/runHuntingQuery")
    return CallFamily::hunting;
  if (path_below(url, settings.graph_url) == kGraphAlerts) return CallFamily::alerts;
  std::string_view path = path_below(url, settings.defender_url).value_or("");
  if (!path.starts_with("/api/")) return std::nullopt;
  path.remove_prefix(std::string_view("/api/").size());
  if (path.starts_with("v1.0/")) path.remove_prefix(std::string_view("v1.0/").size());
  if (path == "advancedqueries/run") return CallFamily::hunting;
  if (path.starts_with("alerts")) return CallFamily::alerts;
  if (path.starts_with("machines/SoftwareVulnerabilit")) return CallFamily::vulnerabilities;
  if (path.starts_with("machines/") && path.ends_with("/logonusers")) return CallFamily::users;
  if (path.starts_with("machines")) return CallFamily::machines;
  return std::nullopt;
}

// Slices ahead of `now` were written by a clock that has been set back since: they count for
// nothing, or they would delay everything until that time has come.
std::int64_t CallBudget::used(CallFamily family, EpochMs now, EpochMs window) const {
  const auto& slices = calls_[index(family)];
  std::int64_t sum = 0;
  for (auto slice = slices.upper_bound(now - window - quotas_.slice_ms);
       slice != slices.end() && slice->first <= now; ++slice)
    sum += slice->second;
  return sum;
}

std::int64_t CallBudget::in_last_minute(CallFamily family, EpochMs now) const {
  return used(family, now, quotas_.minute_ms);
}

std::int64_t CallBudget::in_last_hour(CallFamily family, EpochMs now) const {
  return used(family, now, quotas_.hour_ms);
}

std::int64_t CallBudget::part(std::int64_t quota) const {
  if (share_ == 0) return kMost;
  return std::max(std::int64_t{1}, static_cast<std::int64_t>(share_ * static_cast<double>(quota)));
}

std::int64_t CallBudget::allowed_a_minute(CallFamily family) const {
  return part(quota(family).a_minute);
}

std::int64_t CallBudget::allowed_an_hour(CallFamily family, bool last) const {
  const std::int64_t all = part(quota(family).an_hour);
  return last && share_ != 0 ? std::max(std::int64_t{1}, all - all / 5) : all;
}

std::int64_t CallBudget::wait_ms(CallFamily family, EpochMs now) const {
  std::int64_t over = in_last_minute(family, now) - allowed_a_minute(family);
  if (over < 0) return 0;
  const auto& slices = calls_[index(family)];
  const EpochMs window = quotas_.minute_ms + quotas_.slice_ms;
  for (auto slice = slices.upper_bound(now - window); slice != slices.end() && slice->first <= now;
       ++slice) {
    over -= slice->second;
    if (over < 0) return slice->first + window - now;
  }
  return window;
}

std::int64_t CallBudget::left(CallFamily family, EpochMs now, bool last) const {
  return allowed_an_hour(family, last) - (share_ == 0 ? 0 : in_last_hour(family, now));
}

// An hour's share is used up as it was made: its slices leave one after the other, and what takes
// their place leaves an hour later in the same way.
EpochMs CallBudget::room_at(CallFamily family, EpochMs now, bool last, std::int64_t calls) const {
  if (share_ == 0 || calls <= 0) return now;
  const std::int64_t allowed = allowed_an_hour(family, last);
  const EpochMs window = quotas_.hour_ms + quotas_.slice_ms;
  const EpochMs rounds = (calls - 1) / allowed * window;
  std::int64_t missing = (calls - 1) % allowed + 1 - left(family, now, last);
  if (missing <= 0) return now + rounds;
  const auto& slices = calls_[index(family)];
  for (auto slice = slices.upper_bound(now - window); slice != slices.end() && slice->first <= now;
       ++slice) {
    missing -= slice->second;
    if (missing <= 0) return slice->first + window + rounds;
  }
  return now + window + rounds;
}

}  // namespace defender_car
