#include "oracle.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "oracle_network.h"
#include "text.h"

namespace oracle {
namespace {

using simulator::Alert;
using simulator::day_ms;
using simulator::Device;
using simulator::hour_ms;
using simulator::KnowledgeEntry;
using simulator::minute_ms;
using simulator::SoftwareRow;
using simulator::Tenant;

std::string quoted(std::string_view text) {
  std::string out;
  simulator::StringSink sink(out);
  simulator::JsonWriter json(sink);
  simulator::write(json, text);
  return out;
}

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::set<std::pair<std::string, std::string>> accounts_of(const Device& device) {
  std::set<std::pair<std::string, std::string>> out;
  for (const simulator::User& user : device.users)
    if (user.account_name) out.emplace(*user.account_name, user.domain);
  return out;
}

int severity_score(const std::string& severity) {
  if (severity == "High") return 8;
  if (severity == "Medium") return 5;
  return severity == "Low" ? 2 : 0;
}

/// "" for the ways in which Defender says that there is no name.
std::string name_in(const std::string& text) {
  if (text == "-" || text == "NaN" || text == "Infinity" || text == "-Infinity") return "";
  return text.find_first_not_of(" \t") == std::string::npos ? "" : text;
}

std::string host_name(const Device& device) { return name_in(device.name.value_or("")); }

void add_description(Attributes& attributes, const std::string& text) {
  name_in(text).empty() ? attributes["description!"] = ""
                        : attributes["description"] = quoted(text);
}

/// No year before 1970 is a time.
void add_time(Attributes& attributes, const std::string& name, int64_t ms) {
  ms < 0 ? attributes[name + "!"] = "" : attributes[name] = std::to_string(ms);
}

}  // namespace

/// Collects the edges of one machine after the other, with the vertices at their ends.
class Oracle::Builder {
 public:
  Builder(const Oracle& oracle, Graph& graph) : oracle_(oracle), graph_(graph) {}

  void machine(const Device& device) {
    id_ = device.id;
    host_ = car_takes_host_name(host_name(device)) ? host_name(device) : "";
    const std::string name = host_name(device).empty() ? id_ : host_name(device);
    const std::string os = name_in(device.os_platform);
    Attributes attributes{
        {"external_id", quoted(id_)}, {"name", quoted(name)}, {"description~", os}};
    add_traits(attributes, device);
    vertex("asset", id_, std::move(attributes));
    if (!host_.empty()) {
      vertex("hostname", host_, {{"host_name", quoted(host_)}});
      edge("asset_hostname", id_, host_);
    }
    if (!os.empty()) {
      application(os, {{"is_os", "true"}});
      edge("asset_application", id_, os);
    }
    network(device);
    if (const auto users = oracle_.users_.find(id_); users != oracle_.users_.end())
      for (const auto& [account, domain] : users->second) user(account, domain);
    if (const auto rows = oracle_.software_.find(id_); rows != oracle_.software_.end())
      for (const SoftwareRow& row : rows->second) software(row);
  }

  void alert(const Alert& alert) {
    const std::string title = name_in(alert.title);
    Attributes attributes{{"external_id", quoted(alert.id)},
                          {"name", quoted(title.empty() ? alert.id : title)},
                          {"base_score", std::to_string(severity_score(alert.severity))}};
    add_description(attributes, alert.description);
    add_time(attributes, "disclosed_on", alert.first_event_ms);
    add_time(attributes, "published_on", alert.creation_ms);
    vertex("vulnerability", alert.id, std::move(attributes));
    edge("asset_vulnerability", *alert.machine_id, alert.id);
  }

 private:
  void vertex(const std::string& collection, const std::string& key, Attributes attributes) {
    graph_.vertices[collection + "|" + key].merge(attributes);
  }
  void edge(const std::string& collection, const std::string& from, const std::string& to) {
    graph_.edges.insert(collection + "|" + from + "|" + to);
  }

  void network(const Device& device) {
    const auto rows = oracle_.network_.find(id_);
    static const std::vector<simulator::NetworkRow> none;
    const std::vector<CurrentAdapter> adapters =
        oracle_.options_.network == Network::machine_list
            ? network_of_list(device)
            : network_of_rows(rows == oracle_.network_.end() ? none : rows->second, device);
    for (const CurrentAdapter& adapter : adapters) {
      if (adapter.mac) {
        vertex("macaddress", *adapter.mac, {});
        edge("asset_macaddress", id_, *adapter.mac);
      }
      for (const std::string& ip : adapter.private_addresses) {
        address(ip);
        const std::string bare = without_zone(ip);
        if (adapter.mac && car_takes_address(bare))
          edge("ipaddress_macaddress", bare, *adapter.mac);
      }
    }
    if (device.external_ip) address(*device.external_ip);
  }

  void address(const std::string& with_zone) {
    const std::string ip = without_zone(with_zone);
    if (!car_takes_address(ip)) return;
    vertex("ipaddress", ip, {});
    edge("asset_ipaddress", id_, ip);
  }

