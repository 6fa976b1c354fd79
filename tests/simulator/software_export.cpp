#include "software_export.h"

#include <algorithm>
#include <charconv>

#include "login_service.h"
#include "odata_filter.h"
#include "text.h"

namespace simulator {
namespace {

constexpr int64_t block_ms = 6 * hour_ms;
constexpr int64_t reach_ms = 14 * day_ms;
constexpr size_t usual_page = 50'000;
constexpr size_t largest_page = 200'000;
constexpr size_t largest_cve_page = 8'000;
constexpr std::string_view context = "https://api.securitycenter.microsoft.com/api/$metadata#";

Reply bad_request(std::string_view what) { return api_error(400, "BadRequest", what); }

/// Defender takes these names in any case.
const std::string* parameter(const Call& call, std::string_view name) {
  for (const auto& [key, value] : call.query)
    if (to_lower(key) == name) return &value;
  return nullptr;
}

std::optional<size_t> count_in(const Call& call, std::string_view name, size_t fallback) {
  const std::string* text = parameter(call, name);
  if (text == nullptr) return fallback;
  size_t value = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || stop != text->data() + text->size()) return std::nullopt;
  return value;
}

/// "2026-03-02 06:00:00"
std::string space_time(int64_t ms, int digits) {
  std::string text = format_iso(ms, digits);
  text[10] = ' ';
  text.pop_back();
  return text;
}

void write_empty_list(JsonWriter& json, std::string_view key) {
  write_key(json, key);
  json.StartArray();
  json.EndArray();
}

std::string token_of(int walk, size_t line) {
  return encode_base64url(R"({"snapshot":")" + std::to_string(walk) + R"(","line":)" +
                          std::to_string(line) + "}");
}

FilterValue cve_property(const std::string& id, const KnowledgeEntry& entry,
                         std::string_view name) {
  if (name == "id" || name == "name") return id;
  if (name == "severity") return entry.severity;
  if (name == "updatedOn") return entry.last_modified_ms;
  if (name == "publishedOn") return entry.published_ms;
  return {};
}

void write_cve(JsonWriter& json, const std::string& id, const KnowledgeEntry& entry) {
  json.StartObject();
  write_pair(json, "id", id);
  write_pair(json, "name", id);
  write_pair(json, "description", entry.description);
  write_pair(json, "severity", entry.severity);
  write_key(json, "cvssV3");
  if (entry.score) {
    json.Double(*entry.score);
  } else {
    entry.score_word.empty() ? static_cast<void>(json.Null()) : write(json, entry.score_word);
  }
  write_key(json, "exposedMachines");
  json.Int(1);
  write_pair(json, "publishedOn", wire_time(entry.published_ms));
  write_pair(json, "updatedOn", wire_time(entry.last_modified_ms));
  write_key(json, "publicExploit");
  json.Bool(false);
  write_empty_list(json, "exploitTypes");
  json.EndObject();
}

}  // namespace

Reply SoftwareExport::rows(const Call& call, const Tenant& tenant) {
  if (auto next = continued(call, tenant)) return *next;
  assess(tenant);
  std::vector<Item> items;
  for (const auto& [device, rows] : known_)
    for (const SoftwareRow& row : rows) items.push_back({device, row, group_of(device), "", 0});
  return begin(call, tenant, std::move(items));
}

Reply SoftwareExport::changes(const Call& call, const Tenant& tenant) {
  if (auto next = continued(call, tenant)) return *next;
  const std::string* text = parameter(call, "sincetime");
  const std::optional<int64_t> since = text == nullptr ? std::nullopt : parse_iso(*text);
  if (!since) return bad_request("The parameter sinceTime is missing or no time.");
  if (*since < tenant.now_ms - reach_ms)
    return bad_request("The parameter sinceTime must not be more than 14 days ago.");
  assess(tenant);
  const int64_t begin_ms = *since / block_ms * block_ms;
  std::vector<Item> items;
  std::copy_if(events_.rbegin(), events_.rend(), std::back_inserter(items),
               [&](const Item& event) { return event.at_ms >= begin_ms; });
  return begin(call, tenant, std::move(items));
}

