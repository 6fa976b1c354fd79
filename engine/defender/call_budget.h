#pragma once
// How many calls Defender allows, and how many of them a share of ours may use: counted by family,
// since each has a quota of its own (docs/services/defender.md). Arithmetic only: the time is
// given, nothing is sent or kept. Counts lie in slices of time; a slice counts until all of it is
// older than the minute or the hour, so a window of the service's is never overdrawn.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "defender/defender_client.h"

namespace defender_car {

/// Calls that share a quota. A login is in none.
enum class CallFamily { machines, alerts, users, hunting, vulnerabilities };

constexpr std::array kCallFamilies{CallFamily::machines, CallFamily::alerts, CallFamily::users,
                                   CallFamily::hunting, CallFamily::vulnerabilities};

/// Its name in the state file and in JSON documents.
std::string_view family_name(CallFamily family);
std::optional<CallFamily> family_named(std::string_view name);

/// Which quota a request to that URL is taken from; nothing for one that goes elsewhere.
std::optional<CallFamily> family_of(std::string_view url, const DefenderSettings& settings);

struct CallQuota {
  std::int64_t a_minute;
  std::int64_t an_hour;
};

/// As Microsoft states them. Other ones are for tests.
struct CallQuotas {
  std::array<CallQuota, kCallFamilies.size()> of{
      {{100, 1'500}, {100, 1'500}, {100, 1'500}, {45, 1'500}, {30, 1'000}}};
  EpochMs minute_ms = 60'000;
  EpochMs hour_ms = 3'600'000;
  EpochMs slice_ms = 10'000;
};

class CallBudget {
 public:
  /// `share` of each quota, 0 < share <= 1; 0: counts and allows everything.
  CallBudget(double share, const CallQuotas& quotas) : share_(share), quotas_(quotas) {}

  /// Where the slice begins in which a call of `now` is counted.
  EpochMs slice_of(EpochMs now) const { return now - now % quotas_.slice_ms; }
  /// Calls in one slice.
  std::int64_t& at(CallFamily family, EpochMs slice) { return calls_[index(family)][slice]; }

  std::int64_t in_last_minute(CallFamily family, EpochMs now) const;
  std::int64_t in_last_hour(CallFamily family, EpochMs now) const;

  /// At least one: a share that is too small for a call would never get anything.
  std::int64_t allowed_a_minute(CallFamily family) const;
  /// `last`: for what matters less and comes last, which leaves a fifth to what matters more.
  std::int64_t allowed_an_hour(CallFamily family, bool last) const;

  /// How long the minute's share makes a call wait; 0: not at all.
  std::int64_t wait_ms(CallFamily family, EpochMs now) const;
  /// Calls that the hour's share still has room for; below 0 where the share has become smaller.
  std::int64_t left(CallFamily family, EpochMs now, bool last) const;
  /// When so many calls more will have had room in the hours' shares.
  EpochMs room_at(CallFamily family, EpochMs now, bool last, std::int64_t calls) const;

  double share() const noexcept { return share_; }
  EpochMs hour_ms() const noexcept { return quotas_.hour_ms; }
  const CallQuota& quota(CallFamily family) const { return quotas_.of[index(family)]; }

 private:
  static std::size_t index(CallFamily family) { return static_cast<std::size_t>(family); }
  std::int64_t used(CallFamily family, EpochMs now, EpochMs window) const;
  std::int64_t part(std::int64_t quota) const;

  double share_;
  CallQuotas quotas_;
  std::array<std::map<EpochMs, std::int64_t>, kCallFamilies.size()> calls_;  ///< by slice
};

}  // namespace defender_car
