#pragma once
// What a run says of itself when it ends: the summary that a person or a program is shown. The same
// stands in the state file (tables run, run_dataset, ledger), and stays there.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_text.h"
#include "base/error.h"

namespace defender_car {

/// Whether a run derived and sent everything or what changed; of a repair, what differed in CAR.
enum class RunMode { full, incremental, repair };
inline constexpr EnumTexts<RunMode, 3> kRunModes{"mode of a run",
                                                 {"full", "incremental", "repair"}};

/// How a run ended (run.outcome). `partial`: something was not read whole, or not everything was
/// sent. `held`: a guard held something back.
enum class RunOutcome { done, partial, held, failed, interrupted };
inline constexpr EnumTexts<RunOutcome, 5> kRunOutcomes{
    "outcome of a run", {"done", "partial", "held", "failed", "interrupted"}};

/// How a dataset was read (run_dataset.state). `held`: it came back empty. `excluded`: by an
/// option. `unavailable`: this tenant does not have it.
enum class DatasetState { complete, incomplete, held, excluded, unavailable };
inline constexpr EnumTexts<DatasetState, 5> kDatasetStates{
    "state of a dataset", {"complete", "incomplete", "held", "excluded", "unavailable"}};

/// What is done to an object of CAR (outbox.operation, ledger.operation). `touch`: a PATCH of
/// last_modified. `disable`: a PATCH of active to false. `drop`: a full import's session ended
/// without the object. `lost`: a repair found that CAR no longer has it. The last two send nothing.
enum class Operation { vertex, edge, touch, disable, delete_asset, drop, lost };
inline constexpr EnumTexts<Operation, 7> kOperations{
    "operation", {"vertex", "edge", "touch", "disable", "delete", "drop", "lost"}};

/// How many objects of a collection an operation was done to, and why.
struct SentCount {
  Operation operation = Operation::vertex;
  std::string collection;  ///< CAR's collection
  std::string reason;      ///< new, changed, gone, inactive-15 …
  std::int64_t count = 0;
};

struct DatasetReport {
  std::string name;  ///< machines, network, users, alerts, vulnerabilities
  DatasetState state = DatasetState::incomplete;
  std::int64_t rows = 0;            ///< staged
  std::string problem;              ///< why incomplete, in words for a person
  std::int64_t not_understood = 0;  ///< elements that are no records
  std::int64_t duplicates = 0;      ///< records that a newer one with the same key outweighs
};

/// What Defender said and CAR is not told: values that say nothing, accounts that are nobody's …
struct LeftOutCount {
  std::string what;
  std::int64_t count = 0;
};

/// The truthful summary of a run; failures first when it is shown.
struct RunReport {
  std::int64_t run_id = 0;
  std::optional<RunMode> mode;  ///< nothing: the run ended before it was decided
  std::string reason;           ///< why that mode
  RunOutcome outcome = RunOutcome::failed;
  std::optional<ErrorKind> failure;  ///< decides the exit code; nothing: 0
  std::string error;                 ///< the failure's message
  std::vector<std::string> warnings;
  std::vector<DatasetReport> datasets;
  std::vector<SentCount> sent;
  std::int64_t set_aside = 0;          ///< records set aside in this run
  std::vector<LeftOutCount> left_out;  ///< of what this run read or looked at anew
  std::int64_t defender_calls = 0;
  std::int64_t car_calls = 0;
  std::string started_at;  ///< UTC, ISO 8601
  std::string finished_at;
  std::int64_t same_failure_count = 0;  ///< this very failure in a row, this run included
  std::string same_failure_since;
  std::map<std::string, double> phase_cpu_seconds;  ///< fetch, derive, deliver …
};

}  // namespace defender_car
