// A Defender tenant as plain data: what the services of the simulator answer from, and what an
// independent oracle may read.
//
// Guarantees, as long as only make_tenant() and live() change it:
// - Everything follows from (options, hours lived); no clock, no standard distribution.
// - For a device that reported within the last 30 days, the account names that /logonusers answers
//   are the set that hunting derives: LoggedOnUsers of its newest DeviceInfo row having an
//   OSPlatform, together with the accounts of its LogonSuccess events of 30 days that are no
//   service, machine, DWM- or UMFD- accounts. (hunting_accounts() and api_accounts() show both,
//   without those that are nobody's.)
// - Users change only at a report, so together with last_seen_ms.
// - Network rows may appear without a report of the machine list, and up to 90 minutes late.
// - With oddities, now and then an older copy of a record stays in the lists beside it (never of an
//   alert that is Resolved), a device is seen ahead of the clock, the list of a network row is cut
//   off; and some devices have another case in hunting, alerts and the export than in the machine
//   list.
// - A device silent for 7 days or more is Inactive, unless it was never Onboarded.
// - Software rows change only for devices seen within 7 days; a silent device keeps its rows until
//   it has been silent for 30 days.
// It does not lock: Simulator::with_tenant() does.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "random.h"

namespace simulator {

inline constexpr int64_t minute_ms = 60'000;
inline constexpr int64_t hour_ms = 60 * minute_ms;
inline constexpr int64_t day_ms = 24 * hour_ms;
inline constexpr int64_t hunting_days = 30;

/// How a dynamic cell (IPAddresses, LoggedOnUsers) stands on the wire.
enum class CellForm { text, array, empty, null };
struct RawCell {
  CellForm form = CellForm::null;
  std::string json;  // the JSON array, for text and array
};

struct MachineAddress {  // an item of ipAddresses in the machine list
  std::string ip;
  std::optional<std::string> mac;
  std::string type;
  std::string operational_status;
};

/// How a program without a time writes one: 0001-01-01T00:00:00Z.
inline constexpr int64_t year_one_ms = -62'135'596'800'000;

struct User {
  std::optional<std::string> account_name;
  std::string domain;
  std::string logon_types;
  int64_t first_seen_ms = 0;
  int64_t last_seen_ms = 0;
  std::string sid{};
};

struct AdapterAddress {
  std::string ip;
  std::string address_type;
  int prefix = 24;
};
struct Adapter {  // what the device would report next
  std::string name;
  std::string mac;
  std::string type;
  std::string status;
  std::string tunnel_type;
  std::vector<AdapterAddress> addresses;
  CellForm form = CellForm::text;
};

/// What Defender knows of a device beside its network (options.traits).
struct Traits {
  std::optional<std::string> risk = "None";
  std::optional<std::string> value = "Normal";
  std::optional<std::string> exposure = "Low";
  std::optional<std::string> group{};
  std::vector<std::string> tags{};
  bool excluded = false;
  std::optional<std::string> merged_into{};
};

struct Device {
  std::string id;
  std::optional<std::string> name;  // computerDnsName
  std::string os_platform;
  std::string version;
  int64_t first_seen_ms = 0;
  int64_t last_seen_ms = 0;
  int64_t ahead_ms = 0;  // so far ahead of its last report is the lastSeen that the list shows
  std::string health_status;
  std::string onboarding_status;
  std::optional<std::string> last_ip;
  std::optional<std::string> external_ip;
  std::vector<MachineAddress> ip_addresses;
  std::vector<User> users;
  std::vector<User> nobodies;  // logged on as well: services, machines, no account at all
  std::vector<Adapter> adapters;
  Traits traits{};
  CellForm last_ip_form = CellForm::text;  // null and empty hide the last IP
  bool silent = false;
  int report_hour = 0;     // of the day, when it reports
  int users_status = 200;  // another: what /logonusers answers for it, for ever
  /// Wire key -> raw JSON text that takes that key's place in the machine list.
  std::map<std::string, std::string> raw_fields;
};

struct NetworkRow {
  int64_t timestamp_ms = 0;
  int64_t ingested_ms = 0;  // hunting sees the row from then on
  std::string adapter;
  std::string mac;
  std::string adapter_type;
  std::string status;
  std::string tunnel_type;
  RawCell ip_addresses;
};

struct DeviceInfoRow {
  int64_t timestamp_ms = 0;
  std::string os_platform;  // "" in partial rows
  std::optional<std::string> public_ip;
  RawCell logged_on_users;
};

struct LogonEvent {
  int64_t timestamp_ms = 0;
  std::string account;
  std::string domain;
  std::string action_type;
  std::string logon_type;
  std::string sid{};
};

struct SoftwareRow {
  std::string vendor;
  std::string name;
  std::string version;
  std::string cve_id;
  bool operator==(const SoftwareRow&) const = default;
};

struct KnowledgeEntry {
  std::optional<double> score;
  bool score_as_text = false;
  std::string severity;
  std::string description;
  int64_t published_ms = 0;
  int64_t last_modified_ms = 0;
  std::string score_word{};  // what stands where there is no score; "": null
};

struct Alert {
  std::string id;
  std::optional<std::string> machine_id;
  std::string title;
  std::string description;
  std::string severity;
  std::string status;
  int64_t creation_ms = 0;
  int64_t first_event_ms = 0;
  int64_t last_update_ms = 0;
  std::map<std::string, std::string> raw_fields;
};

struct SoftwareTitle {  // catalogue from which devices draw
  std::string vendor;
  std::string name;
  std::string version;
  std::vector<std::string> cves;
};

struct TenantOptions {
  uint64_t seed = 1;
  size_t machines = 200;
  int64_t start_ms = 1'772'431'200'000;  // 2026-03-02T06:00:00Z
  size_t software_rows = 10;             // per machine
  bool oddities = true;                  // false: only tidy names, values and cells
  size_t refusing_users = 0;  // devices whose users are refused for ever: 400, 500, 204 by turns
  bool traits = false;        // devices have risks, values, tags, groups …, and they change
  bool late_oddities = true;  // false: only those that the state files of tests/upgrade know
};

template <typename Row>
using ByDevice = std::map<std::string, std::vector<Row>, std::less<>>;

struct Tenant {
  TenantOptions options;
  int64_t now_ms = 0;
  std::map<std::string, Device, std::less<>> devices;
  /// No longer in the machine list (404 by id); now and then one returns.
  std::map<std::string, Device, std::less<>> retired;
  ByDevice<NetworkRow> network_rows;
  ByDevice<DeviceInfoRow> device_info;
  ByDevice<LogonEvent> logon_events;
  ByDevice<SoftwareRow> software;
  std::map<std::string, KnowledgeEntry, std::less<>> kb;
  /// CVE -> the score that the export's own rows tell. (Hunting's rows have no such column.)
  std::map<std::string, double, std::less<>> row_scores;
  std::map<std::string, Alert, std::less<>> alerts;
  /// Older copies, listed beside the records of these keys: before every second one, else behind.
  std::map<std::string, Device, std::less<>> older_devices;
  std::map<std::string, Alert, std::less<>> older_alerts;
  std::map<std::string, KnowledgeEntry, std::less<>> older_kb;
  /// Device ids as all but the machine list write them, where that differs.
  std::map<std::string, std::string, std::less<>> other_case;
  std::vector<SoftwareTitle> catalogue;
  std::vector<std::string> accounts;
  Random random;
  /// Draws kinds of oddities that came after the frozen state files of tests/upgrade: a stream of
  /// its own, so that the tenants behind those stay what they were.
  Random oddity;
  Random trait;  // draws traits, likewise
  bool is_odd(int parts_of_100000) {
    return options.oddities && options.late_oddities && oddity.chance(parts_of_100000);
  }
  /// How often it changed. Whoever changes it by hand counts one as well: answers are kept by it.
  uint64_t changes = 0;

