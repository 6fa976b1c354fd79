#include "faults.h"

#include <array>
#include <utility>

namespace simulator {

std::optional<FaultKind> fault_kind(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, FaultKind>, 19> names{{
      {"status", FaultKind::status},
      {"reset_before", FaultKind::reset_before},
      {"reset_after", FaultKind::reset_after},
      {"refused", FaultKind::refused},
      {"stall", FaultKind::stall},
      {"slow_answer", FaultKind::slow_answer},
      {"drip", FaultKind::drip},
      {"truncated", FaultKind::truncated},
      {"wrong_length", FaultKind::wrong_length},
      {"short_length", FaultKind::short_length},
      {"excess", FaultKind::excess},
      {"html200", FaultKind::html200},
      {"empty_body", FaultKind::empty_body},
      {"malformed_json", FaultKind::malformed_json},
      {"empty_json", FaultKind::empty_json},
      {"empty_list", FaultKind::empty_list},
      {"wrong_date", FaultKind::wrong_date},
      {"no_date", FaultKind::no_date},
      {"cached", FaultKind::cached},
  }};
  for (const auto& [text, kind] : names)
    if (text == name) return kind;
  return std::nullopt;
}

std::optional<Fault> Faults::strike(std::string_view method_and_target) {
  const int64_t number = seen_++;
  for (auto& [fault, ordered_at] : planned_) {
    if (fault.count <= 0 || number < ordered_at + fault.after) continue;
    if (method_and_target.find(fault.match) == std::string_view::npos) continue;
    if (fault.skip > 0) {
      --fault.skip;
      return std::nullopt;
    }
    if (fault.count != std::numeric_limits<int>::max()) --fault.count;
    ++struck_;
    return fault;
  }
  return std::nullopt;
}

}  // namespace simulator
