// Records planted by hand into a small tidy tenant: what records_test and rows_test share.
#pragma once

#include <catch2/catch.hpp>
#include <stdexcept>

#include "harness.h"

namespace e2e {

inline Scenario small() {
  Scenario scenario;
  scenario.seed = 5;
  scenario.machines = 30;
  scenario.oddities = false;
  return scenario;
}

/// The n-th device that reported within the last day and has at least one adapter.
inline simulator::Device& fresh_device(simulator::Tenant& tenant, size_t n) {
  for (auto& [id, device] : tenant.devices)
    if (tenant.now_ms - device.last_seen_ms < simulator::day_ms && !device.adapters.empty() &&
        device.name && device.onboarding_status == "Onboarded" && n-- == 0)
      return device;
  throw std::runtime_error("no such device");
}

inline simulator::Alert& open_alert(simulator::Tenant& tenant, size_t n) {
  for (auto& [id, alert] : tenant.alerts)
    if (alert.status != "Resolved" && alert.machine_id && tenant.find(*alert.machine_id) &&
        n-- == 0)
      return alert;
  throw std::runtime_error("no such alert");
}

/// An undisturbed run that sets records aside or does not, and ends as the oracle says.
inline void check_run(Harness& harness, Reading reading, bool sets_aside) {
  const defender_car::RunReport report = harness.sync(reading);
  INFO(describe(report) << "\nset aside " << report.set_aside);
  CHECK_FALSE(report.failure);
  CHECK((report.set_aside > 0) == sets_aside);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

}  // namespace e2e
