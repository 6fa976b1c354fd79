// The report's figures against what the run, the tenant and CAR say by themselves; its JSON against
// the schema; and its one word about how the sync stands.
#include <catch2/catch.hpp>
#include <cstdio>

#include "audit/report_data.h"
#include "base/error.h"
#include "cli/report/page.h"
#include "guarded.h"
#include "shape.h"

using namespace e2e;
using defender_car::EpochMs;
using defender_car::ErrorKind;
using defender_car::Operation;
using defender_car::read_report;
using defender_car::ReportData;
using defender_car::RunReport;
using defender_car::SyncState;
using simulator::Tenant;

namespace {

constexpr EpochMs minute = 60'000;

ReportData report_of(Harness& harness, EpochMs ahead = 0) {
  return read_report(harness.settings().working_dir, harness.simulator().now_ms() + ahead);
}

std::int64_t sent(const RunReport& report, const std::set<Operation>& operations) {
  std::int64_t count = 0;
  for (const auto& one : report.sent)
    if (operations.contains(one.operation)) count += one.count;
  return count;
}

/// All machines but one are inactive-15 from now on: more than any guard lets go.
void silence_most(Harness& harness) {
  harness.simulator().with_tenant([](Tenant& tenant) {
    std::set<std::string> ids;
    for (const auto& [id, device] : tenant.devices) ids.insert(id);
    ids.erase(ids.begin());
    tenant.fall_silent(ids, 16 * simulator::day_ms);
  });
}

void check_last_run(const ReportData& data, const RunReport& report) {
  REQUIRE_FALSE(data.runs.rows.empty());
  const auto& run = data.runs.rows.front();
  CHECK(run.run_id == report.run_id);
  CHECK(run.imported == sent(report, {Operation::vertex, Operation::edge}));
  CHECK(run.updated == sent(report, {Operation::touch}));
  CHECK(run.disabled == sent(report, {Operation::disable}));
  CHECK(run.deleted == sent(report, {Operation::delete_asset}));
  CHECK(run.fell_away == sent(report, {Operation::drop}));
}

/// Whatever is counted twice is counted alike.
void check_sums(const ReportData& data, const Harness& harness) {
  std::int64_t machines = 0;
  std::int64_t in_car = 0;
  for (const auto& row : data.health.rows) machines += row.machines, in_car += row.in_car;
  CHECK(machines == data.known_machines);
  CHECK(in_car == static_cast<std::int64_t>(harness.held("asset|").size()));
  CHECK(in_car == data.status.assets);
  machines = 0;
  for (const auto& row : data.platforms.rows) machines += row.machines;
  if (data.platforms.total == std::ssize(data.platforms.rows))
    CHECK(machines == data.known_machines);
  std::int64_t of_runs = 0;
  for (const auto& run : data.runs.rows) of_runs += run.disabled + run.deleted + run.fell_away;
  std::int64_t of_days = 0;
  for (const auto& day : data.days.rows) of_days += day.removed;
  std::int64_t of_reasons = 0;
  for (const auto& reason : data.removals.rows) of_reasons += reason.records;
  CHECK(of_days == of_runs);
  CHECK(of_reasons == of_runs);
  std::int64_t leaving = 0;
  for (const auto& day : data.leaving_days.rows) leaving += day.machines;
  CHECK(leaving == data.leaving.total);
}

}  // namespace

TEST_CASE("The report counts what runs sent and what CAR holds", "[report]") {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    Harness harness(scenario_of(seed));
    INFO(describe(scenario_of(seed)));
    for (int day = 0; day < 4; ++day) {
      const RunReport run = harness.sync(day == 0 ? Reading::full : Reading::incremental);
      REQUIRE_FALSE(run.failure);
      const ReportData data = report_of(harness);
      check_last_run(data, run);
      check_sums(data, harness);
      CHECK(data.standing == SyncState::good);
      CHECK(data.runs.total == day + 1);
      CHECK(shape_fault(report_document(data), "report") == "");
      harness.simulator().live(26);
    }
  }
}

TEST_CASE("The report says in one word how the sync stands", "[report]") {
  Harness harness(fleet(80));
  harness.settings().max_deletes = {.count = 3};
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  CHECK(report_of(harness).standing == SyncState::good);
  CHECK(report_of(harness, 600 * minute).standing == SyncState::good);  // one run shows no rhythm
  pass_without(harness, {}, minute);  // runs start by Defender's clock, which stands still here
  REQUIRE_FALSE(harness.sync(Reading::incremental).failure);
  CHECK(report_of(harness, 14 * minute).standing == SyncState::good);
  const ReportData late = report_of(harness, 17 * minute);
  CHECK(late.standing == SyncState::late);
  CHECK(late.overdue > 15 * 60);
  CHECK(late.last_success_age >= 17 * 60 - 1);  // a Date tells whole seconds

  silence_most(harness);
  CHECK(harness.disturbed_sync().failure == ErrorKind::guard);
  const ReportData held = report_of(harness);
  CHECK(held.standing == SyncState::held);
  REQUIRE(held.held_back.rows.size() == 1);
  CHECK(held.held_back.rows[0].machines > 3);
  REQUIRE(held.failures.rows.size() == 1);
  CHECK(held.failures.rows[0].text.find("held back") != std::string::npos);
  CHECK(shape_fault(report_document(held), "report") == "");

  harness.settings().defender.client_secret = "wrong";
  CHECK(harness.disturbed_sync().failure == ErrorKind::authentication);
  const ReportData failing = report_of(harness);
  CHECK(failing.standing == SyncState::failing);
  CHECK(failing.failures.rows.size() == 2);
  REQUIRE(failing.incomplete.rows.size() == 2);  // held by the guard before
  CHECK(failing.incomplete.rows[0].what == "machines");
  CHECK(failing.incomplete.rows[0].kind == "incomplete");
  CHECK(shape_fault(report_document(failing), "report") == "");
}

TEST_CASE("A first run that failed has a report too", "[report]") {
  Harness harness(fleet(5));
  CHECK_THROWS_AS(report_of(harness), defender_car::Error);
  harness.settings().defender.client_secret = "wrong";
  CHECK(harness.disturbed_sync().failure);
  const ReportData data = report_of(harness);
  CHECK(data.standing == SyncState::failing);
  CHECK(data.last_success_age == -1);
  CHECK(data.usual_gap == -1);
  CHECK(shape_fault(report_document(data), "report") == "");
  CHECK(report_page(data).find("Nothing was removed") != std::string::npos);
}
