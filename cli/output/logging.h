#pragma once
// spdlog's one sink: standard error, as text or as JSON lines, UTC. Each line is made printable.
//
// Lines may be withheld: what a run under cron logs is worth reading only when the run was not
// good.

#include <spdlog/common.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace defender_car {

struct LogSettings {
  std::optional<spdlog::level::level_enum> level;  ///< nothing: info on a terminal, else warn
  bool json = false;
};

class Log {
 public:
  /// Becomes spdlog's default logger.
  Log(const LogSettings& settings, bool terminal);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// From now on lines are stored instead of written.
  void withhold();
  /// Writes the stored lines but those whose message contains one of `except`; lines after them are
  /// written at once again.
  void release(const std::vector<std::string>& except);
  /// The same, but forgets the stored lines.
  void drop();

  /// Whether a warning or error with this text in it has been written.
  bool has_shown(std::string_view text) const;

 private:
  friend class LineHook;
  class Sink;
  std::shared_ptr<Sink> sink_;
};

/// While it lives, `action` is called before a line is written: it takes a progress line away.
class LineHook {
 public:
  LineHook(Log& log, std::function<void()> action);
  ~LineHook();
  LineHook(const LineHook&) = delete;
  LineHook& operator=(const LineHook&) = delete;

 private:
  Log& log_;
};

}  // namespace defender_car