  bool car_names(const std::string& field) const { return oracle_.options_.fields.contains(field); }

  static void add_score(Attributes& attributes, const std::string& field,
                        const std::map<std::string, int>& scores,
                        const std::optional<std::string>& text) {
    const auto at = scores.find(text.value_or(""));
    at == scores.end() ? attributes[field + "?"] = ""
                       : attributes[field] = std::to_string(at->second);
  }

  void add_traits(Attributes& attributes, const Device& device) const {
    if (car_names("asset.risk"))
      add_score(attributes, "risk",
                {{"High", 8}, {"Medium", 5}, {"Low", 2}, {"Informational", 1}, {"None", 0}},
                device.traits.risk);
    if (car_names("asset.business_value"))
      add_score(attributes, "business_value", {{"Low", 2}, {"Normal", 5}, {"High", 8}},
                device.traits.value);
    if (car_names("asset.asset_type")) {
      const std::string& os = device.os_platform;
      std::string type;
      if (os.find("Server") != std::string::npos)
        type = "Server";
      else if (os.starts_with("Windows") || os == "macOS")
        type = "Workstation";
      else if (os == "Android" || os == "iOS")
        type = "Mobile";
      type.empty() ? attributes["asset_type?"] = "" : attributes["asset_type"] = quoted(type);
    }
    if (!car_names("asset.tag")) return;
    std::set<std::string> tags;
    for (const std::string& tag : device.traits.tags)
      if (!name_in(tag).empty()) tags.insert(tag);
    if (const std::string group = name_in(device.traits.group.value_or("")); !group.empty())
      tags.insert("group:" + group);
    const std::string exposure = device.traits.exposure.value_or("");
    if (exposure == "Low" || exposure == "Medium" || exposure == "High")
      tags.insert("exposure:" + exposure);
    if (device.onboarding_status != "Onboarded")
      tags.insert("onboarding:" + device.onboarding_status);
    if (device.traits.excluded) tags.insert("excluded");
    std::string list;
    for (const std::string& tag : tags) list += (list.empty() ? "" : ",") + quoted(tag);
    attributes["tag@"] = "[" + list + "]";
  }

  static std::string lower(std::string text) {
    text = simulator::to_lower(text);
    for (size_t at = text.find("Ü"); at != std::string::npos; at = text.find("Ü"))
      text.replace(at, std::string("Ü").size(), "ü");
    return text;
  }

  void user(const std::string& account, const std::string& domain) {
    if (name_in(account).empty()) return;
    std::string name = account;
    if (oracle_.options_.domain_names)
      name = lower(name_in(domain).empty() ? account : domain + "\\" + account);
    Attributes attributes{{"external_id", quoted(name)}};
    if (car_names("user.username") && !oracle_.options_.domain_names)
      attributes["username"] = quoted(account);
    vertex("user", name, std::move(attributes));
    if (oracle_.options_.identity == Identity::user) {
      edge("asset_user", id_, name);
      if (!host_.empty()) edge("user_hostname", name, host_);
      return;
    }
    vertex("account", name, {{"external_id", quoted(name)}, {"name", quoted(name)}});
    edge("asset_account", id_, name);
    edge("user_account", name, name);
    if (!host_.empty()) edge("account_hostname", name, host_);
  }

  void application(const std::string& key, Attributes more) {
    more.insert({{"external_id", quoted(key)}, {"name", quoted(key)}});
    vertex("application", key, std::move(more));
  }

  void software(const SoftwareRow& row) {
    const std::string key =
        name_in(row.vendor) + ":" + name_in(row.name) + ":" + name_in(row.version);
    const bool named = key != "::";
    if (named) {
      application(key, {});
      edge("asset_application", id_, key);
    }
    const std::optional<double> told = score(row.cve_id);
    if (!told) return;
    // Half up on what is written, 8.5 -> 9; the addition hides what binary fractions do to it.
    const auto rounded = static_cast<int64_t>(std::floor(*told + 0.5 + 1e-9));
    Attributes attributes{{"external_id", quoted(row.cve_id)},
                          {"name", quoted(row.cve_id)},
                          {"base_score", std::to_string(rounded)}};
    if (const auto entry = oracle_.kb_.find(row.cve_id); entry != oracle_.kb_.end()) {
      add_description(attributes, entry->second.description);
      add_time(attributes, "published_on", entry->second.published_ms);
    }
    if (car_names("vulnerability.xfr_cvss3_base")) attributes["xfr_cvss3_base"] = number(*told);
    if (car_names("vulnerability.updated_on")) {
      const auto entry = oracle_.kb_.find(row.cve_id);
      entry == oracle_.kb_.end()
          ? attributes["updated_on?"] = ""
          : attributes["updated_on"] = std::to_string(entry->second.last_modified_ms);
    }
    vertex("vulnerability", row.cve_id, std::move(attributes));
    edge("asset_vulnerability", id_, row.cve_id);
    if (named) edge("application_vulnerability", key, row.cve_id);
  }

