#pragma once
// Staged records the whole way to the outbox, on real files with the engine's own SQL: what a fuzz
// target of Defender's records does after parsing.
//
// Promises checked at each input: no record makes the SQL fail, for then one bad record would stop
// the rest; each is used or set aside with a reason; what would be sent is JSON; and a good
// machine, staged beside the input, becomes an asset.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "defender/defender_client.h"
#include "store/database.h"

namespace fuzz {

class Mirror {
 public:
  Mirror();
  ~Mirror();

  using Read = std::function<void(defender_car::PageSink&)>;

  /// Stages what `read` reads, as fetch does (parameters as of StageTable). A text for `machine` is
  /// whose logon users these are.
  void stage(const std::string& insert, std::span<const int> json_columns, const Read& read,
             std::optional<std::string> machine = {});

  /// Derives from the stage, checks the promises and forgets all of it.
  void derive();

 private:
  void stage_good_machine();

  std::filesystem::path folder_;
  std::optional<defender_car::Database> state_;
};

}  // namespace fuzz
