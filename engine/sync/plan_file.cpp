#include "sync/plan_file.h"

#include <spdlog/spdlog.h>

#include <array>
#include <sstream>

#include "base/printable.h"
#include "base/sha256.h"
#include "run/clock.h"
#include "run/mode.h"
#include "snapshot/file.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kPlan = 0x6463706c;  // "dcpl", schema/plan/00_file.sql
constexpr const char* kNothing = ". Nothing was sent: make the plan anew";
constexpr std::size_t kShown = 5;

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::set<std::string> parted(const std::string& text) {
  std::set<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.insert(word);
  return words;
}

std::string named(const fs::path& file) { return printable(file.string(), 300); }

// Twice, so that nothing can be added behind what was hashed.
std::string seal_of(Database& plan, const SyncSettings& settings) {
  std::string seal = plan.text("plan/words");
  for (int round = 0; round < 2; ++round) {
    Sha256 hash;
    hash.add(settings.defender.client_secret);
    hash.add("\n");
    hash.add(seal);
    seal = hash.finish();
  }
  return seal;
}

// Whether its words are this program's: they name commands, which somebody may type.
bool is_sealed(Database& plan, const SyncSettings& settings) {
  return plan.text("plan/seal") == seal_of(plan, settings);
}

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw Error(ErrorKind::usage, named(file) + " " + why + ". Nothing was changed");
}

[[noreturn]] void damaged(const fs::path& file, const std::string& why) {
  throw Error(ErrorKind::bad_data,
              named(file) + " is damaged: " + why + ". Nothing was changed: make the plan anew");
}

// Tables and nothing but the tables that we make: no trigger, no view, no other column.
void check_form(Database& plan, const fs::path& file) {
  if (plan.number("snapshot/application_id") != kPlan) refuse(file, "is no plan of this program");
  if (const std::string fault = plan.text("migrate/integrity"); fault != "ok") damaged(file, fault);
  const StageLayout ours = stage_layout({"schema/stage/10_tables.sql", "schema/plan/00_file.sql"});
  if (const std::int64_t version = plan.number("migrate/version"); version != ours.version)
    refuse(file, "was made by " + std::string(version > ours.version ? "a newer" : "an older") +
                     " program (layout " + std::to_string(version) + ", this one knows " +
                     std::to_string(ours.version) + "): make the plan anew");
  if (plan.text("snapshot/schema") != ours.schema) damaged(file, "its tables are not a plan's");
}

SyncSettings read_about(Database& plan, SyncSettings settings) {
  Statement& about = plan.statement("plan/about");
  if (!about.step()) damaged(settings.plan, "the row of its run or its plan is missing");
  const std::string tenant = about.text(0), source = about.text(1);
  settings.mode = kModes.read(about.text(2));
  settings.allow_once = about.text(3);
  const std::string command = about.text(4);
  if (about.step()) damaged(settings.plan, "it holds more than one plan");
  if (tenant != settings.defender.tenant_id || source != settings.car.source)
    refuse(settings.plan, "is a plan of tenant " + printable(tenant, 100) + ", source " +
                              printable(source, 100) + ", not of tenant " +
                              settings.defender.tenant_id + ", source " + settings.car.source);
  settings.command = is_sealed(plan, settings) ? command : "defender-car plan …";
  return settings;
}

void refuse_if_moved(Database& state, const fs::path& file) {
  std::string moved;
  std::size_t count = 0;
  Statement& query = state.statement("plan/moved");
  while (query.step()) {
    if (++count > kShown) continue;
    moved += "; " + printable(query.text(0), 100) + ": then " + printable(query.text(1), 100) +
             ", now " + printable(query.text(2), 100);
  }
  if (count == 0) return;
  if (count > kShown) moved += "; and " + std::to_string(count - kShown) + " more";
  throw Error(ErrorKind::guard,
              "the state has moved since the plan " + named(file) + " was made" + moved + kNothing);
}

constexpr const char* kUnsealed =
    " was not made with this client secret, or was changed: what it says in words is not repeated";

void restore(Run& run) {
  const bool sealed = is_sealed(run.state, run.settings);
  if (!sealed) run.warn("the plan " + named(run.settings.plan) + kUnsealed);
  Statement& fetched = run.state.statement("plan/fetched");
  fetched.step();
  if (sealed) run.permissions = parted(fetched.text(0));
  run.deletes_allowed = fetched.integer(1) != 0;
  run.held_back = fetched.integer(2) != 0;
  run.session_allowed = fetched.integer(3) != 0;
  run.planned_session = fetched.integer(4) != 0;
  if (const std::string failure = fetched.text(5); !failure.empty())
    run.fail(kind_named(failure), sealed ? fetched.text(6)
                                         : "the plan's reading was not whole (" +
                                               std::string(kind_name(kind_named(failure))) + ")");
  fetched.reset();
  const auto allowed = run.state.statement("plan/allowed").texts();
  run.allowed_ids = {allowed.begin(), allowed.end()};
  if (!sealed) return;
  for (const std::string& text : run.state.statement("plan/warnings").texts()) run.warn(text);
}

// Who asks for the reason of this run finds the plan there, and the reason that the plan had.
void name_plan(Run& run) {
  set_mode(
      run, *run.report.mode,
      "plan " + printable(run.settings.plan.filename().string(), 100) + ": " + run.report.reason);
  set_mode_of_stage(run);
}

}  // namespace

