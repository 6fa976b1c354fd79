#pragma once
// What a run is told: the options (docs/configuration.md) as typed values. The program fills it
// from the command line, the environment and an INI file; the tests fill it by hand.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_text.h"
#include "car/car_client.h"
#include "defender/call_budget.h"
#include "defender/defender_client.h"

namespace defender_car {

// Choices, each with its texts in the order of its enumerators: as an option spells them, and the
// state file and a plan store them.

enum class Mode { automatic, full, incremental };
inline constexpr EnumTexts<Mode, 3> kModes{"mode", {"auto", "full", "incremental"}};

enum class NetworkSource { automatic, hunting, machines };
inline constexpr EnumTexts<NetworkSource, 3> kNetworkSources{"network source",
                                                             {"auto", "hunting", "machines"}};

enum class LogonSource { automatic, api, hunting };
inline constexpr EnumTexts<LogonSource, 3> kLogonSources{"logon source",
                                                         {"auto", "api", "hunting"}};

enum class AccountKey { name, domain_name };
inline constexpr EnumTexts<AccountKey, 2> kAccountKeys{"account key", {"name", "domain-name"}};

enum class VulnerabilitySource { automatic, hunting, exported };
inline constexpr EnumTexts<VulnerabilitySource, 3> kVulnerabilitySources{
    "vulnerability source", {"auto", "hunting", "export"}};

/// Which machines count; an empty list leaves none out.
struct Scope {
  std::vector<std::string> onboarding_status;  ///< only these, whatever their case
  std::vector<std::string> device_groups;      ///< only these
  std::vector<std::string> exclude_tags;
  bool drop_merged = false;  ///< not those whose record was merged into another machine's
};

/// A limit written as a count ("50") or a share ("10%").
struct Limit {
  double percent = 0;         ///< of what is held; 0 when `count` alone counts
  std::int64_t at_least = 0;  ///< the floor under a percentage: of the defaults only
  std::int64_t count = 0;     ///< used when percent is 0
};

struct SyncSettings {
  DefenderSettings defender;
  DefenderLimits defender_limits;
  CarSettings car;
  std::filesystem::path working_dir;
  Mode mode = Mode::automatic;
  bool alerts = true;
  bool vulnerabilities = true;
  HuntingApi hunting_api = HuntingApi::automatic;
  AlertsApi alerts_api = AlertsApi::automatic;
  NetworkSource network_source = NetworkSource::automatic;
  LogonSource logon_source = LogonSource::automatic;
  VulnerabilitySource vulnerability_source = VulnerabilitySource::automatic;
  std::optional<IdentityModel> identity_model;  ///< nothing: by the service's import schema
  AccountKey account_key = AccountKey::name;
  bool asset_tags = true;
  Scope scope;
  int machine_overlap_hours = 24;
  int row_overlap_hours = 2;
  Limit max_deletes{.percent = 10, .at_least = 50};
  Limit max_disables{.percent = 50, .at_least = 1000};
  std::string command =
      "defender-car sync";  ///< how this run was asked for, for messages: no secrets
  std::string
      allow_once;  ///< the token of a guard's message, or several: with commas, or as one word
  std::string invoked_by;      ///< who started the program and where, noted with a permission
  std::filesystem::path plan;  ///< delivers what this plan lists; "": reads Defender
  bool strict = false;         ///< records set aside make the exit code 55
  RateLimit defender_rate;     ///< 0 requests: 429 alone paces
  double budget_share = 0;     ///< of Defender's quotas that runs may use up; 0: no limit of ours
  CallQuotas call_quotas;
  int keep_days = 14;  ///< snapshots
  std::int64_t keep_space_bytes = std::int64_t{2} << 30;
  int keep_runs = 10'000;  ///< of the history, the ledger and the records set aside
  bool compress_snapshots = false;
  std::string ca_file;
  std::chrono::seconds deadline = std::chrono::hours(2);  ///< of a whole run; 0: none
  /// Ids of machines that must be in a full list before it counts as complete; an incremental run
  /// asks for them by id.
  std::vector<std::string> canaries;
  std::string vfs;  ///< no option: tests put a failing disk under the state file; see Database
};

}  // namespace defender_car