  /// The knowledge base's; where it has none, the one in the row.
  std::optional<double> score(const std::string& cve) const {
    const auto entry = oracle_.kb_.find(cve);
    if (entry != oracle_.kb_.end() && entry->second.score) return entry->second.score;
    const auto in_row = oracle_.row_scores_.find(cve);
    if (in_row == oracle_.row_scores_.end()) return std::nullopt;
    return in_row->second;
  }

  const Oracle& oracle_;
  Graph& graph_;
  std::string id_;
  std::string host_;
};

void Oracle::observe(const Tenant& tenant, bool full) {
  now_ms_ = tenant.now_ms;
  read_machines(tenant, full);
  auto before = std::exchange(network_, {});
  for (const auto& [id, rows] : tenant.network_rows)
    network_[id] = with_last_known(visible_rows(rows, now_ms_), before[id]);
  if (options_.software) read_software(tenant);
  for (const auto& [cve, entry] : tenant.kb) kb_[cve] = entry;
  if (options_.row_scores) row_scores_ = tenant.row_scores;
  if (options_.alerts)
    for (const auto& [id, alert] : tenant.alerts) alerts_[id] = alert;
  cursor_ms_ = now_ms_;
}

void Oracle::read_machines(const Tenant& tenant, bool full) {
  if (full)  // what the list lacks is asked for by id, and 404 lets it go
    std::erase_if(machines_,
                  [&](const auto& known) { return tenant.find(known.first) == nullptr; });
  for (const auto& [id, device] : tenant.devices) {
    Device heard = device;
    heard.last_seen_ms += device.ahead_ms;
    heard.ahead_ms = std::max<int64_t>(0, heard.last_seen_ms - now_ms_ - 5 * minute_ms);
    const bool in_window = heard.last_seen_ms >= cursor_ms_ - 24 * hour_ms;
    const bool long_inactive =
        heard.health_status == "Inactive" && heard.last_seen_ms <= now_ms_ - 15 * day_ms;
    if (!full && !in_window && !long_inactive) continue;
    const auto known = machines_.find(id);
    // What is known and was not ahead of the clock is not undone by something older. (That is all
    // there is to the older copies in the tenant's lists: the newest is always among them.)
    const bool is_older = known != machines_.end() && known->second.ahead_ms == 0 &&
                          heard.last_seen_ms < known->second.last_seen_ms;
    const bool seen_since =
        known == machines_.end() || (!is_older && heard.last_seen_ms != known->second.last_seen_ms);
    if (!is_older) machines_[id] = heard;
    if ((full || seen_since) && is_alive(heard) && device.users_status == 200)
      users_[id] = accounts_of(device);
  }
}

void Oracle::read_software(const Tenant& tenant) {
  for (const auto& [id, rows] : tenant.software)
    if (!rows.empty()) software_[id] = rows;
  for (const auto& [id, device] : machines_) {
    const auto rows = tenant.software.find(id);
    const bool has_rows = rows != tenant.software.end() && !rows->second.empty();
    if (!has_rows && device.health_status != "Inactive" &&
        now_ms_ - device.last_seen_ms <= 7 * day_ms)
      software_.erase(id);  // patched; a silent one keeps what was last known
  }
}

bool Oracle::is_asset(const Device& device) const {
  if (!counts(device)) return false;
  // Merged into one that counts, and so on: the one at the end counts. A ring has no end.
  std::set<std::string> passed;
  const Device* at = &device;
  while (options_.drop_merged && passed.insert(at->id).second) {
    const auto next = machines_.find(at->traits.merged_into.value_or(""));
    if (next == machines_.end() || next->first == at->id || !counts(next->second))
      return at == &device;
    at = &next->second;
  }
  return true;
}

bool Oracle::is_alive(const Device& device) const {
  return device.health_status != "Inactive" || device.last_seen_ms > now_ms_ - 15 * day_ms;
}

/// By its own record.
bool Oracle::counts(const Device& device) const {
  const simulator::Traits& traits = device.traits;
  if (!is_alive(device)) return false;
  if (!options_.onboarding.empty() && !options_.onboarding.contains(device.onboarding_status))
    return false;
  if (!options_.groups.empty() && !options_.groups.contains(traits.group.value_or("")))
    return false;
  return std::none_of(traits.tags.begin(), traits.tags.end(),
                      [&](const std::string& tag) { return options_.excluded_tags.contains(tag); });
}

std::set<std::string> Oracle::assets() const {
  std::set<std::string> out;
  for (const auto& [id, device] : machines_)
    if (is_asset(device)) out.insert(id);
  return out;
}

Graph Oracle::graph() const {
  Graph out;
  Builder builder(*this, out);
  for (const auto& [id, device] : machines_)
    if (is_asset(device)) builder.machine(device);
  for (const auto& [id, alert] : alerts_) {
    if (alert.status == "Resolved" || !alert.machine_id) continue;
    const auto machine = machines_.find(*alert.machine_id);
    if (machine != machines_.end() && is_asset(machine->second)) builder.alert(alert);
  }
  return out;
}

}  // namespace oracle
