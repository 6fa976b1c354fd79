#pragma once
// What a run would do: the real way of a run up to delivery, on a copy of the state.
//
// Guarantees: asks CAR and Defender, and writes neither there nor into the working folder; so it
// needs no lock, works beside a run, and on a folder that nobody may write to. What it lists is
// what the next run would send upon the same answers; what an earlier run left open with CAR is not
// asked after (recover), and so is marked where it is listed. The copy goes with the object.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "sync/sync.h"

namespace defender_car {

class Database;
struct Fetched;
struct Run;

struct PlannedOperation {
  Operation operation = Operation::vertex;
  std::string collection;  ///< CAR's
  std::string object;      ///< "A -> B", or the vertex' key
  std::string machine;     ///< the machine behind it; "" where there is none
  std::string machine_name;
  std::string reason;
  std::string evidence;  ///< the Defender row behind it; ""
  bool with_car =
      false;  ///< CAR took it as a job before; the run asks first, and sends what is left
};

/// What one machine gets and loses.
struct PlannedMachine {
  std::string machine;  ///< "": what belongs to no machine
  std::string name;
  std::vector<SentCount> imports;  ///< without a reason
  std::int64_t removals = 0;
  std::vector<PlannedOperation> first_removals;  ///< without machine and name
};

class Plan {
 public:
  /// Makes the plan; `save`: the new file to keep it in, "" for none. A failure of the run that it
  /// foresees, or that ended the plan early, is in the report. Throws Error(usage, internal) when
  /// the state cannot be read, or `save` is no new file.
  Plan(const SyncSettings& settings, const std::filesystem::path& save, HttpClient& http,
       Progress& progress);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  /// Of the run as it would be, without an outcome; `sent`: what would be sent.
  const RunReport& report() const { return report_; }
  /// Whether it came as far as a list.
  bool has_list() const { return has_list_; }
  bool has_something_to_do() const { return !report_.sent.empty(); }
  const std::string& now() const { return now_; }        ///< Defender's clock, ISO 8601
  std::int64_t state_run() const { return state_run_; }  ///< the last run of that state; 0: none
  std::int64_t with_car() const { return with_car_; }    ///< operations that CAR may have done

  std::int64_t machine_count() const;
  /// Those that lose something first.
  std::vector<PlannedMachine> machines(int limit, int removals_each) const;
  void each_operation(const std::function<void(const PlannedOperation&)>& action) const;

 private:
  void copy_state(const SyncSettings& settings);
  void run_phases(Run& run, const std::filesystem::path& save);
  void list(Run& run);

  TemporaryFolder folder_;
  std::unique_ptr<Database> state_;
  RunReport report_;
  bool has_list_ = false;
  std::string now_;
  std::int64_t state_run_ = 0;
  std::int64_t with_car_ = 0;
};

}  // namespace defender_car
