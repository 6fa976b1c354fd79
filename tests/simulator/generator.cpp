// Makes a tenant out of a seed: its accounts, software catalogue, knowledge base, devices with
// a past, and alerts. Odd values are sprinkled in throughout, unless the options forbid them.
#include <algorithm>
#include <array>
#include <cstdio>

#include "tenant.h"
#include "text.h"

namespace simulator {
namespace {

using Texts = std::vector<std::string>;

std::string numbered(const char* format, size_t number) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), format, number);
  return text.data();
}

std::string odd_name(Random& random) {
  static const Texts names{"",
                           "o'brien-laptop",
                           "\"quoted\"-pc",
                           "\xD0\xB1\xD1\x83\xD1\x85\xD0\xB3\xD0\xB0\xD0\xBB\xD1\x82\xD0\xB5"
                           "\xD1\x80\xD0\xB8\xD1\x8F-01",
                           "lab<7>",
                           "kiosk#3",
                           "pipe|line",
                           "what?",
                           "rack[2]",
                           "C-Lab-31",
                           "back\\slash"};
  return random.pick(names);
}

std::optional<std::string> make_name(Tenant& tenant, bool server) {
  static const Texts roles{"db", "web", "app", "file", "dc", "mail", "build", "print"};
  static const Texts sites{"berlin", "lyon", "porto", "krakow", "oslo"};
  Random& random = tenant.random;
  if (tenant.options.oddities && random.chance(1000)) return std::nullopt;
  if (tenant.options.oddities && random.chance(3000)) return odd_name(random);
  if (random.chance(1000) && !tenant.devices.empty()) return tenant.devices.begin()->second.name;
  const size_t number = tenant.devices.size() + tenant.retired.size();
  if (server) return "srv-" + random.pick(roles) + numbered("-%05zu", number) + ".corp.example.com";
  if (random.chance(20000)) return numbered("DESKTOP-%06zX", number);
  return "ws-" + random.pick(sites) + numbered("-%05zu", number) + ".corp.example.com";
}

std::string make_mac(Tenant& tenant) {
  Random& random = tenant.random;
  static const Texts prefixes{"000D3A", "00155D", "F01898", "3C5282"};
  // One chance a statement, here and below: within one, compilers choose the order.
  const std::string number = random.hex(6, true);
  std::string mac = random.pick(prefixes) + number;
  if (!tenant.options.oddities) return mac;
  if (random.chance(1000)) mac = "00E04C680001";  // a docking station that walks around
  const size_t style = random.below(20);
  if (style == 0) return to_lower(mac);
  if (style > 2) return mac;
  std::string out;
  for (size_t i = 0; i < mac.size(); i += 2)
    out += (i == 0 ? "" : style == 1 ? "-" : ":") + mac.substr(i, 2);
  return out;
}

CellForm make_cell_form(Tenant& tenant) {
  if (!tenant.options.oddities || !tenant.random.chance(6000)) return CellForm::text;
  const size_t which = tenant.random.below(4);
  return which == 0 ? CellForm::empty : which == 1 ? CellForm::null : CellForm::array;
}

Adapter make_adapter(Tenant& tenant, const std::string& name, const std::string& type) {
  Random& random = tenant.random;
  Adapter adapter{name, make_mac(tenant), type, "Up", "None", {}, make_cell_form(tenant)};
  adapter.addresses.push_back({make_private_ip(random), "Private", 24});
  if (random.chance(30000)) {
    const std::string last = random.hex(4);
    adapter.addresses.push_back({"fe80::" + random.hex(4) + ":" + last, "LinkLocal", 64});
  }
  if (random.chance(5000))
    adapter.addresses.push_back({"fd00:12::" + random.hex(4), "Private", 64});
  if (!tenant.options.oddities) return adapter;
  if (tenant.is_odd(6000))
    adapter.addresses.push_back({"fe80::" + tenant.oddity.hex(4) + "%12", "Private", 64});
  if (random.chance(3000)) adapter.addresses.push_back({"203.0.113.77", "Public", 24});
  if (random.chance(2000)) adapter.addresses.push_back({"100.64.3.9", "CarrierGradeNat", 10});
  if (random.chance(3000)) adapter.addresses.clear();
  if (random.chance(2000)) adapter.mac.clear();
  return adapter;
}

