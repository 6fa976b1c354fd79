#pragma once
// How far long work is, for a person at a terminal. The engine reports; what is shown is the
// program's choice (nothing under cron).

#include <cstdint>
#include <string_view>

namespace defender_car {

class Progress {
 public:
  virtual ~Progress() = default;

  /// `what` in plain words ("fetching machines"); `total` 0 when it is not known.
  virtual void report(std::string_view what, std::int64_t done, std::int64_t total) = 0;

  /// A wait that the other side asked for, or a back-off, is about to begin.
  virtual void waiting(std::string_view why, std::int64_t wait_ms) = 0;
};

/// Shows nothing.
class SilentProgress final : public Progress {
 public:
  void report(std::string_view, std::int64_t, std::int64_t) override {}
  void waiting(std::string_view, std::int64_t) override {}
};

}  // namespace defender_car
