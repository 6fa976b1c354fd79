#include "run/mode.h"

#include <spdlog/spdlog.h>

#include "run/asset_count.h"
#include "run/clock.h"

namespace defender_car {
namespace {

constexpr const char* kForeign = "CAR's save point is none of ours";

void choose(Run& run, RunMode mode, const std::string& reason) {
  set_mode(run, mode, reason);
  spdlog::info("{} import: {}", kRunModes(mode), reason);
}

// Which fields it names is learned anew with it; without a schema what was learned before holds.
void learn_fields(Run& run, const std::optional<ImportSchema>& schema) {
  if (!schema) {
    const std::string before = run.stored.get(StateSetting::car_fields);
    if (!before.empty()) run.car_fields = before;
    return;
  }
  std::string list;
  for (const std::string& field : schema->fields) {
    const bool is_tag = field == "asset.tag" || field == "asset.untag";
    if (is_tag && !run.settings.asset_tags) continue;
    list += (list.empty() ? "\"" : ",\"") + field + '"';
  }
  run.car_fields = "[" + list + "]";
}

bool account_key_moved(Run& run) {
  const std::string before = run.stored.get(StateSetting::account_key);
  return kAccountKeys.text(run.settings.account_key) != (before.empty() ? "name" : before);
}

// The service's own schema decides; without one, what was chosen before, else the user model. True
// when the model moved.
bool learn_schema(Run& run) {
  const std::string before = run.stored.get(StateSetting::identity_model);
  const auto schema = run.car.import_schema(run.state.statement("run/body_fields").texts());
  learn_fields(run, schema);
  const auto named =
      run.settings.identity_model || !schema ? run.settings.identity_model : schema->model;
  if (named) {
    run.identity_model = *named;
  } else {
    run.identity_model = before.empty() ? IdentityModel::user : kIdentityModels.read(before);
  }
  return !before.empty() && before != kIdentityModels(run.identity_model);
}

// Another program that writes the same source shows as a foreign save point again and again.
void stop_at_third_foreign_save_point(Run& run) {
  const std::int64_t before = run.state.statement("run/foreign_save_points")
                                  .bind("reason", kForeign)
                                  .bind("now", run.clock.text())
                                  .number();
  if (before < 2) return;
  throw Error(
      ErrorKind::guard,
      "CAR's save point of source " + run.settings.car.source +
          " was written by somebody else for the third time within a day. Two programs that write "
          "one source undo each other: stop the other one, or give this one its own --source");
}

bool has_read_machines(Run& run) {
  return run.state.statement("fetch/cursor").bind("name", "machines").value() ||
         !run.stored.get(StateSetting::full_wanted).empty();
}

// Whatever was asked for. Also settles whose save point CAR has.
std::string reason_for_full(Run& run, bool newly_made, bool model_moved) {
  const std::string ours = run.stored.get(StateSetting::model_state_id);
  const std::string previous = run.stored.get(StateSetting::previous_model_state_id);
  // Databases that are not made yet cannot be asked.
  const auto theirs = newly_made ? std::nullopt : run.car.save_point();
  if (theirs && (*theirs == ours || *theirs == previous)) run.save_point = *theirs;
  if (!has_read_machines(run))
    return ours.empty() ? "no state here" : "no machine list was complete since a guard held one";
  if (newly_made) return "CAR's database is newly made";
  if (model_moved) return "CAR's import schema names the other identity model";
  if (account_key_moved(run)) return "--account-key names accounts otherwise";
  if (std::string due = run.stored.get(StateSetting::full_due); !due.empty()) return due;
  if (!theirs || theirs->empty()) return "CAR has no save point";
  if (run.save_point.empty()) return kForeign;
  return "";
}

}  // namespace

void set_mode(Run& run, RunMode mode, const std::string& reason) {
  run.report.mode = mode;
  run.report.reason = reason;
  run.state.statement("run/mode")
      .bind("run_id", run.report.run_id)
      .bind("mode", kRunModes(mode))
      .bind("reason", reason)
      .run();
}

void set_mode_of_stage(Run& run) {
  run.state.statement("fetch/set_mode")
      .bind("mode", kRunModes.text(run.report.mode))
      .bind("reason", run.report.reason)
      .run();
}

std::string full_import_due(Run& run) {
  const bool newly_made = run.car.look_at_databases() == DatabaseState::newly_made;
  const bool model_moved = learn_schema(run);
  const std::string reason = reason_for_full(run, newly_made, model_moved);
  return reason.empty() ? run.stored.get(StateSetting::full_wanted) : reason;
}

void decide_mode(Run& run, DatabaseState databases) {
  const bool newly_made = databases == DatabaseState::newly_made;
  const bool model_moved = learn_schema(run);
  std::string reason = reason_for_full(run, newly_made, model_moved);
  take_up_clock_of_car(run);
  if (run.settings.mode == Mode::full) reason = "asked for";
  if (reason.empty()) reason = assets_missing(run);
  if (reason == kForeign) stop_at_third_foreign_save_point(run);
  run.whole = !reason.empty();
  if (run.whole) {
    choose(run, RunMode::full, reason);
  } else {
    choose(
        run, RunMode::incremental,
        run.settings.mode == Mode::incremental ? "asked for" : "CAR holds what the last run left");
  }
}

void decide_session(Run& run) {
  const std::string wanted = run.stored.get(StateSetting::full_wanted);
  // Whether a machine that is Inactive is an asset is a guess where no clock was ever believed:
  // what is not reported then must not fall away.
  const bool guessed = run.state.number("fetch/clock_is_guessed") != 0;
  if (!run.full() && !wanted.empty() && !guessed && run.state.number("fetch/all_complete") != 0) {
    choose(run, RunMode::full, wanted + ", and every dataset is complete now");
    set_mode_of_stage(run);
  }
  if (guessed || run.state.number("fetch/unread_datasets") != 0 ||
      run.state.number("fetch/users_unread") != 0)
    run.session_allowed = false;
}

}  // namespace defender_car