void make_accounts(Tenant& tenant) {
  static const Texts given{"anna", "bela",  "carlos", "dina", "emil",  "fatma", "goran",
                           "hana", "ivan",  "jana",   "karl", "lucia", "marek", "nora",
                           "olga", "pavel", "rosa",   "sven", "tara",  "viktor"};
  const size_t count = std::max<size_t>(20, tenant.options.machines * 4 / 5);
  for (size_t i = 0; i < count; ++i)
    tenant.accounts.push_back(given[i % given.size()] +
                              (i < given.size() ? "" : std::to_string(i / given.size())));
  if (!tenant.options.oddities) return;
  tenant.accounts[3] = "d'angelo";
  tenant.accounts[5] = "\xD0\xBE\xD0\xBB\xD1\x8C\xD0\xB3\xD0\xB0";
  tenant.accounts[7] = "Maria.Lopez";
}

void make_kb_entry(Tenant& tenant, const std::string& cve) {
  static const Texts severities{"Low", "Medium", "High", "Critical"};
  Random& random = tenant.random;
  KnowledgeEntry entry;
  if (!random.chance(8000)) entry.score = static_cast<double>(random.between(10, 100)) / 10.0;
  entry.score_as_text = tenant.options.oddities && random.chance(20000);
  entry.severity = random.pick(severities);
  entry.description = "A flaw known as " + cve + " lets an attacker run code. " +
                      std::string(random.below(60), 'x');
  entry.published_ms = tenant.now_ms - random.between(40, 900) * day_ms;
  entry.last_modified_ms = entry.published_ms + random.between(0, 30) * day_ms + 123;
  if (tenant.options.oddities) {
    static const Texts words{"", "-", "NaN", "Infinity", "-INF", " "};
    if (tenant.is_odd(80000)) entry.score_word = tenant.oddity.pick(words);
    if (tenant.is_odd(5000)) entry.published_ms = year_one_ms;
  }
  tenant.kb[cve] = std::move(entry);
}

void make_catalogue(Tenant& tenant) {
  static const Texts vendors{"contoso", "microsoft", "mozilla", "openssl", "apache", "fabrikam"};
  static const Texts names{
      "office", "edge",  "firefox",   "openssl", "http_server", "reader", "tool: extended edition",
      "player", "agent", "sql_server"};
  Random& random = tenant.random;
  const size_t titles = std::clamp<size_t>(tenant.options.machines / 5, 30, 600);
  size_t next_cve = 1000;
  for (size_t i = 0; i < titles; ++i) {
    SoftwareTitle title{random.pick(vendors),
                        random.pick(names),
                        numbered("%zu.", 1 + i / 7) + std::to_string(i % 7) + "." +
                            std::to_string(random.below(5000)),
                        {}};
    const size_t count = 1 + random.below(5);
    for (size_t k = 0; k < count; ++k) {
      const bool shared = next_cve > 1010 && random.chance(15000);
      const size_t number = shared ? next_cve - 1 - random.below(10) : next_cve++;
      const std::string cve = numbered("CVE-2025-%zu", number);
      if (std::find(title.cves.begin(), title.cves.end(), cve) == title.cves.end())
        title.cves.push_back(cve);
      const bool missing = tenant.options.oddities && random.chance(3000);
      if (!shared && !missing) make_kb_entry(tenant, cve);
      if (!shared && tenant.is_odd(30000))
        tenant.row_scores[cve] = static_cast<double>(tenant.oddity.between(10, 100)) / 10.0;
    }
    tenant.catalogue.push_back(std::move(title));
  }
}

/// When the device last reported before the tenant's start: most within a day, some long ago.
int64_t first_report_age(Random& random, const Device& device) {
  if (device.onboarding_status != "Onboarded" && random.chance(30000))
    return random.between(31, 120) * day_ms;
  if (random.chance(3000)) return random.between(16 * 24, 100 * 24) * hour_ms;
  if (random.chance(4000)) return random.between(2 * 24, 15 * 24) * hour_ms;
  return random.between(1, 24 * 60) * minute_ms;
}

