#pragma once
// What a response's headers say of time.

#include <chrono>
#include <optional>

#include "http/http_client.h"

namespace defender_car {

/// Fills `date`, and `retry_at` where Retry-After is a date. `now` is this machine's clock.
void read_clock(HttpResponse& response, EpochMs now);

/// A service's clock, by the first of its responses that shows one.
class ServiceClock {
 public:
  void note(const HttpResponse& response);
  /// As that response showed it.
  const std::optional<EpochMs>& first() const noexcept { return first_; }
  /// Moved on by what has passed since, whatever this machine's own clock did meanwhile.
  std::optional<EpochMs> now() const;

 private:
  std::optional<EpochMs> first_;
  std::chrono::steady_clock::time_point noted_at_;
};

}  // namespace defender_car
