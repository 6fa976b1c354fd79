#include "defender_json.h"

namespace simulator {
namespace {

/// Writes an object member by member; a raw override takes the place of a member's value.
class Members {
 public:
  Members(JsonWriter& json, const std::map<std::string, std::string>& overrides)
      : json_(json), overrides_(overrides) {
    json_.StartObject();
  }
  void end() {
    // Overrides of keys that the object does not have otherwise are added to it.
    for (const auto& [key, raw] : overrides_)
      if (!used_.contains(key)) member(key, raw);
    json_.EndObject();
  }
  template <typename Write>
  void put(std::string_view key, const Write& write_value) {
    if (!overrides_.empty()) {
      if (const auto at = overrides_.find(std::string(key)); at != overrides_.end()) {
        used_.insert(at->first);
        return member(key, at->second);
      }
    }
    write_key(json_, key);
    write_value();
  }
  void text(std::string_view key, std::string_view value) {
    put(key, [&] { write(json_, value); });
  }
  void text(std::string_view key, const std::optional<std::string>& value) {
    value ? text(key, std::string_view(*value)) : null(key);
  }
  void time(std::string_view key, int64_t ms) { text(key, std::string_view(wire_time(ms))); }
  void null(std::string_view key) {
    put(key, [&] { json_.Null(); });
  }
  void number(std::string_view key, int64_t value) {
    put(key, [&] { json_.Int64(value); });
  }
  void boolean(std::string_view key, bool value) {
    put(key, [&] { json_.Bool(value); });
  }
  void texts(std::string_view key, const std::vector<std::string>& values) {
    put(key, [&] {
      json_.StartArray();
      for (const std::string& value : values) write(json_, value);
      json_.EndArray();
    });
  }
  void empty_array(std::string_view key) {
    put(key, [&] {
      json_.StartArray();
      json_.EndArray();
    });
  }

