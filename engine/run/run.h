#pragma once
// engine/run has what every phase of a run needs: its state and report, clock, mode, guards, count
// of calls, begin and end.
//
// Run is what the phases share.

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "car/car_client.h"
#include "defender/defender_client.h"
#include "run/call_meter.h"
#include "run/car_refusals.h"
#include "run/report.h"
#include "run/settings.h"
#include "run/state_settings.h"
#include "store/database.h"

namespace defender_car {

/// The time of a run's own rows and of what it sends. It goes on by itself: that this machine's
/// clock jumps meanwhile changes nothing.
class RunClock {
 public:
  void set(EpochMs now) { at_begin_ = now - passed(); }
  EpochMs begin() const { return at_begin_; }
  EpochMs now() const { return at_begin_ + passed(); }
  std::string text() const { return iso8601(now()); }

 private:
  EpochMs passed() const {
    const auto passed = std::chrono::steady_clock::now() - begin_;
    return std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
  }
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  EpochMs at_begin_ = system_now();
};

struct Run {
  Run(const SyncSettings& of, HttpClient& http_client, Progress& shown, Database& state_file,
      DefenderClient& defender_client, CarClient& car_client)
      : settings(of),
        http(http_client),
        progress(shown),
        state(state_file),
        stored(state_file),
        defender(defender_client),
        car(car_client),
        call_meter(state, settings, http) {}

  const SyncSettings& settings;
  HttpClient& http;
  Progress& progress;
  Database& state;
  StateSettings stored;
  DefenderClient& defender;
  CarClient& car;
  CallMeter call_meter;
  RunReport report;
  IdentityModel identity_model = IdentityModel::user;
  std::string car_fields =
      "[]";  ///< of view body_field, those that CAR's import schema names; JSON
  NetworkSource network_source = NetworkSource::hunting;  ///< the one that is used
  std::string alerts_api;  ///< by which list alerts were read: defender, graph; "": not at all
  std::string save_point;  ///< CAR's model_state_id at the start, when it is one of ours
  RunClock clock;          ///< see clock.h
  EpochMs report_ms =
      0;  ///< this run, as CAR knows it: the report's key and the new model_state_id
  EpochMs report_time = 0;    ///< the time that goes with it
  std::string now;            ///< Defender's clock at its first answer, ISO 8601; "" before that
  std::string clock_problem;  ///< why no clock is believed; "": one is
  bool whole = false;         ///< fetch asks for everything
  std::set<std::string> allowed_ids;  ///< machines that may go: allowed once by token
  std::set<std::string> permissions;  ///< the tokens of --allow-once that let something through
  bool deletes_allowed = false;       ///< … deletes among it
  bool held_back = false;             ///< a guard holds something back
  bool stage_open = false;            ///< the stage file is attached
  bool planned = false;         ///< the stage is a plan's, and what comes of it must be its list
  bool planned_session = true;  ///< false: that plan goes without CAR's session
  Refusals vertex_refusals;
  Refusals edge_refusals;
  Refusals change_refusals;  ///< PATCHes and DELETEs
  bool session_allowed =
      true;  ///< false: a full import goes without CAR's session, nothing falls away

  /// Logged and kept for the summary.
  void warn(const std::string& words);
  /// The failure that decides the exit code; the first one stays, but a guard comes before a
  /// dataset.
  void fail(ErrorKind kind, const std::string& words);
  bool full() const { return report.mode == RunMode::full; }
};

}  // namespace defender_car
