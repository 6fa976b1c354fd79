#include "cli/output/verdict_text.h"

#include <ctime>

#include "cli/output/words.h"

namespace defender_car {
namespace {

std::string since_text(const Verdict& verdict) {
  if (verdict.standing == SyncState::late)
    return "the next run is overdue by " + span_of(verdict.overdue);
  if (!verdict.last_finished) return "no run has come to its end yet";
  return "since run " + std::to_string(verdict.last_finished->run_id) + ", " +
         verdict.last_finished->started_at;
}

}  // namespace

std::string verdict_word(SyncState state) {
  switch (state) {
    case SyncState::good:
      return "in step";
    case SyncState::partial:
      return "partly in step";
    case SyncState::held:
      return "held back";
    case SyncState::failing:
      return "failing";
    case SyncState::late:
      return "late";
    case SyncState::none:
      break;
  }
  return "not started";
}

std::string verdict_line(const Verdict& verdict, const Style& style) {
  const std::string word = verdict_word(verdict.standing);
  const bool good = verdict.standing == SyncState::good;
  const bool bad = verdict.standing == SyncState::failing || verdict.standing == SyncState::late;
  const std::string success = verdict.last_success_age < 0
                                  ? "no run has succeeded yet"
                                  : "last success " + span_of(verdict.last_success_age) + " ago";
  return (good  ? style.good(word)
          : bad ? style.bad(word)
                : style.warning(word)) +
         ": " + (good ? success : since_text(verdict) + "; " + success);
}

std::string age_of(const std::string& since, const std::string& now) {
  const auto seconds = [](const std::string& text) -> std::int64_t {
    std::tm parts{};
    return ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr ? -1 : ::timegm(&parts);
  };
  const std::int64_t from = seconds(since), to = seconds(now);
  return from < 0 || to < from ? "" : span_of(to - from);
}

}  // namespace defender_car
