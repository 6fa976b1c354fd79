#pragma once
// What differs between two states: in Defender's words (machines, addresses, users, alerts,
// software) and in the graph, for `diff`.
//
// Compares the rows of two state files, so neither run need have happened on this host. Reads both
// within one moment, writes to neither, and holds what differs in SQLite's temporary files: memory
// does not grow with the fleet. The rules are schema/diff/*.sql, which the stock shell can run too.
// Does not know where the files come from (state_at.h). Throws Error(internal) for a file that
// cannot be read as a state.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"

namespace defender_car {

/// Which graph is compared: what CAR shall hold by Defender's word, or what it holds by its own.
enum class ComparedGraph { desired, acknowledged };

/// One line of the review.
struct Change {
  std::string machine;  ///< its id; "" for what is no single machine's
  std::string name;     ///< computerDnsName, the later one; "" for none
  std::string part;     ///< defender, graph
  std::string kind;     ///< machine, address, user, alert, software, vulnerability, knowledge_base;
                        ///< in the graph the collection
  std::string change;   ///< added, removed, changed
  std::string object;   ///< what came, went or changed: an id, an address, "A -> B"
  std::optional<std::string> field;   ///< of it, where it changed
  std::optional<std::string> before;  ///< what was said of it there; nullopt: nothing
  std::optional<std::string> after;
};

/// How many objects of a kind.
struct ChangeCount {
  std::string part;
  std::string kind;
  std::int64_t added = 0;
  std::int64_t removed = 0;
  std::int64_t changed = 0;
};

/// As of which run a state file stands.
struct ComparedState {
  std::int64_t run_id = 0;  ///< its last run; 0: there was none
  std::string started_at;   ///< of that run: UTC, ISO 8601, its own clock, corrected by Defender's
};

class Diff {
 public:
  Diff(const std::filesystem::path& before, const std::filesystem::path& after,
       ComparedGraph graph);

  const ComparedState& before() const { return before_; }
  const ComparedState& after() const { return after_; }

  /// By part and kind, those with any.
  const std::vector<ChangeCount>& counts() const { return counts_; }
  std::int64_t machines() const { return machines_; }  ///< that have any change
  /// All changes, machine by machine in the order of their names; what is no machine's comes last.
  void each(const std::function<void(const Change&)>& sink);

 private:
  Database scratch_;
  ComparedState before_;
  ComparedState after_;
  std::vector<ChangeCount> counts_;
  std::int64_t machines_ = 0;
};

}  // namespace defender_car
