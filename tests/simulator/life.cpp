// What happens in a tenant within an hour. Every event is rare; over a few days a fleet of some
// hundred devices shows all of them.
#include <algorithm>
#include <utility>

#include "tenant.h"
#include "text.h"

namespace simulator {
namespace {

// Parts of 100,000, per device and tick unless said otherwise.
constexpr int fall_silent = 50;
constexpr int come_back = 120;
constexpr int retire = 12;
constexpr int return_retired = 100;  // per retired device
constexpr int join = 20;
constexpr int reimage = 12;
constexpr int attack = 100;
constexpr int change_alert = 1200;  // per alert
constexpr int patch = 250;
constexpr int change_knowledge = 80;  // per entry
constexpr int roam = 120;             // network rows without a report

class Tick {
 public:
  explicit Tick(Tenant& tenant)
      : tenant_(tenant), random_(tenant.random), start_ms_(tenant.now_ms) {
    tenant_.now_ms += hour_ms;
    for (auto& [id, device] : tenant_.devices) ids_.push_back(id);
  }

  void run() {
    for (const std::string& id : ids_) live_device(tenant_.devices.at(id));
    newcomers();
    attacks();
    change_alerts();
    patches();
    change_kb();
    if (tenant_.now_ms / hour_ms % 24 == 0) prune();
  }

 private:
  /// Some moment of this hour, to the millisecond or to the second.
  int64_t moment() {
    const int64_t at = start_ms_ + random_.between(1, hour_ms - 1);
    return random_.chance(30000) ? at / 1000 * 1000 + 1000 : at;
  }
  const std::string* any_id() { return ids_.empty() ? nullptr : &random_.pick(ids_); }

  /// One of so many, without a draw: lives stay what they were.
  bool odd_one(const std::string& key, uint64_t of) const {
    return tenant_.options.oddities &&
           stable_hash(key + std::to_string(start_ms_ / hour_ms)) % of == 0;
  }

  /// The usual report, and what now and then is odd about it.
  void report(Device& device) {
    const bool leaves_a_copy = device.ahead_ms == 0 && odd_one(device.id + "copy", 12);
    if (leaves_a_copy)
      tenant_.older_devices.insert_or_assign(device.id, device);
    else
      tenant_.older_devices.erase(device.id);
    change_before_report(device);
    tenant_.report(device, moment());
    if (odd_one(device.id + "ahead", 40)) device.ahead_ms = 2 * day_ms;
    if (!odd_one(device.id + "cut", 40) || device.adapters.empty()) return;
    simulator::RawCell& cell = tenant_.network_rows[device.id].back().ip_addresses;
    if (cell.form == CellForm::text) cell.json.resize(cell.json.size() / 2);
  }

  void live_device(Device& device) {
    if (!device.silent) {
      const bool due = start_ms_ / hour_ms % 24 == device.report_hour;
      if (due && !random_.chance(3000)) {
        report(device);
      } else if (random_.chance(fall_silent)) {
        device.silent = true;
      } else if (random_.chance(roam)) {
        if (random_.chance(60000)) device.adapters = make_adapters(tenant_);
        tenant_.report_network(device, moment());
      }
    } else if (random_.chance(come_back)) {
      device.silent = false;
      tenant_.report(device, moment());
      device.report_hour = static_cast<int>(start_ms_ / hour_ms % 24);
      if (tenant_.software[device.id].empty())
        install_software(tenant_, device.id, tenant_.options.software_rows);
    }
    const int64_t silence = tenant_.now_ms - device.last_seen_ms;
    if (silence >= 7 * day_ms && device.onboarding_status == "Onboarded")
      device.health_status = "Inactive";
    if (silence >= hunting_days * day_ms) tenant_.software.erase(device.id);
    if (random_.chance(retire)) retiring_.push_back(device.id);
  }

