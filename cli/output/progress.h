#pragma once
// How far the work is, on a terminal: one line of standard error, written over again and again.

#include <chrono>
#include <string>

#include "base/progress.h"

namespace defender_car {

class TerminalProgress final : public Progress {
 public:
  ~TerminalProgress() override { clear(); }

  void report(std::string_view what, std::int64_t done, std::int64_t total) override;
  void waiting(std::string_view why, std::int64_t wait_ms) override;

  /// Takes the line away; the next report brings it back.
  void clear();

 private:
  void show(const std::string& line);

  using Clock = std::chrono::steady_clock;
  std::string what_;
  Clock::time_point since_;     ///< when `what_` began
  Clock::time_point shown_at_;  ///< when the line was last written
  bool shown_ = false;
};

/// "fetching machines  1200 of 20000  0:12, about 1:20 left"
std::string progress_line(std::string_view what, std::int64_t done, std::int64_t total,
                          double elapsed_seconds);

}  // namespace defender_car