 private:
  void member(std::string_view key, const std::string& raw) {
    write_key(json_, key);
    write_raw(json_, raw);
  }
  JsonWriter& json_;
  const std::map<std::string, std::string>& overrides_;
  std::set<std::string> used_;
};

const std::map<std::string, std::string> no_overrides;

/// Raw values by Defender's names, under Graph's names; that of the machine is apart.
std::map<std::string, std::string> graph_overrides(const Alert& alert) {
  static const std::map<std::string, std::string> names{{"alertCreationTime", "createdDateTime"},
                                                        {"firstEventTime", "firstActivityDateTime"},
                                                        {"lastUpdateTime", "lastUpdateDateTime"},
                                                        {"resolvedTime", "resolvedDateTime"}};
  std::map<std::string, std::string> out;
  for (const auto& [key, raw] : alert.raw_fields) {
    if (key == "machineId") continue;
    const auto name = names.find(key);
    out.emplace(name == names.end() ? key : name->second, raw);
  }
  return out;
}

/// One piece of evidence; `machine` is raw JSON.
void write_evidence(JsonWriter& json, std::string_view type, const std::string& machine,
                    std::string_view detailed_role) {
  Members item(json, no_overrides);
  item.text("@odata.type", std::string_view("#microsoft.graph.security." + std::string(type)));
  item.text("verdict", std::string_view("suspicious"));
  item.put("mdeDeviceId", [&] { write_raw(json, machine); });
  item.put("detailedRoles", [&] {
    json.StartArray();
    if (!detailed_role.empty()) write(json, detailed_role);
    json.EndArray();
  });
  item.end();
}

/// Where the machine stands in an alert's evidence differs from alert to alert.
void write_evidence_list(JsonWriter& json, const Alert& alert, const Tenant& tenant) {
  std::string machine = "null";
  if (alert.machine_id) machine = "\"" + tenant.in_other_apis(*alert.machine_id) + "\"";
  if (const auto raw = alert.raw_fields.find("machineId"); raw != alert.raw_fields.end())
    machine = raw->second;
  const std::string another = "\"ffffffffffffffffffffffffffffffffffffffff\"";
  json.StartArray();
  const auto form = machine == "null" ? 3 : stable_hash(alert.id) % 4;
  if (form == 0) write_evidence(json, "processEvidence", another, "");
  if (form == 0) write_evidence(json, "deviceEvidence", machine, "Main device");
  if (form == 1) write_evidence(json, "deviceEvidence", another, "");
  if (form == 1) write_evidence(json, "deviceEvidence", machine, "Main device");
  if (form == 2) write_evidence(json, "fileEvidence", machine, "");
  if (form == 2) write_evidence(json, "deviceEvidence", "null", "Main device");
  if (form == 3) write_evidence(json, "deviceEvidence", machine, "");
  if (form == 3 && machine != "null") write_evidence(json, "deviceEvidence", another, "");
  json.EndArray();
}

void write_addresses(JsonWriter& json, const Device& device) {
  json.StartArray();
  for (const MachineAddress& address : device.ip_addresses) {
    Members item(json, no_overrides);
    item.text("ipAddress", std::string_view(address.ip));
    item.text("macAddress", address.mac);
    item.text("type", std::string_view(address.type));
    item.text("operationalStatus", std::string_view(address.operational_status));
    item.end();
  }
  json.EndArray();
}

}  // namespace

void write_machine(JsonWriter& json, const Device& device) {
  Members out(json, device.raw_fields);
  out.text("id", std::string_view(device.id));
  out.text("mergedIntoMachineId", device.traits.merged_into);
  out.boolean("isPotentialDuplication", false);
  out.boolean("isExcluded", device.traits.excluded);
  out.null("exclusionReason");
  out.text("computerDnsName", device.name);
  out.time("firstSeen", device.first_seen_ms);
  out.time("lastSeen", device.last_seen_ms + device.ahead_ms);
  out.text("osPlatform", std::string_view(device.os_platform));
  out.null("osVersion");
  out.text("osProcessor", std::string_view("x64"));
  out.text("version", std::string_view(device.version));
  out.text("lastIpAddress", device.last_ip);
  out.text("lastExternalIpAddress", device.external_ip);
  out.text("agentVersion", std::string_view("10.8790.19045.5608"));
  device.os_platform.starts_with("Windows") ? out.number("osBuild", 19045) : out.null("osBuild");
  out.text("healthStatus", std::string_view(device.health_status));
  out.text("deviceValue", device.traits.value);
  out.number("rbacGroupId", 0);
  out.text("rbacGroupName", device.traits.group);
  out.text("riskScore", device.traits.risk);
  out.text("exposureLevel", device.traits.exposure);
  out.null("isAadJoined");
  out.null("aadDeviceId");
  out.texts("machineTags", device.traits.tags);
  out.text("onboardingStatus", std::string_view(device.onboarding_status));
  out.text("osArchitecture", std::string_view("64-bit"));
  out.text("managedBy", std::string_view("Unknown"));
  out.text("managedByStatus", std::string_view("Unknown"));
  out.put("ipAddresses", [&] { write_addresses(json, device); });
  out.null("vmMetadata");
  out.end();
}

void write_user(JsonWriter& json, const Device& device, const User& user) {
  const std::string account = user.account_name.value_or("");
  Members out(json, no_overrides);
  out.text("id", std::string_view(user.domain + "\\" + account));
  out.text("accountName", user.account_name);
  out.text("accountDomain", std::string_view(user.domain));
  user.sid.empty() ? out.null("accountSid") : out.text("accountSid", std::string_view(user.sid));
  out.text("firstSeen", std::string_view(format_iso(user.first_seen_ms, 0)));
  out.text("lastSeen", std::string_view(format_iso(user.last_seen_ms, 0)));
  out.text("mostPrevalentMachineId", std::string_view(device.id));
  out.null("leastPrevalentMachineId");
  out.text("logonTypes", std::string_view(user.logon_types));
  out.null("logOnMachinesCount");
  out.boolean("isDomainAdmin", false);
  out.null("isOnlyNetworkUser");
  out.end();
}

void write_alert(JsonWriter& json, const Alert& alert, const Tenant& tenant) {
  const Device* device = alert.machine_id ? tenant.find(*alert.machine_id) : nullptr;
  Members out(json, alert.raw_fields);
  out.text("id", std::string_view(alert.id));
  out.number("incidentId", alert.creation_ms % 100'000);
  out.null("investigationId");
  out.null("assignedTo");
  out.text("severity", std::string_view(alert.severity));
  out.text("status", std::string_view(alert.status));
  out.null("classification");
  out.null("determination");
  out.text("investigationState", std::string_view("UnsupportedAlertType"));
  out.text("detectionSource", std::string_view("EDR"));
  out.null("detectorId");
  out.text("category", std::string_view("Execution"));
  out.null("threatFamilyName");
  out.text("title", std::string_view(alert.title));
  out.text("description", std::string_view(alert.description));
  out.time("alertCreationTime", alert.creation_ms);
  out.time("firstEventTime", alert.first_event_ms);
  out.time("lastEventTime", alert.creation_ms);
  out.time("lastUpdateTime", alert.last_update_ms);
  alert.status == "Resolved" ? out.time("resolvedTime", alert.last_update_ms)
                             : out.null("resolvedTime");
  if (alert.machine_id)
    out.text("machineId", std::string_view(tenant.in_other_apis(*alert.machine_id)));
  else
    out.null("machineId");
  device ? out.text("computerDnsName", device->name) : out.null("computerDnsName");
  out.null("rbacGroupName");
  out.null("threatName");
  out.empty_array("mitreTechniques");
  out.null("relatedUser");
  out.empty_array("comments");
  out.empty_array("evidence");
  out.end();
}

std::string in_graph(std::string_view word) {
  if (word == "UnSpecified") return "unknown";
  std::string out(word);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
  return out;
}

void write_graph_alert(JsonWriter& json, const Alert& alert, const Tenant& tenant,
                       const std::string& id_prefix) {
  const std::map<std::string, std::string> overrides = graph_overrides(alert);
  Members out(json, overrides);
  out.text("id", std::string_view(id_prefix + alert.id));
  out.text("providerAlertId", std::string_view(alert.id));
  out.text("incidentId", std::string_view(std::to_string(alert.creation_ms % 100'000)));
  out.text("status", std::string_view(in_graph(alert.status)));
  out.text("severity", std::string_view(in_graph(alert.severity)));
  out.text("serviceSource", std::string_view("microsoftDefenderForEndpoint"));
  out.text("detectionSource", std::string_view("antivirus"));
  out.text("title", std::string_view(alert.title));
  out.text("description", std::string_view(alert.description));
  out.text("category", std::string_view("Execution"));
  out.time("createdDateTime", alert.creation_ms);
  out.time("lastUpdateDateTime", alert.last_update_ms);
  alert.status == "Resolved" ? out.time("resolvedDateTime", alert.last_update_ms)
                             : out.null("resolvedDateTime");
  out.time("firstActivityDateTime", alert.first_event_ms);
  out.time("lastActivityDateTime", alert.creation_ms);
  out.empty_array("comments");
  out.put("evidence", [&] { write_evidence_list(json, alert, tenant); });
  out.end();
}

}  // namespace simulator
