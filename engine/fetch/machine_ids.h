#pragma once
// A machine id of 40 hex digits is one machine, whatever its case.

#include <map>
#include <string>
#include <string_view>

#include "store/database.h"

namespace defender_car {

/// The one form in which ids of machines go into the stage: lower case, or the form under which CAR
/// has had the asset since before this rule. Any other text stays as it is.
class MachineIds {
 public:
  explicit MachineIds(Database& database);

  /// Valid until the next call.
  const std::string& canonical(const std::string& text);

 private:
  std::map<std::string, std::string, std::less<>> known_;
  std::string lower_;
};

}  // namespace defender_car
