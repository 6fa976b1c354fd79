#include "tenant.h"

#include <algorithm>

#include "text.h"

namespace simulator {
namespace {

std::string address_list(const Adapter& adapter) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  json.StartArray();
  for (const AdapterAddress& address : adapter.addresses) {
    json.StartObject();
    write_pair(json, "IPAddress", address.ip);
    write_key(json, "SubnetPrefix");
    json.Int(address.prefix);
    write_pair(json, "AddressType", address.address_type);
    json.EndObject();
  }
  json.EndArray();
  return out;
}

std::string user_list(const std::vector<const User*>& users, const std::vector<User>& nobodies,
                      bool mac_os) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  json.StartArray();
  for (const User* user : users) {
    json.StartObject();
    write_pair(json, "UserName", *user->account_name);
    if (!mac_os) {
      write_pair(json, "DomainName", user->domain);
      const std::string person = "S-1-5-21-" + std::to_string(stable_hash(*user->account_name));
      const bool nobody = std::any_of(nobodies.begin(), nobodies.end(),
                                      [&](const User& one) { return &one == user; });
      if (!nobody || !user->sid.empty()) write_pair(json, "Sid", nobody ? user->sid : person);
    }
    json.EndObject();
  }
  json.EndArray();
  return out;
}

void refresh_addresses(Device& device) {
  device.ip_addresses.clear();
  // A device without adapters never appears in hunting; its last IP is all that is known.
  if (!device.adapters.empty()) device.last_ip.reset();
  for (const Adapter& adapter : device.adapters) {
    std::optional<std::string> mac;
    if (!adapter.mac.empty()) mac = adapter.mac;
    for (const AdapterAddress& address : adapter.addresses) {
      device.ip_addresses.push_back({address.ip, mac, adapter.type, adapter.status});
      if (!device.last_ip && address.address_type == "Private") device.last_ip = address.ip;
    }
    if (adapter.addresses.empty())
      device.ip_addresses.push_back({"", mac, adapter.type, adapter.status});
  }
  const bool linux_like = device.os_platform.find("Windows") == std::string::npos;
  const std::string loopback = linux_like ? "Other" : "SoftwareLoopback";
  std::optional<std::string> zero;
  if (linux_like) zero = "000000000000";
  device.ip_addresses.push_back({"127.0.0.1", zero, loopback, "Up"});
  device.ip_addresses.push_back({"::1", zero, loopback, "Up"});
  if (device.last_ip_form == CellForm::null) device.last_ip.reset();
  if (device.last_ip_form == CellForm::empty) device.last_ip = "";
}

void add_noise_logons(Tenant& tenant, std::vector<LogonEvent>& events, const Device& device,
                      int64_t at_ms) {
  if (!tenant.random.chance(30000)) return;
  const std::string machine = "HOST" + device.id.substr(0, 6) + "$";
  events.push_back({at_ms, machine, "CORP", "LogonSuccess", "Network"});
  events.push_back({at_ms, "DWM-1", "Window Manager", "LogonSuccess", "Interactive"});
  events.push_back({at_ms, "UMFD-0", "Font Driver Host", "LogonSuccess", "Interactive"});
  events.push_back({at_ms, "svc-backup", "CORP", "LogonSuccess", "Service"});
  events.push_back({at_ms, "mallory", "CORP", "LogonFailed", "Network"});
}

