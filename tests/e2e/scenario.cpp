#include "scenario.h"

#include <array>
#include <cstdlib>

#include "text.h"

namespace e2e {
namespace {

using defender_car::LogonSource;

uint64_t from_environment(const char* name, uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

const char* name_of(Source source) {
  static constexpr std::array names{"graph",       "retiring",      "no-hunting",
                                    "list-chosen", "export-chosen", "export-only"};
  return names[static_cast<size_t>(source)];
}

bool can_hunt(Source source) {
  return source != Source::no_hunting && source != Source::export_only;
}

/// What Defender refuses for good, in the ways that a sync lives with.
void refuse_some(Scenario& scenario) {
  static const std::array<std::set<std::string>, 4> tables{{
      {"DeviceInfo"},
      {"DeviceLogonEvents"},
      {"DeviceTvmSoftwareVulnerabilities", "DeviceTvmSoftwareVulnerabilitiesKB"},
      {"DeviceNetworkInfo"},
  }};
  const uint64_t seed = scenario.seed;
  if (seed % 4 == 1 && scenario.logon != LogonSource::hunting)
    scenario.refusing_users = 1 + seed % 3;
  if (seed % 6 == 2) scenario.heavy_until_shards = seed % 12 == 2 ? 8 : 32;
  scenario.token_form = static_cast<simulator::TokenForm>(seed % 5);
  if (seed % 7 != 3 || scenario.source != Source::graph) return;
  scenario.missing_tables = tables[seed / 7 % tables.size()];
  // Asked for by name, a way that is not there is a failure.
  if (scenario.logon == LogonSource::hunting) scenario.logon = LogonSource::automatic;
}

bool has_networks(const Scenario& scenario) {
  return can_hunt(scenario.source) && scenario.source != Source::list_chosen &&
         !scenario.missing_tables.contains("DeviceNetworkInfo");
}

}  // namespace

Scenario scenario_of(uint64_t seed) {
  static constexpr std::array sources{Source::graph, Source::retiring, Source::graph,
                                      Source::retiring, Source::no_hunting};
  static constexpr std::array logons{LogonSource::automatic, LogonSource::api,
                                     LogonSource::hunting};
  Scenario out;
  out.seed = seed;
  out.machines = 30 + seed * 7 % 31;
  out.identity = seed % 2 == 0 ? oracle::Identity::account : oracle::Identity::user;
  out.source = sources[seed / 2 % sources.size()];
  if (seed % 20 == 5) out.source = Source::list_chosen;
  if (seed % 20 == 13) out.source = Source::export_chosen;
  if (seed % 20 == 9) out.source = Source::export_only;
  out.logon = logons[seed % logons.size()];
  if (!can_hunt(out.source) && out.logon == LogonSource::hunting) out.logon = LogonSource::api;
  out.prefixed_addresses = seed % 7 == 0;
  out.empty_list_is_404 = seed % 11 == 0;
  out.job_polls = static_cast<int>(seed % 3);
  refuse_some(out);
  return out;
}

std::string describe(const Scenario& scenario) {
  return "seed " + std::to_string(scenario.seed) + ", " + std::to_string(scenario.machines) +
         " machines, " + (scenario.identity == oracle::Identity::user ? "user" : "account") +
         " model, source " + name_of(scenario.source) + ", logon users by " +
         defender_car::kLogonSources.text(scenario.logon) +
         (scenario.prefixed_addresses ? ", 0/ addresses" : "") +
         (scenario.empty_list_is_404 ? ", 404 for an empty list" : "") +
         (scenario.fields ? ", fields" : "") + (scenario.domain_names ? ", domain names" : "") +
         (scenario.scoped ? ", scoped" : "") + (scenario.tls ? ", by TLS" : "") + ", " +
         std::to_string(scenario.refusing_users) + " refuse their users, hunting from " +
         std::to_string(scenario.heavy_until_shards) + " shards on, token form " +
         std::to_string(static_cast<int>(scenario.token_form)) + ", " +
         std::to_string(scenario.missing_tables.size()) + " tables missing";
}

Scenario without_departures(Scenario scenario, int hours) {
  for (;; ++scenario.seed) {
    simulator::Tenant tenant = simulator::make_tenant(simulator_options(scenario).tenant);
    tenant.live(hours);
    if (tenant.retired.empty()) return scenario;
  }
}

simulator::Options simulator_options(const Scenario& scenario) {
  simulator::Options options;
  options.tenant.seed = scenario.seed;
  options.tenant.machines = scenario.machines;
  options.tenant.oddities = scenario.oddities;
  options.tenant.software_rows = scenario.software_rows;
  options.tenant.refusing_users = scenario.refusing_users;
  options.login.token_form = scenario.token_form;
  options.defender.heavy_until_shards = scenario.heavy_until_shards;
  options.defender.missing_tables = scenario.missing_tables;
  options.tenant.traits = scenario.fields;
  if (scenario.fields) options.car.fields = simulator::optional_fields();
  options.car.identity = scenario.identity == oracle::Identity::user
                             ? simulator::IdentityModel::user
                             : simulator::IdentityModel::account;
  if (scenario.source == Source::retiring || !can_hunt(scenario.source))
    options.login.graph_roles.clear();
  options.car.prefixed_addresses = scenario.prefixed_addresses;
  options.car.job_polls = scenario.job_polls;
  options.car.deletes_all_or_none = scenario.seed % 5 == 2;
  options.car.query.knows_aggregate = scenario.seed % 3 != 1;
  options.defender.empty_list_is_404 = scenario.empty_list_is_404;
  options.defender.graph_hunting = scenario.source != Source::retiring;
  if (!can_hunt(scenario.source)) options.defender.hunting = options.defender.graph_hunting = false;
  options.defender.vulnerability_export =
      scenario.source != Source::no_hunting && scenario.source != Source::list_chosen;
  return options;
}

oracle::Options oracle_options(const Scenario& scenario) {
  oracle::Options out;
  out.identity = scenario.identity;
  if (scenario.fields) out.fields = simulator::optional_fields();
  out.domain_names = scenario.domain_names;
  if (scenario.scoped) {
    out.onboarding = {"Onboarded", "Unsupported"};
    out.excluded_tags = {"Kiosk"};
    out.drop_merged = true;
    if (scenario.seed % 3 == 0) out.groups = {"Servers", "Clients Oslo"};
  }
  out.network = has_networks(scenario) ? oracle::Network::hunting : oracle::Network::machine_list;
  // docs/services/defender.md: where there is no export either, vulnerabilities are left
  // out.
  out.software = simulator_options(scenario).defender.vulnerability_export;
  out.row_scores =
      out.software && (!has_networks(scenario) || scenario.source == Source::export_chosen ||
                       scenario.missing_tables.contains("DeviceTvmSoftwareVulnerabilities"));
  return out;
}

void choose_ways(defender_car::SyncSettings& settings, const Scenario& scenario) {
  settings.logon_source = scenario.logon;
  if (scenario.domain_names) settings.account_key = defender_car::AccountKey::domain_name;
  const oracle::Options scope = oracle_options(scenario);
  for (const std::string& status : scope.onboarding)
    settings.scope.onboarding_status.push_back(simulator::to_upper(status));
  settings.scope.device_groups = {scope.groups.begin(), scope.groups.end()};
  settings.scope.exclude_tags = {scope.excluded_tags.begin(), scope.excluded_tags.end()};
  settings.scope.drop_merged = scope.drop_merged;
  if (scenario.source == Source::list_chosen)
    settings.network_source = defender_car::NetworkSource::machines;
  if (scenario.source == Source::export_chosen)
    settings.vulnerability_source = defender_car::VulnerabilitySource::exported;
}

Seeds seeds_to_run() {
#ifdef DEFENDER_CAR_SANITIZE
  constexpr uint64_t usual = 8;
#else
  constexpr uint64_t usual = 100;
#endif
  return {from_environment("DEFENDER_CAR_FIRST_SEED", 1),
          from_environment("DEFENDER_CAR_SEEDS", usual)};
}

bool is_in_sample(size_t ordinal) {
#ifdef DEFENDER_CAR_SANITIZE
  return ordinal % 8 == 0;
#else
  static_cast<void>(ordinal);
  return true;
#endif
}

}  // namespace e2e