  void change_before_report(Device& device) {
    if (random_.chance(5000)) move(device);
    if (random_.chance(3000)) device.external_ip = make_external_ip(tenant_);
    if (random_.chance(6000)) change_users(device);
    if (random_.chance(300) && device.name) *device.name = "renamed-" + random_.hex(6);
    if (device.onboarding_status != "Onboarded" && random_.chance(1000))
      device.onboarding_status = "Onboarded";
    change_oddities(device);
    change_traits(tenant_, device);
  }

  void change_oddities(Device& device) {
    Random& oddity = tenant_.oddity;
    if (!device.adapters.empty() && tenant_.is_odd(8000))
      device.adapters[oddity.below(device.adapters.size())].status = oddity.pick(adapter_states());
    if (device.os_platform.starts_with("Windows") && tenant_.is_odd(2000))
      device.nobodies.push_back(make_nobody(tenant_, device, start_ms_));
  }

  void move(Device& device) {
    if (random_.chance(40000)) {
      device.adapters = make_adapters(tenant_);
      return;
    }
    for (Adapter& adapter : device.adapters)
      for (AdapterAddress& address : adapter.addresses)
        if (address.address_type == "Private" && address.prefix == 24)
          address.ip = make_private_ip(random_);
  }

  void change_users(Device& device) {
    if (!device.users.empty() && random_.chance(50000))
      tenant_.remove_user(device, random_.below(device.users.size()));
    else
      device.users.push_back(make_user(tenant_, device, start_ms_));
  }

  void welcome(Device device) {
    const int64_t at = moment();
    device.first_seen_ms = at;
    device.silent = false;
    device.report_hour = static_cast<int>(start_ms_ / hour_ms % 24);
    tenant_.report(device, at);
    install_software(tenant_, device.id, tenant_.options.software_rows);
    tenant_.devices.emplace(device.id, std::move(device));
  }

  void newcomers() {
    for (const std::string& id : retiring_) {
      auto node = tenant_.devices.extract(id);
      tenant_.software.erase(id);
      tenant_.older_devices.erase(id);
      tenant_.retired.insert(std::move(node));
    }
    std::erase_if(ids_, [&](const std::string& id) { return tenant_.find(id) == nullptr; });
    for (size_t n = random_.portion(ids_.size() + 100, join); n > 0; --n)
      welcome(make_device(tenant_));
    for (size_t n = random_.portion(ids_.size(), reimage); n > 0; --n) reimage_one();
    if (tenant_.retired.empty() || random_.portion(tenant_.retired.size(), return_retired) == 0)
      return;
    auto back = tenant_.retired.extract(tenant_.retired.begin());
    const int64_t first_seen = back.mapped().first_seen_ms;
    const std::string id = back.key();
    welcome(std::move(back.mapped()));
    tenant_.devices.at(id).first_seen_ms = first_seen;
  }

  /// A new id under the old name and on the old network card; the old id falls silent.
  void reimage_one() {
    Device& old = tenant_.devices.at(*any_id());
    if (old.silent) return;
    Device fresh = make_device(tenant_);
    fresh.name = old.name;
    fresh.os_platform = old.os_platform;
    fresh.adapters = old.adapters;
    fresh.external_ip = old.external_ip;
    old.silent = true;
    welcome(std::move(fresh));
  }

  void attacks() {
    for (size_t n = random_.portion(ids_.size() + 50, attack); n > 0; --n) {
      std::optional<std::string> machine;
      const size_t kind = random_.below(20);
      if (kind == 0) machine = random_.hex(40);
      if (kind == 1 && !tenant_.retired.empty()) machine = tenant_.retired.begin()->first;
      if (const std::string* id = any_id(); kind > 2 && id != nullptr) machine = *id;
      Alert alert = make_alert(tenant_, machine, moment());
      tenant_.alerts.emplace(alert.id, std::move(alert));
    }
  }