void report_users(Tenant& tenant, Device& device, int64_t at_ms) {
  std::vector<const User*> present;
  std::vector<LogonEvent>& events = tenant.logon_events[device.id];
  for (User& user : device.users) {
    user.last_seen_ms = at_ms;
    if (user.first_seen_ms == 0) user.first_seen_ms = at_ms;
    if (!user.account_name) continue;
    // At the very moment of the report, so that an event never outlives or leaves before the
    // DeviceInfo row and its fellows at the 30-day border.
    const bool remote = tenant.random.chance(20000);
    events.push_back({at_ms, *user.account_name, user.domain, "LogonSuccess",
                      remote ? "RemoteInteractive" : "Interactive", user.sid});
    if (!tenant.random.chance(25000)) present.push_back(&user);
  }
  for (User& nobody : device.nobodies) {
    nobody.last_seen_ms = at_ms;
    if (nobody.first_seen_ms == 0) nobody.first_seen_ms = at_ms;
    events.push_back(
        {at_ms, *nobody.account_name, nobody.domain, "LogonSuccess", "Interactive", nobody.sid});
    if (tenant.oddity.chance(50000)) present.push_back(&nobody);
  }
  add_noise_logons(tenant, events, device, at_ms);
  std::vector<DeviceInfoRow>& rows = tenant.device_info[device.id];
  RawCell cell{CellForm::text, user_list(present, device.nobodies, device.os_platform == "macOS")};
  if (present.empty()) cell = {tenant.random.chance(50000) ? CellForm::empty : CellForm::null, ""};
  if (tenant.options.oddities && !present.empty() && tenant.random.chance(5000))
    cell.form = CellForm::array;
  rows.push_back({at_ms, device.os_platform, device.external_ip, std::move(cell)});
  if (tenant.random.chance(15000))  // a partial row, newer than the full one
    rows.push_back({std::min(at_ms + 30'000, tenant.now_ms), "", device.external_ip, {}});
}

bool counts_as_logon(const LogonEvent& event) {
  const std::string lower = to_lower(event.account);
  return event.action_type == "LogonSuccess" && event.logon_type != "Service" &&
         !event.account.empty() && !lower.ends_with("$") && !lower.starts_with("dwm-") &&
         !lower.starts_with("umfd-");
}

bool has_private_address(const Device& device) {
  return !device.adapters.empty() && !device.adapters.front().addresses.empty() &&
         device.adapters.front().addresses.front().address_type == "Private";
}

std::string& private_address(Device& device) {
  return device.adapters.front().addresses.front().ip;
}

}  // namespace

const std::string& Tenant::in_other_apis(const std::string& id) const {
  const auto other = other_case.find(id);
  return other == other_case.end() ? id : other->second;
}

void Tenant::report_network(const Device& device, int64_t at_ms) {
  std::vector<NetworkRow>& rows = network_rows[device.id];
  const int64_t late = random.chance(10000) ? random.between(1, 90 * minute_ms) : 0;
  for (const Adapter& adapter : device.adapters) {
    const int64_t at = std::min(at_ms + random.between(0, 110) * 1000, now_ms);
    RawCell cell{adapter.form, address_list(adapter)};
    if (adapter.form == CellForm::empty || adapter.form == CellForm::null) cell.json.clear();
    rows.push_back({at, at + late, adapter.name, adapter.mac, adapter.type, adapter.status,
                    adapter.tunnel_type, std::move(cell)});
  }
}

void Tenant::report(Device& device, int64_t at_ms) {
  device.last_seen_ms = at_ms;
  device.ahead_ms = 0;
  if (device.onboarding_status == "Onboarded") {
    device.health_status = "Active";
    if (random.chance(2000)) device.health_status = "ImpairedCommunication";
    if (options.oddities && random.chance(300)) device.health_status = "Sleeping";
  }
  refresh_addresses(device);
  report_users(*this, device, at_ms);
  report_network(device, at_ms);
}

void Tenant::fall_silent(const std::set<std::string>& ids, int64_t for_ms) {
  ++changes;
  now_ms += for_ms;
  const auto go_on = [&](auto& rows_by_device) {
    for (auto& [id, rows] : rows_by_device)
      for (auto& row : rows)
        if (!ids.contains(id)) row.timestamp_ms += for_ms;
  };
  go_on(network_rows);
  go_on(device_info);
  go_on(logon_events);
  for (auto& [id, rows] : network_rows)
    for (NetworkRow& row : rows) row.ingested_ms = std::max(row.ingested_ms, row.timestamp_ms);
  for (auto& [id, device] : devices) {
    if (!ids.contains(id)) {
      device.last_seen_ms += for_ms;
      continue;
    }
    device.silent = true;
    device.health_status = "Inactive";
  }
}

bool Tenant::lease(std::string_view name, const std::string& address) {
  ++changes;
  const auto taker = std::find_if(devices.begin(), devices.end(), [&](const auto& one) {
    return one.second.name == name && has_private_address(one.second);
  });
  if (taker == devices.end()) return false;
  for (auto& [id, device] : devices) {
    const bool takes = id == taker->first;
    if (!has_private_address(device) || (!takes && private_address(device) != address)) continue;
    private_address(device) = takes ? address : make_private_ip(random);
    if (takes) device.adapters.front().status = "Up";
    report(device, now_ms);
    for (NetworkRow& row : network_rows[id]) row.ingested_ms = std::min(row.ingested_ms, now_ms);
  }
  return true;
}

void Tenant::remove_user(Device& device, size_t index) {
  // Only one user of that name may be erased from the events when no namesake stays.
  const std::optional<std::string> name = device.users[index].account_name;
  device.users.erase(device.users.begin() + static_cast<std::ptrdiff_t>(index));
  const auto same = [&](const User& user) { return user.account_name == name; };
  if (!name || std::any_of(device.users.begin(), device.users.end(), same)) return;
  std::erase_if(logon_events[device.id],
                [&](const LogonEvent& event) { return event.account == *name; });
}

const Device* Tenant::find(std::string_view id) const {
  const auto at = devices.find(id);
  return at == devices.end() ? nullptr : &at->second;
}

std::set<std::string> Tenant::api_accounts(std::string_view id) const {
  std::set<std::string> out;
  if (const Device* device = find(id))
    for (const User& user : device->users)
      if (user.account_name) out.insert(*user.account_name);
  return out;
}

std::set<std::string> Tenant::hunting_accounts(std::string_view id) const {
  std::set<std::string> out;
  if (const auto events = logon_events.find(id); events != logon_events.end())
    for (const LogonEvent& event : events->second)
      if (event.timestamp_ms >= hunting_start() && counts_as_logon(event))
        out.insert(event.account);
  const auto rows = device_info.find(id);
  if (rows == device_info.end()) return out;
  const DeviceInfoRow* newest = nullptr;
  for (const DeviceInfoRow& row : rows->second)
    if (!row.os_platform.empty() && row.timestamp_ms >= hunting_start() &&
        (newest == nullptr || row.timestamp_ms >= newest->timestamp_ms))
      newest = &row;
  if (newest != nullptr && !newest->logged_on_users.json.empty()) {
    rapidjson::Document users;
    users.Parse(newest->logged_on_users.json.c_str());
    for (const auto& user : users.GetArray()) out.insert(user["UserName"].GetString());
  }
  if (const Device* device = find(id))
    for (const User& nobody : device->nobodies) out.erase(*nobody.account_name);
  return out;
}

}  // namespace simulator
