#include "run/prepare.h"

#include <spdlog/spdlog.h>

#include <numeric>

#include "base/version.h"
#include "run/ledger_counts.h"
#include "run/scope.h"
#include "run/working_dir.h"
#include "store/migrator.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

// Somebody else's changes may be anything: nothing that was read before is relied upon, and the
// next full import brings CAR back to what Defender says.
void distrust(Database& state, const std::string& reason) {
  for (const auto due : {StateSetting::full_due, StateSetting::derive_all})
    StateSettings(state).set(due, reason);
}

}  // namespace

PhaseClock::PhaseClock(RunReport& report, std::string phase)
    : report_(report), phase_(std::move(phase)), begin_(std::clock()) {
  spdlog::debug("phase {}", phase_);
}

PhaseClock::~PhaseClock() {
  report_.phase_cpu_seconds[phase_] += static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC;
}

void prepare_state(Database& state, const SyncSettings& settings, Trust trust) {
  const bool derivation_changed = migrate(state);
  bind_state(state, settings.defender.tenant_id, settings.car.source);
  if (const std::string why = why_distrusted(trust); !why.empty()) distrust(state, why);
  if (derivation_changed)
    StateSettings(state).set(StateSetting::derive_all, "the derivation's text changed");
}

void limit_rate(const SyncSettings& settings, HttpClient& http) {
  if (settings.defender_rate.requests == 0) return;
  http.limit_rate(settings.defender.defender_url, settings.defender_rate);
  http.limit_rate(settings.defender.graph_url, settings.defender_rate);
}

void begin_run(Run& run) {
  run.report.started_at = iso8601(run.clock.begin());
  run.report_ms = run.report_time = run.clock.begin();
  Statement& begin = run.state.statement("run/begin").bind("started_at", run.report.started_at);
  begin.step();
  run.report.run_id = begin.integer(0);
  begin.run();
}

void open_stage(Run& run, const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  run.state.attach(file, "stage");
  run.stage_open = true;
  run.state.run_script("schema/stage/10_tables.sql");
  const std::string chosen = run.stored.get(StateSetting::network_source);
  run.network_source = chosen.empty() ? NetworkSource::hunting : kNetworkSources.read(chosen);
  run.state.statement("fetch/run")
      .bind("run_id", run.report.run_id)
      .bind("mode", kRunModes.text(run.report.mode))
      .bind("reason", run.report.reason)
      .bind("now", run.report.started_at)
      .bind("tenant", run.settings.defender.tenant_id)
      .bind("source", run.settings.car.source)
      .bind("identity_model", kIdentityModels.text(run.identity_model))
      .bind("network_source", kNetworkSources(run.network_source))
      .bind("program", kProgram)
      .bind("car_fields", run.car_fields)
      .bind("account_key", kAccountKeys.text(run.settings.account_key))
      .bind("scope", scope_json(run.settings.scope))
      .bind("report", run.report_ms)
      .run();
}

void count_work(Run& run) {
  RunReport& report = run.report;
  report.set_aside = set_aside_by(run.state, report.run_id);
  report.defender_calls = run.defender.calls();
  report.car_calls = run.http.requests_sent() - run.defender.calls();
  const std::int64_t not_understood = std::accumulate(
      report.datasets.begin(), report.datasets.end(), std::int64_t{0},
      [](std::int64_t sum, const DatasetReport& d) { return sum + d.not_understood; });
  if (report.set_aside + not_understood > 0 && run.settings.strict && !report.failure) {
    run.fail(ErrorKind::bad_data,
             std::to_string(report.set_aside) + " records were set aside" +
                 (not_understood > 0 ? ", " + std::to_string(not_understood) +
                                           " elements of the answers are no records"
                                     : std::string()) +
                 " (--strict); see table rejected");
  }
}

}  // namespace defender_car
