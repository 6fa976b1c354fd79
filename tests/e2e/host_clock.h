// This machine's clock, as a test sets it. The simulator's own stands in another year than the real
// one, and moves by live() alone.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace e2e {

/// Right again when it ends.
class HostClock {
 public:
  /// From now on it says `now_ms`, and goes on from there.
  explicit HostClock(int64_t now_ms) { set(now_ms); }
  ~HostClock() { defender_car::put_system_clock_wrong(0); }
  HostClock(const HostClock&) = delete;
  HostClock& operator=(const HostClock&) = delete;

  void set(int64_t now_ms) {
    const auto real = std::chrono::system_clock::now().time_since_epoch();
    defender_car::put_system_clock_wrong(
        now_ms - std::chrono::duration_cast<std::chrono::milliseconds>(real).count());
  }
};

}  // namespace e2e
