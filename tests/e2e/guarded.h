// What the tests of guards share.
#pragma once

#include <catch2/catch.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "harness.h"

namespace e2e {

inline Scenario fleet(size_t machines) {
  Scenario scenario;
  scenario.seed = 3;
  scenario.machines = machines;
  return scenario;
}

/// Before the first run: machines in groups of so many. Each group reports for the last time an
/// hour after the one before it, the last one a minute ago.
inline std::set<std::string> report_hourly(Harness& harness, const std::vector<size_t>& groups) {
  std::set<std::string> ids;
  harness.simulator().with_tenant([&](simulator::Tenant& tenant) {
    auto device = tenant.devices.begin();
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto hours_ago = static_cast<std::int64_t>(groups.size() - 1 - i);
      for (size_t count = 0; count < groups[i]; ++device) {
        REQUIRE(device != tenant.devices.end());
        if (device->second.silent || device->second.onboarding_status != "Onboarded") continue;
        tenant.report(device->second,
                      tenant.now_ms - hours_ago * simulator::hour_ms - simulator::minute_ms);
        ids.insert(device->first);
        ++count;
      }
    }
  });
  return ids;
}

/// So long goes by, in which these are heard of no more.
inline void pass_without(Harness& harness, const std::set<std::string>& ids, std::int64_t for_ms) {
  harness.simulator().with_tenant(
      [&](simulator::Tenant& tenant) { tenant.fall_silent(ids, for_ms); });
}

/// What the run's message gives for --allow-once; "" where it names none.
inline std::string token_of(const defender_car::RunReport& report) {
  std::string text = report.error;
  for (const std::string& warning : report.warnings) text += "\n" + warning;
  std::smatch match;
  if (!std::regex_search(text, match, std::regex("--allow-once ([0-9a-f]+)"))) return "";
  return match[1].str();
}

}  // namespace e2e
