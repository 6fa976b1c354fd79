#pragma once
// What CAR refuses in one run, against what it takes: whether single records are to blame or CAR.
//
// One bad record must not stop the others, and a CAR that refuses everything must not have
// everything set aside. So it is CAR's fault where more than half is refused; a run of a few
// changes may consist of bad ones, so there it takes more than kFew of them. A full import does
// not.

#include <cstdint>
#include <string>

namespace defender_car {

struct Refusals {
  static constexpr std::int64_t kFew = 3;

  std::int64_t taken = 0;
  std::int64_t refused = 0;

  bool are_cars_fault(bool full) const { return refused > taken && (full || refused > kFew); }
};

/// What to tell of it; `what` is "vertex records", `first` CAR's words for one of them.
inline std::string too_many_refused(const Refusals& of, const std::string& what,
                                    const std::string& first) {
  return "CAR refuses " + std::to_string(of.refused) + " of " +
         std::to_string(of.refused + of.taken) + " " + what + " (" + first +
         "). So many are a fault of CAR's, so they are not set aside. Look into CAR's own log";
}

}  // namespace defender_car
