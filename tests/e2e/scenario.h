// Which tenant, which CAR, which ways of reading: what one end-to-end test runs against.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "oracle.h"
#include "run/settings.h"
#include "simulator.h"

namespace e2e {

/// What the tenant offers, and with that the way the engine has to go.
enum class Source {
  graph,          // Graph hunting
  retiring,       // only POST /api/advancedqueries/run
  no_hunting,     // neither, nor the vulnerability export: the machine list's addresses
  list_chosen,    // hunting is there, but --network-source machines; no vulnerability export
  export_chosen,  // Graph hunting, but --vulnerability-source export
  export_only,    // no hunting, but the vulnerability export
};

struct Scenario {
  uint64_t seed = 1;
  size_t machines = 40;
  oracle::Identity identity = oracle::Identity::user;
  Source source = Source::graph;
  defender_car::LogonSource logon = defender_car::LogonSource::automatic;
  bool oddities = true;
  size_t software_rows = 10;        // per machine
  bool prefixed_addresses = false;  // CAR wants 0/10.0.0.4 in PATCHes
  bool empty_list_is_404 = false;
  int job_polls = 1;
  bool fields = false;        // devices have traits, and CAR's import schema names fields for them
  bool domain_names = false;  // --account-key domain-name
  bool scoped = false;        // some of the machines count
  bool tls = false;
  size_t refusing_users = 0;   // machines whose users the API refuses for ever
  int heavy_until_shards = 1;  // hunting is preempted in fewer shards
  simulator::TokenForm token_form = simulator::TokenForm::list;
  std::set<std::string> missing_tables{};  // of hunting
};

/// All combinations come by as the seed counts up.
Scenario scenario_of(uint64_t seed);
std::string describe(const Scenario& scenario);

/// The same with the first seed, from its own on, of which no machine leaves the list within so
/// many hours: whether such a one still counts depends on which runs read everything.
Scenario without_departures(Scenario scenario, int hours);

simulator::Options simulator_options(const Scenario& scenario);
oracle::Options oracle_options(const Scenario& scenario);
/// Fills what does not depend on the simulator's port.
void choose_ways(defender_car::SyncSettings& settings, const Scenario& scenario);

/// DEFENDER_CAR_SEEDS and DEFENDER_CAR_FIRST_SEED from the environment.
struct Seeds {
  uint64_t first = 1;
  uint64_t count = 100;
};
Seeds seeds_to_run();

/// Of a list of cases, whether the i-th is run: all, but under the sanitizers, where each costs
/// several times as much, every eighth.
bool is_in_sample(size_t ordinal);

}  // namespace e2e