  /// So long goes by, in which all go on as they are but these: they are heard of no more, and
  /// their lastSeen stays what it was.
  void fall_silent(const std::set<std::string>& ids, int64_t for_ms);
  /// Lets that many hours pass, in steps of one hour.
  void live(int hours);
  /// One minute passes, in which so many devices of the last day report, each with a new private
  /// address and one more user, and nothing else happens: the same work at any size, for benches.
  size_t touch(size_t machines);
  /// The network gives the device of that name this private address; whoever had it gets another.
  /// Both report now, and hunting sees it at once. False where no such device has an adapter.
  bool lease(std::string_view name, const std::string& address);
  /// The device reports at that moment: last_seen_ms, machine list addresses, one DeviceInfo row,
  /// a row per adapter, a logon event per user.
  void report(Device& device, int64_t at_ms);
  /// Network rows alone, without a report to the machine list.
  void report_network(const Device& device, int64_t at_ms);
  void remove_user(Device& device, size_t index);
  const Device* find(std::string_view id) const;
  const std::string& in_other_apis(const std::string& id) const;
  /// The start of what hunting still holds.
  int64_t hunting_start() const { return now_ms - hunting_days * day_ms; }

  std::set<std::string> api_accounts(std::string_view id) const;
  std::set<std::string> hunting_accounts(std::string_view id) const;
};

Tenant make_tenant(const TenantOptions& options);

/// Makers shared by make_tenant() and live(); each draws from tenant.random.
Device make_device(Tenant& tenant);
void draw_traits(Tenant& tenant, Device& device);
/// As the device reports: some change.
void change_traits(Tenant& tenant, Device& device);
std::vector<Adapter> make_adapters(Tenant& tenant);
/// What an adapter says of its connection: three of them say that there is none.
const std::vector<std::string>& adapter_states();
std::optional<std::string> make_external_ip(Tenant& tenant);
User make_user(Tenant& tenant, const Device& device, int64_t seen_ms);
/// An account of a Windows host that is nobody's, in some language, with or without its SID.
User make_nobody(Tenant& tenant, const Device& device, int64_t seen_ms);
Alert make_alert(Tenant& tenant, std::optional<std::string> machine_id, int64_t at_ms);
void install_software(Tenant& tenant, const std::string& device_id, size_t rows);
/// Adds the title's rows to the device; nothing when it has that title already.
void add_software(Tenant& tenant, const std::string& device_id, const SoftwareTitle& title);
std::string make_private_ip(Random& random);

}  // namespace simulator
