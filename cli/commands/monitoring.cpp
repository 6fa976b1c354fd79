#include "cli/commands/monitoring.h"

#include <algorithm>
#include <array>

#include "cli/output/output.h"
#include "cli/output/text.h"
#include "cli/output/verdict_text.h"

namespace defender_car {
namespace {

enum Level { ok, warning, critical, unknown };
constexpr std::array<const char*, 4> kLevels{"OK", "WARNING", "CRITICAL", "UNKNOWN"};

Level by_outcome(SyncState state) {
  switch (state) {
    case SyncState::good:
      return ok;
    case SyncState::partial:
    case SyncState::held:
    case SyncState::none:
      return warning;
    case SyncState::late:
    case SyncState::failing:
      break;
  }
  return critical;
}

Level by_age(std::int64_t age, const Options& options) {
  if (age < 0) return critical;
  if (age > options.critical_age.count()) return critical;
  return age > options.warn_age.count() ? warning : ok;
}

std::string line_of(const Verdict& verdict, const Options& options, Level level) {
  const std::int64_t age = verdict.last_success_age;
  const std::string shown =
      age < 0 ? "no success yet" : "last success " + std::to_string(age) + " s ago";
  // U: the plugins' word for a value that is not known.
  return std::string(kLevels[level]) + " - " + verdict_word(verdict.standing) + ", " + shown +
         " | 'age'=" + (age < 0 ? "U" : std::to_string(age) + "s") + ";" +
         std::to_string(options.warn_age.count()) + ";" +
         std::to_string(options.critical_age.count()) +
         ";0 'outbox'=" + std::to_string(verdict.status.outbox) +
         " 'held'=" + std::to_string(verdict.withheld) + "\n";
}

}  // namespace

int print_unknown(const std::string& why) {
  const std::string first = why.substr(0, why.find('\n'));
  std::string text = printable(first);
  std::replace(text.begin(), text.end(), '|', '/');  // behind a bar the plugins expect figures
  write_out("UNKNOWN - " + text + "\n");
  return unknown;
}

int print_monitoring_line(const Options& options) {
  try {
    const Verdict verdict = read_verdict(options.settings.working_dir, system_now());
    const Level held = verdict.withheld > 0 ? warning : ok;
    const Level level =
        std::max({by_outcome(verdict.standing), by_age(verdict.last_success_age, options), held});
    write_out(line_of(verdict, options, level));
    return level;
  } catch (const Error& error) {
    return print_unknown(error.what());
  }
}

}  // namespace defender_car