Reply SoftwareExport::vulnerabilities(const Call& call, const Tenant& tenant) {
  const auto top = count_in(call, "$top", largest_cve_page);
  const auto skip = count_in(call, "$skip", 0);
  if (!top || !skip || *top > largest_cve_page) return bad_request("$top or $skip is wrong.");
  std::optional<FilterTest> filter;
  if (const std::string* text = parameter(call, "$filter")) {
    filter = parse_filter(*text, [](std::string_view name) { return cve_property("", {}, name); });
    if (!filter) return bad_request("The query specified in the URI is not valid.");
  }
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "@odata.context", std::string(context) + "PublicVulnerabilityDto");
  write_key(json, "value");
  json.StartArray();
  size_t position = 0;
  for (const auto& [id, entry] : tenant.kb) {
    if (call.empty_list || position >= *skip + *top) break;
    const FilterProperty property = [&cve = id, &of = entry](std::string_view name) {
      return cve_property(cve, of, name);
    };
    if (filter && !(*filter)(property)) continue;
    if (position++ >= *skip) write_cve(json, id, entry);
  }
  json.EndArray();
  json.EndObject();
  return reply;
}

void SoftwareExport::change_group(const Tenant& tenant, const std::string& device,
                                  const std::string& group) {
  assess(tenant);
  const int64_t at_ms = stamp(tenant);
  const std::string before = group_of(device);
  groups_[device] = group;
  for (const SoftwareRow& row : known_[device]) {
    events_.push_back({device, row, before, "Fixed", at_ms});
    events_.push_back({device, row, group, "New", at_ms});
  }
}

void SoftwareExport::expire_links(int after_pages, int status) {
  pages_until_expiry_ = after_pages;
  expired_status_ = status;
}

Reply SoftwareExport::begin(const Call& call, const Tenant& tenant, std::vector<Item> items) {
  const auto size = count_in(call, "pagesize", usual_page);
  const auto top = count_in(call, "$top", items.size());
  if (!size || !top || *size == 0 || *size > largest_page)
    return bad_request("pageSize must be a number from 1 to 200000.");
  const bool linked = parameter(call, "$top") == nullptr;
  items.resize(std::min(items.size(), *top));
  if (call.empty_list) items.clear();
  walk_ = {++walks_, call.path, *size, linked, std::move(items)};
  return page(call, tenant, walk_, 0);
}

std::optional<Reply> SoftwareExport::continued(const Call& call, const Tenant& tenant) {
  const std::string* token = parameter(call, "$skiptoken");
  if (token == nullptr) return std::nullopt;
  if (pages_until_expiry_ == 0) {
    pages_until_expiry_ = -1;
    walk_ = {};
  }
  for (size_t line = 0; line < walk_.items.size(); line += walk_.page_size)
    if (call.path == walk_.path && token_of(walk_.number, line) == *token)
      return page(call, tenant, walk_, line);
  return api_error(expired_status_, "Gone", "The page's token has expired.");
}

Reply SoftwareExport::page(const Call& call, const Tenant& tenant, const Walk& walk, size_t from) {
  const size_t end = std::min(walk.items.size(), from + walk.page_size);
  if (pages_until_expiry_ > 0) --pages_until_expiry_;
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "@odata.context", std::string(context) + "Collection(AssetVulnerability)");
  write_key(json, "value");
  json.StartArray();
  for (size_t at = from; at < end; ++at) write_item(json, tenant, walk.items[at]);
  json.EndArray();
  if (walk.linked && end < walk.items.size())
    write_pair(json, "@odata.nextLink",
               call.base_url + walk.path + "?pagesize=" + std::to_string(walk.page_size) +
                   "&$skiptoken=" + token_of(walk.number, end));
  json.EndObject();
  return reply;
}