  void change_alerts() {
    for (auto& [id, alert] : tenant_.alerts) {
      if (!random_.chance(change_alert)) continue;
      if (odd_one(id, 3)) tenant_.older_alerts.insert_or_assign(id, alert);
      // It may have been raised within this very hour; its time says that it is newer all the same.
      alert.last_update_ms = std::max(alert.last_update_ms + 1, moment());
      const size_t kind = random_.below(6);
      if (kind == 0) alert.title += " (updated)";
      if (kind == 1) alert.status = "InProgress";
      if (kind == 2 || kind == 3) alert.status = alert.status == "Resolved" ? "New" : "Resolved";
      if (kind == 4) alert.severity = alert.severity == "High" ? "Medium" : "High";
      // kind 5: updated, nothing that the mapping shows has changed
      if (alert.status == "Resolved") tenant_.older_alerts.erase(id);
      if (alert.title.size() > 200) alert.title.resize(40);
    }
  }

  void patches() {
    for (size_t n = random_.portion(ids_.size(), patch); n > 0; --n) {
      const std::string& id = *any_id();
      const Device& device = tenant_.devices.at(id);
      if (device.silent || tenant_.now_ms - device.last_seen_ms > 7 * day_ms) continue;
      const auto held = tenant_.software.find(id);
      if (held != tenant_.software.end() && !held->second.empty()) {
        const SoftwareRow gone = random_.pick(held->second);
        std::erase_if(held->second, [&](const SoftwareRow& row) {
          return row.vendor == gone.vendor && row.name == gone.name && row.version == gone.version;
        });
      }
      if (random_.chance(60000)) add_software(tenant_, id, random_.pick(tenant_.catalogue));
    }
  }

  void change_kb() {
    for (auto& [cve, entry] : tenant_.kb) {
      if (!random_.chance(change_knowledge)) continue;
      if (odd_one(cve, 3)) tenant_.older_kb.insert_or_assign(cve, entry);
      entry.last_modified_ms = std::max(entry.last_modified_ms + 1, moment());
      const size_t kind = random_.below(4);
      if (kind < 2) entry.score = static_cast<double>(random_.between(10, 100)) / 10.0;
      if (kind == 2) entry.description += ".";
      if (kind == 3 && random_.chance(20000)) entry.score.reset();
    }
    if (tenant_.catalogue.empty() || !random_.chance(2000)) return;
    for (const std::string& cve : random_.pick(tenant_.catalogue).cves) {
      if (tenant_.kb.contains(cve)) continue;  // one that was missing becomes known
      tenant_.kb[cve] = {5.5, false, "Medium", "Now known: " + cve, start_ms_, moment()};
    }
  }

  template <typename Row>
  void prune_rows(ByDevice<Row>& rows) {
    const int64_t oldest = tenant_.hunting_start() - day_ms;
    for (auto at = rows.begin(); at != rows.end();) {
      std::erase_if(at->second, [&](const Row& row) { return row.timestamp_ms < oldest; });
      at = at->second.empty() ? rows.erase(at) : std::next(at);
    }
  }

  void prune() {
    prune_rows(tenant_.network_rows);
    prune_rows(tenant_.device_info);
    prune_rows(tenant_.logon_events);
  }

  Tenant& tenant_;
  Random& random_;
  int64_t start_ms_;
  std::vector<std::string> ids_;
  std::vector<std::string> retiring_;
};

}  // namespace

void Tenant::live(int hours) {
  ++changes;
  for (int i = 0; i < hours; ++i) Tick(*this).run();
}

size_t Tenant::touch(size_t machines) {
  ++changes;
  now_ms += minute_ms;
  std::vector<Device*> lively;
  for (auto& [id, device] : devices) {
    const bool seen = now_ms - device.last_seen_ms < day_ms;
    if (seen && !device.silent && !device.adapters.empty()) lively.push_back(&device);
  }
  const size_t count = std::min(machines, lively.size());
  for (size_t i = 0; i < count; ++i) {
    Device& device = *lively[i * lively.size() / count];
    device.adapters.front().addresses = {{make_private_ip(random), "Private", 24}};
    device.users.push_back(make_user(*this, device, now_ms));
    report(device, now_ms);
  }
  return count;
}

}  // namespace simulator
