// Every answer with a second, older copy of each record, in front of the records or behind them, in
// a run of everything and in an incremental one. The older ones change nothing: the run ends as the
// oracle says, and takes nothing away.
#include <catch2/catch.hpp>

#include "lying.h"

using namespace e2e;
using defender_car::LogonSource;
using defender_car::Mode;
using defender_car::RunReport;
using lying::tally;
using simulator::LieKind;

namespace {

struct Answer {
  const char* match;
  LogonSource logon = LogonSource::automatic;
  Source source = Source::graph;
};

const std::vector<Answer> answers{
    {"GET /defender/api/machines?"},
    {"GET /defender/api/machines?", LogonSource::automatic, Source::no_hunting},
    {"GET /defender/api/alerts"},
    {"DeviceNetworkInfo"},
    {"DeviceNetworkInfo", LogonSource::automatic, Source::retiring},
    {"DeviceInfo |", LogonSource::hunting},
    {"DeviceInfo |", LogonSource::hunting, Source::retiring},
    {"DeviceTvmSoftwareVulnerabilitiesKB"},
    {"DeviceTvmSoftwareVulnerabilitiesKB", LogonSource::automatic, Source::retiring},
    {"GET /defender/api/vulnerabilities", LogonSource::automatic, Source::export_only},
    {""},  // all of them
    {"", LogonSource::hunting},
    {"", LogonSource::automatic, Source::export_only}};

void try_point(const Answer& answer, LieKind kind, bool full) {
  INFO('"' << answer.match << "\", older copies "
           << (kind == LieKind::older_before ? "in front, " : "behind, ")
           << (full ? "full" : "incremental"));
  tally().begin_point();
  Scenario scenario;
  scenario.seed = 7;
  scenario.machines = 24;
  scenario.logon = answer.logon;
  scenario.source = answer.source;
  const std::unique_ptr<Harness> harness = lying::some_hours_on(scenario);
  harness->settings().mode = full ? Mode::full : Mode::automatic;
  harness->simulator().with_defender(
      [&](auto& defender) { defender.lies().tell({.kind = kind, .match = answer.match}); });
  const RunReport report = harness->sync_either_way();
  INFO(e2e::describe(report));
  CHECK_FALSE(report.failure);
  size_t told = 0;
  harness->simulator().with_defender([&](auto& defender) { told = defender.lies().told(); });
  if (told > 0) tally().survived();
  CHECK(lying::wrong_removals(*harness) == "");
  CHECK(joined(harness->differences()) == "");
  lying::tell_the_truth(*harness);
  lying::check_convergence(*harness, false);
}

}  // namespace

TEST_CASE("Every answer with a second, older copy of each record", "[lies]") {
  constexpr size_t ways = 4;
  for (const size_t at : sweep::points(answers.size() * ways, 8))
    try_point(answers[at / ways], at % 2 == 0 ? LieKind::older_before : LieKind::older_behind,
              at % ways < 2);
}