Fetched::Fetched(const Run& run)
    : allowed_ids(run.allowed_ids),
      permissions(run.permissions),
      deletes_allowed(run.deletes_allowed),
      held_back(run.held_back),
      session_allowed(run.session_allowed),
      failure(run.report.failure),
      error(run.report.error),
      warnings(run.report.warnings) {}

void complete_plan_file(Run& run, const Fetched& fetched, const fs::path& file) {
  run.state.attach(file, "stage");
  run.state.run_script("schema/plan/00_file.sql");
  Transaction transaction(run.state);
  std::optional<std::string> failure;
  if (fetched.failure) failure = kind_name(*fetched.failure);
  run.state.statement("plan/write")
      .bind("made_at", run.report.started_at)
      .bind("asked_mode", kModes(run.settings.mode))
      .bind("allow_once", run.settings.allow_once)
      .bind("command", run.settings.command)
      .bind("permissions", joined(fetched.permissions))
      .bind("deletes_allowed", fetched.deletes_allowed ? 1 : 0)
      .bind("held_back", fetched.held_back ? 1 : 0)
      .bind("fetched_session", fetched.session_allowed ? 1 : 0)
      .bind("session", run.session_allowed ? 1 : 0)
      .bind("failure", failure)
      .bind("error", fetched.failure ? std::optional(fetched.error) : std::nullopt)
      .run();
  for (const std::string& text : fetched.warnings)
    run.state.statement("plan/write_warning").bind("text", text).run();
  for (const std::string& id : fetched.allowed_ids)
    run.state.statement("plan/write_allowed").bind("machine", id).run();
  run.state.statement("plan/write_standing").run();
  run.state.statement("plan/write_planned").run();
  run.state.statement("plan/write_seal").bind("seal", seal_of(run.state, run.settings)).run();
  transaction.commit();
  run.state.detach("stage");
}

SyncSettings as_planned(const SyncSettings& settings) {
  const fs::path& file = settings.plan;
  std::error_code error;
  if (!fs::is_regular_file(file, error)) refuse(file, "is not there, or no file");
  if (!settings.allow_once.empty())
    throw Error(ErrorKind::usage,
                "--allow-once does not go with --plan: what a guard lets through belongs to the "
                "plan; make it anew with defender-car plan --allow-once …");
  try {
    Database plan(file, OpenMode::read_only);
    check_form(plan, file);
    return read_about(plan, settings);
  } catch (const Error& fault) {
    if (fault.kind() != ErrorKind::internal) throw;
    damaged(file, fault.what());  // SQLite's own words: not a database, malformed …
  }
}

void attach_plan(Run& run, const fs::path& stage) {
  take_out(run.settings.plan, stage);
  try {
    run.state.attach(stage, "stage");
    refuse_if_moved(run.state, run.settings.plan);
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove(stage, ignored);
    throw;
  }
  run.stage_open = run.planned = true;
}

void decide_as_planned(Run& run) {
  decide_mode(run, run.car.look_at_databases());
  Statement& plan = run.state.statement("plan/run");
  plan.step();
  const auto then = std::array{plan.text(0), plan.text(1), plan.text(2)};
  run.network_source = kNetworkSources.read(plan.text(3));
  run.now = plan.text(4);
  if (plan.integer(5) == 0) run.clock_problem = "no clock was believed when the plan was made";
  plan.reset();
  const auto here = std::array{kRunModes.text(run.report.mode), run.report.reason,
                               kIdentityModels.text(run.identity_model)};
  if (then != here) {
    const auto told = [](const auto& how) {
      return how[0] + " (" + how[1] + "), identity model " + how[2];
    };
    throw Error(ErrorKind::guard, "CAR has moved since the plan " + named(run.settings.plan) +
                                      " was made: then " + printable(told(then), 300) + ", now " +
                                      printable(told(here), 300) + kNothing);
  }
  run.car.ensure_databases();
}

void take_up_plan(Run& run) {
  settle_clock_as(run, run.now);
  run.state.statement("plan/take_up")
      .bind("run_id", run.report.run_id)
      .bind("report", run.report_ms)
      .run();
  restore(run);
  decide_session(run);
  name_plan(run);
}

void refuse_unless_as_planned(Run& run) {
  run.state.run_script("schema/plan/20_planned.sql");
  std::array<std::size_t, 2> count{};
  std::string shown;
  Statement& query = run.state.statement("plan/differing");
  while (query.step()) {
    const bool here = query.integer(0) == 2;
    if (++count[here] > kShown) continue;
    shown += (here ? "; only now: " : "; only in the plan: ") + printable(query.text(1), 300);
  }
  if (count[0] + count[1] > 0) {
    // Told first, also where a guard holds back what the plan lists.
    run.fail(ErrorKind::guard, "the list of the plan " + named(run.settings.plan) +
                                   " is no longer what comes of its reading: " +
                                   std::to_string(count[0]) + " operations stand only there, " +
                                   std::to_string(count[1]) + " only here" + shown + kNothing);
    throw Error(ErrorKind::guard, run.report.error);
  }
  run.state.run_script("schema/plan/40_leave.sql");
}

void leave_plan(Run& run) {
  run.session_allowed = run.session_allowed && run.planned_session;
  run.state.statement("plan/compact").run();
}

}  // namespace defender_car
