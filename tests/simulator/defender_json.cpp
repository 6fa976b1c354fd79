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

}  // namespace simulator