void SoftwareExport::write_item(JsonWriter& json, const Tenant& tenant, const Item& item) {
  const Device* device = tenant.find(item.device);
  const auto known = tenant.kb.find(item.row.cve_id);
  json.StartObject();
  write_pair(json, "id",
             item.device + "_" + item.row.vendor + "_" + item.row.name + "_" + item.row.version +
                 "_" + item.row.cve_id);
  write_pair(json, "deviceId", tenant.in_other_apis(item.device));
  write_pair(json, "rbacGroupName", item.group);
  write_pair(json, "deviceName", device != nullptr ? device->name.value_or("") : "");
  write_pair(json, "osPlatform", device != nullptr ? device->os_platform : "");
  write_pair(json, "osVersion", device != nullptr ? device->version : "");
  write_pair(json, "osArchitecture", "x64");
  write_pair(json, "softwareVendor", item.row.vendor);
  write_pair(json, "softwareName", item.row.name);
  write_pair(json, "softwareVersion", item.row.version);
  write_key(json, "cveId");
  // Software without one: seen either way.
  const bool null = item.row.cve_id.empty() && stable_hash(item.device) % 2 == 0;
  null ? static_cast<void>(json.Null()) : write(json, item.row.cve_id);
  if (const auto score = tenant.row_scores.find(item.row.cve_id);
      score != tenant.row_scores.end()) {
    write_key(json, "cvssScore");
    json.Double(score->second);
  }
  write_pair(json, "vulnerabilitySeverityLevel",
             known != tenant.kb.end() ? known->second.severity : "");
  write_pair(json, "recommendedSecurityUpdate", "");
  write_empty_list(json, "diskPaths");
  write_empty_list(json, "registryPaths");
  write_pair(json, "firstSeenTimestamp", space_time(tenant.options.start_ms, 0));
  write_pair(json, "lastSeenTimestamp", space_time(tenant.now_ms, 7));
  write_pair(json, "exploitabilityLevel", "NoExploit");
  write_pair(json, "recommendationReference", "va-_-" + item.row.vendor + "-_-" + item.row.name);
  write_key(json, "securityUpdateAvailable");
  json.Bool(true);
  if (!item.status.empty()) {
    write_pair(json, "status", item.status);
    const bool iso = stable_hash(item.device + item.row.name) % 2 == 0;
    write_pair(json, "eventTimestamp", iso ? format_iso(item.at_ms, 3) : space_time(item.at_ms, 7));
    write_key(json, "isOnboarded");
    json.Bool(true);
  }
  json.EndObject();
}

void SoftwareExport::assess(const Tenant& tenant) {
  if (asked_) {
    const int64_t at_ms = stamp(tenant);
    static const std::vector<SoftwareRow> none;
    for (const auto& [device, rows] : known_) {
      const auto now = tenant.software.find(device);
      compare(device, rows, now == tenant.software.end() ? none : now->second, at_ms);
    }
    for (const auto& [device, rows] : tenant.software)
      if (!known_.contains(device)) compare(device, none, rows, at_ms);
    std::erase_if(events_,
                  [&](const Item& event) { return event.at_ms < tenant.now_ms - 15 * day_ms; });
  }
  asked_ = true;
  known_ = tenant.software;
}

void SoftwareExport::compare(const std::string& device, const std::vector<SoftwareRow>& before,
                             const std::vector<SoftwareRow>& now, int64_t at_ms) {
  if (before == now) return;
  const auto add = [&](const std::vector<SoftwareRow>& rows, const std::vector<SoftwareRow>& others,
                       const char* status) {
    for (const SoftwareRow& row : rows)
      if (std::find(others.begin(), others.end(), row) == others.end())
        events_.push_back({device, row, group_of(device), status, at_ms});
  };
  add(before, now, "Fixed");
  add(now, before, "New");
}

/// No two assessments are of the same moment, even where no time goes by between them.
int64_t SoftwareExport::stamp(const Tenant& tenant) {
  last_stamp_ms_ = std::max(tenant.now_ms, last_stamp_ms_ + 1);
  return last_stamp_ms_;
}

std::string SoftwareExport::group_of(const std::string& device) const {
  const auto at = groups_.find(device);
  return at == groups_.end() ? "Unassigned" : at->second;
}

}  // namespace simulator