void give_past(Tenant& tenant, Device& device) {
  Random& random = tenant.random;
  const int64_t age = first_report_age(random, device);
  const int64_t at = tenant.now_ms - age - (random.chance(30000) ? 0 : random.between(0, 59'999));
  device.silent = age > 36 * hour_ms;
  device.first_seen_ms = at - random.between(1, 400) * day_ms;
  device.report_hour = static_cast<int>(at / hour_ms % 24);
  if (random.chance(20000) && age < 20 * day_ms) {  // an earlier place that the newest report ends
    Device before = device;
    before.adapters = make_adapters(tenant);
    tenant.report_network(before, at - random.between(1, 9) * day_ms);
  }
  tenant.report(device, at);
  if (device.onboarding_status == "Onboarded" && age >= 7 * day_ms)
    device.health_status = "Inactive";
  if (age < 30 * day_ms) install_software(tenant, device.id, tenant.options.software_rows);
}

}  // namespace

std::string make_private_ip(Random& random) {
  const auto octet = [&] { return std::to_string(random.between(1, 254)); };
  const size_t kind = random.below(10);
  const std::string last = octet();
  if (kind >= 7 && kind < 9) return "192.168.1." + last;
  const std::string third = octet();
  if (kind >= 9) return "172.16." + third + "." + last;
  return "10." + octet() + "." + third + "." + last;
}

std::optional<std::string> make_external_ip(Tenant& tenant) {
  Random& random = tenant.random;
  if (tenant.options.oddities && random.chance(4000)) return std::nullopt;
  if (tenant.options.oddities && random.chance(2000)) return "";
  if (random.chance(2000)) return "2001:db8::" + random.hex(4);
  return "198.51.100." + std::to_string(random.between(1, 40));
}

const std::vector<std::string>& adapter_states() {
  static const Texts states{"Down", "NotPresent", "LowerLayerDown", "Dormant", "Unknown", "", "Up"};
  return states;
}

std::vector<Adapter> make_adapters(Tenant& tenant) {
  Random& random = tenant.random;
  std::vector<Adapter> out;
  out.push_back(make_adapter(tenant, "{" + make_guid(random.next()) + "}", "Ethernet"));
  if (random.chance(30000))
    out.push_back(make_adapter(tenant, "{" + make_guid(random.next()) + "}", "Wireless80211"));
  if (!tenant.options.oddities) return out;
  if (random.chance(8000)) {
    Adapter tunnel{"Teredo Tunneling", "00000000000000E0", "Tunnel", "Up", "Teredo", {}, {}};
    tunnel.form = CellForm::text;
    tunnel.addresses.push_back({"2001:0:" + random.hex(4) + "::1", "Teredo", 32});
    out.push_back(std::move(tunnel));
  }
  if (random.chance(5000)) {
    Adapter unplugged = make_adapter(tenant, "Ethernet 2", "Ethernet");
    unplugged.status = "Down";
    unplugged.addresses.assign(1, {"169.254.12.7", "LinkLocal", 16});
    out.push_back(std::move(unplugged));
  }
  // One that keeps its address while nothing is plugged in, or says of itself what nobody knows.
  if (tenant.is_odd(12000)) out.back().status = tenant.oddity.pick(adapter_states());
  return out;
}

User make_user(Tenant& tenant, const Device& device, int64_t seen_ms) {
  Random& random = tenant.random;
  User user{random.pick(tenant.accounts), "corp", "Interactive", seen_ms, seen_ms};
  if (random.chance(15000)) {
    user.account_name = "administrator";
    user.domain = device.id.substr(0, 8);
  } else if (random.chance(5000)) {
    user.account_name = "helpdesk";
    user.logon_types = "Interactive, RemoteInteractive";
  } else if (tenant.options.oddities && random.chance(1000)) {
    user.account_name.reset();
  }
  return user;
}

User make_nobody(Tenant& tenant, const Device& device, int64_t seen_ms) {
  struct Account {
    const char* name;
    const char* domain;
    const char* sid;
    bool told_by_sid_alone = false;
  };
  static const std::vector<Account> accounts{{"SYSTEM", "NT AUTHORITY", "S-1-5-18"},
                                             {"system", "nt authority", "S-1-5-18"},
                                             {"Système", "AUTORITE NT", "S-1-5-18"},
                                             {"NETZWERKDIENST", "NT-AUTORITÄT", "S-1-5-20"},
                                             {"lokaler dienst", "nt-autorität", "S-1-5-19"},
                                             {"USLUGA LOKALNA", "ZARZĄDZANIE NT", "S-1-5-19"},
                                             {"SISTEMA", "AUTORIDADE NT", "S-1-5-18"},
                                             {"ANONYMOUS LOGON", "NT AUTHORITY", "S-1-5-7"},
                                             {"ANONYMOUS-ANMELDUNG", "NT-AUTORITÄT", "S-1-5-7"},
                                             {"DWM-2", "Window Manager", "S-1-5-90-0-2"},
                                             {"umfd-1", "font driver host", "S-1-5-96-0-1"},
                                             {"defaultuser0", "ws", "S-1-5-21-1-2-3-1000"},
                                             {"WS-1$", "CORP", "S-1-5-21-1-2-3-1104"},
                                             {"-", "", "S-1-0-0"},
                                             {"   ", "-", ""},
                                             {"hoạt động", "NT HỆ THỐNG", "S-1-5-18", true},
                                             {"fensterverwalter", "Fenster", "S-1-5-90-0-1", true},
                                             {"schrift", "Schrift", "S-1-5-96-0-0", true}};
  Random& random = tenant.oddity;
  const Account& account = random.pick(accounts);
  User user{account.name, account.domain, "Network", seen_ms, seen_ms};
  if (account.told_by_sid_alone || random.chance(50000)) user.sid = account.sid;
  if (user.domain == "ws") user.domain = device.id.substr(0, 8);
  return user;
}

Device make_device(Tenant& tenant) {
  static const Texts servers{"WindowsServer2019", "WindowsServer2022", "Ubuntu",
                             "RedHatEnterpriseLinux"};
  static const Texts clients{"Windows10", "Windows11", "Windows11", "macOS"};
  static const Texts states{"CanBeOnboarded", "Unsupported", "InsufficientInfo"};
  Random& random = tenant.random;
  Device device;
  device.id = random.hex(40);
  if (tenant.options.oddities && stable_hash(device.id) % 25 == 0)
    tenant.other_case[device.id] = to_upper(device.id);
  const bool server = random.chance(30000);
  device.os_platform = random.pick(server ? servers : clients);
  device.version = "23H2";
  device.name = make_name(tenant, server);
  device.onboarding_status = random.chance(6000) ? random.pick(states) : "Onboarded";
  device.health_status = device.onboarding_status == "Onboarded" ? "Active" : "NoSensorData";
  device.external_ip = make_external_ip(tenant);
  device.adapters = make_adapters(tenant);
  if (tenant.options.oddities && random.chance(3000))
    device.last_ip_form = random.chance(50000) ? CellForm::null : CellForm::empty;
  if (tenant.options.oddities && random.chance(1000)) {
    device.adapters.clear();
    device.last_ip = make_private_ip(random);
  }
  if (tenant.options.oddities && random.chance(3000) && !device.adapters.empty() &&
      !device.external_ip.value_or("").empty())  // the outside address on the adapter itself
    device.adapters.front().addresses.push_back({*device.external_ip, "Public", 24});
  const size_t users = random.below(4);
  for (size_t i = 0; i < users; ++i) device.users.push_back(make_user(tenant, device, 0));
  draw_traits(tenant, device);
  if (!tenant.options.oddities) return device;
  static const Texts no_names{"-", "  ", "NaN"};
  if (tenant.is_odd(2000)) device.name = tenant.oddity.pick(no_names);
  if (device.os_platform.starts_with("Windows") && tenant.is_odd(15000))
    device.nobodies.push_back(make_nobody(tenant, device, 0));
  return device;
}

Alert make_alert(Tenant& tenant, std::optional<std::string> machine_id, int64_t at_ms) {
  static const Texts titles{"Suspicious PowerShell command line", "'Mimikatz' was detected",
                            "Unusual logon: \"night\"", "Possible ransomware activity",
                            "Connection to a known bad host"};
  static const Texts severities{"Low", "Medium", "High", "Informational", "UnSpecified"};
  static const Texts statuses{"New", "New", "New", "InProgress", "InProgress", "Unknown"};
  Random& random = tenant.random;
  Alert alert;
  const std::string last = std::to_string(random.below(2'000'000'000));
  const std::string middle = std::to_string(random.below(1'000'000'000));
  alert.id = "da" + std::to_string(random.between(637'000'000, 638'999'999)) + middle + "_-" + last;
  alert.machine_id = std::move(machine_id);
  alert.title = random.pick(titles);
  alert.description = "Seen by the sensor: " + random.hex(12);
  alert.severity = random.pick(severities);
  if (tenant.options.oddities && random.chance(1500)) alert.severity = "Critical";
  alert.status = random.pick(statuses);
  alert.creation_ms = at_ms;
  alert.first_event_ms = at_ms - random.between(0, 100) * 12'345;
  alert.last_update_ms = at_ms;
  if (tenant.is_odd(5000)) alert.first_event_ms = year_one_ms;
  if (tenant.is_odd(3000)) alert.creation_ms = year_one_ms;
  if (tenant.is_odd(2000)) alert.title = "-";
  return alert;
}

void add_software(Tenant& tenant, const std::string& device_id, const SoftwareTitle& title) {
  std::vector<SoftwareRow>& rows = tenant.software[device_id];
  for (const SoftwareRow& row : rows)
    if (row.vendor == title.vendor && row.name == title.name && row.version == title.version)
      return;
  for (const std::string& cve : title.cves)
    rows.push_back({title.vendor, title.name, title.version, cve});
}

void install_software(Tenant& tenant, const std::string& device_id, size_t rows) {
  const size_t start = tenant.random.below(tenant.catalogue.size());
  const size_t step = 1 + tenant.random.below(3);
  std::vector<SoftwareRow>& held = tenant.software[device_id];
  held.reserve(rows + 4);
  for (size_t i = 0; held.size() < rows && i < tenant.catalogue.size(); ++i)
    add_software(tenant, device_id, tenant.catalogue[(start + i * step) % tenant.catalogue.size()]);
  if (held.size() > rows) held.resize(rows);
}

Tenant make_tenant(const TenantOptions& options) {
  Tenant tenant;
  tenant.options = options;
  tenant.now_ms = options.start_ms;
  tenant.random = Random(options.seed * 1'000'003 + options.machines);
  tenant.oddity = Random(options.seed * 7'919 + options.machines);
  tenant.trait = Random(options.seed * 104'729 + options.machines);
  make_accounts(tenant);
  make_catalogue(tenant);
  for (size_t i = 0; i < options.machines; ++i) {
    Device device = make_device(tenant);
    give_past(tenant, device);
    tenant.devices.emplace(device.id, std::move(device));
  }
  size_t refusing = 0;
  for (auto& [id, device] : tenant.devices) {
    if (refusing == options.refusing_users) break;
    device.users_status = std::array{400, 500, 204}[refusing++ % 3];
  }
  const size_t alerts = options.machines / 8 + 5;
  for (size_t i = 0; i < alerts; ++i) {
    std::optional<std::string> machine;
    const size_t kind = tenant.random.below(20);
    if (kind == 0) machine = tenant.random.hex(40);  // one that nobody knows
    if (kind > 1 && !tenant.devices.empty()) {
      auto victim = tenant.devices.lower_bound(tenant.random.hex(8));
      if (victim == tenant.devices.end()) victim = tenant.devices.begin();
      machine = victim->first;
    }
    const int64_t at = tenant.now_ms - tenant.random.between(1, 60 * 24 * 60) * minute_ms + 7;
    Alert alert = make_alert(tenant, machine, at);
    if (tenant.random.chance(30000)) alert.status = "Resolved";
    tenant.alerts.emplace(alert.id, std::move(alert));
  }
  return tenant;
}

}  // namespace simulator
