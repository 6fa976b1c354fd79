#include "defender_service.h"

#include <algorithm>
#include <charconv>

#include "defender_json.h"
#include "odata_filter.h"
#include "text.h"

namespace simulator {
namespace {

constexpr std::string_view odata_type =
    "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8";
constexpr std::string_view context = "https://api.securitycenter.microsoft.com/api/$metadata#";

constexpr std::string_view export_path = "/api/machines/SoftwareVulnerabilitiesByMachine";
constexpr std::string_view changes_path = "/api/machines/SoftwareVulnerabilityChangesByMachine";

Reply odata_reply() {
  Reply reply;
  reply.content_type = odata_type;
  reply.headers.emplace_back("OData-Version", "4.0");
  return reply;
}

FilterValue device_property(const Device& device, std::string_view name) {
  if (name == "lastSeen") return device.last_seen_ms + device.ahead_ms;
  if (name == "firstSeen") return device.first_seen_ms;
  if (name == "healthStatus") return device.health_status;
  if (name == "onboardingStatus") return device.onboarding_status;
  if (name == "osPlatform") return device.os_platform;
  if (name == "id") return device.id;
  if (name == "computerDnsName") return device.name.value_or("");
  return {};
}

FilterValue alert_property(const Alert& alert, std::string_view name) {
  if (name == "lastUpdateTime") return alert.last_update_ms;
  if (name == "alertCreationTime") return alert.creation_ms;
  if (name == "status") return alert.status;
  if (name == "severity") return alert.severity;
  if (name == "id") return alert.id;
  return {};
}

FilterValue graph_alert_property(const Alert& alert, std::string_view name) {
  if (name == "serviceSource") return std::string("microsoftDefenderForEndpoint");
  if (name == "lastUpdateDateTime") return alert.last_update_ms;
  if (name == "createdDateTime") return alert.creation_ms;
  if (name == "status") return in_graph(alert.status);
  if (name == "severity") return in_graph(alert.severity);
  return {};
}

std::optional<size_t> read_count(const Call& call, const std::string& key, size_t fallback) {
  const auto at = call.query.find(key);
  if (at == call.query.end()) return fallback;
  size_t value = 0;
  const char* end = at->second.data() + at->second.size();
  const auto [stop, error] = std::from_chars(at->second.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

struct Page {
  size_t top = 0;
  size_t skip = 0;
  bool has_top = false;
  std::optional<FilterTest> filter;
};

std::optional<Page> read_page(const Call& call, size_t page_size, const FilterProperty& probe) {
  Page page;
  for (const auto& [key, value] : call.query)
    if (key != "$top" && key != "$skip" && key != "$filter" && key != "api-version" &&
        key != "$expand")
      return std::nullopt;
  page.has_top = call.query.contains("$top");
  const auto top = read_count(call, "$top", page_size);
  const auto skip = read_count(call, "$skip", 0);
  if (!top || !skip || *top > 10'000) return std::nullopt;
  page.top = std::min(*top, page_size);
  page.skip = *skip;
  const auto filter = call.query.find("$filter");
  if (filter == call.query.end()) return page;
  page.filter = parse_filter(filter->second, probe);
  return page.filter ? std::optional<Page>(page) : std::nullopt;
}

std::string next_link(const Call& call, const Page& page) {
  std::string link = call.base_url + call.path + "?";
  const auto filter = call.query.find("$filter");
  if (filter != call.query.end()) {
    link += "$filter=";
    for (const char c : filter->second) link += c == ' ' ? std::string("%20") : std::string(1, c);
    link += "&";
  }
  if (page.has_top) link += "$top=" + std::to_string(page.top) + "&";
  return link + "$skip=" + std::to_string(page.skip + page.top);
}

/// The list answer over a map of items, shared by machines and alerts.
template <typename Items, typename Property, typename Write>
Reply list(const Call& call, const DefenderOptions& options, std::string_view kind,
           const Items& items, const Items& older, const Property& property,
           const Write& write_item, bool always_links = false) {
  using Item = typename Items::mapped_type;
  const Item sample{};
  const std::optional<Page> page = read_page(
      call, options.page_size, [&](std::string_view name) { return property(sample, name); });
  if (!page) return api_error(400, "BadRequest", "The query specified in the URI is not valid.");
  Reply reply = odata_reply();
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "@odata.context", std::string(context) + std::string(kind));
  write_key(json, "value");
  json.StartArray();
  size_t matched = 0;
  const auto list_one = [&](const Item& item) {
    const FilterProperty of_item = [&](std::string_view name) { return property(item, name); };
    if (page->filter && !(*page->filter)(of_item)) return;
    const size_t position = matched++;
    if (position >= page->skip && position < page->skip + page->top) write_item(json, item);
  };
  for (const auto& [key, item] : items) {
    if (call.empty_list || matched > page->skip + page->top) break;
    const auto copy = older.find(key);
    const bool before = stable_hash(key) % 2 == 0;
    if (copy != older.end() && before) list_one(copy->second);
    list_one(item);
    if (copy != older.end() && !before) list_one(copy->second);
  }
  json.EndArray();
  const bool more = matched > page->skip + page->top;
  if (more && ((!page->has_top && options.next_links) || always_links))
    write_pair(json, "@odata.nextLink", next_link(call, *page));
  json.EndObject();
  if (matched == 0 && options.empty_list_is_404)
    return api_error(404, "ResourceNotFound", "No recent " + std::string(kind) + " were found.");
  return reply;
}

/// "… | where hash(DeviceId, 8) == 3" is one of 8.
int shards_of(std::string_view query) {
  const size_t hash = query.find("hash(");
  const size_t comma = hash == std::string_view::npos ? hash : query.find(", ", hash);
  if (comma == std::string_view::npos) return 1;
  int shards = 1;
  std::from_chars(query.data() + comma + 2, query.data() + query.size(), shards);
  return shards;
}

void write_hunting(std::string& body, const HuntingResult& result, bool graph) {
  StringSink sink(body);
  JsonWriter json(sink);
  body.reserve(result.rows_json.size() + 2000);
  json.StartObject();
  if (graph)
    write_pair(json, "@odata.context",
               "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security."
               "huntingQueryResults");
  write_key(json, graph ? "schema" : "Schema");
  json.StartArray();
  for (const HuntingColumn& column : result.schema) {
    json.StartObject();
    write_pair(json, graph ? "name" : "Name", column.name);
    write_pair(json, graph ? "type" : "Type", column.type);
    json.EndObject();
  }
  json.EndArray();
  write_key(json, graph ? "results" : "Results");
  write_raw(json, result.rows_json);
  if (!graph) {
    write_key(json, "Stats");
    json.StartObject();
    write_key(json, "ExecutionTime");
    json.Double(0.0156);
    write_key(json, "resource_usage");
    write_raw(json, R"({"cpu":{"user":"00:00:00","kernel":"00:00:00","total cpu":"00:00:00"}})");
    json.EndObject();
  }
  json.EndObject();
}

}  // namespace

Reply DefenderService::answer(const Call& call) {
  return lies_.answer(call, tenant_, [this](const Call& asked) { return truth(asked); });
}

Reply DefenderService::answer_graph(const Call& call) {
  return lies_.answer(call, tenant_, [this](const Call& asked) { return truth_of_graph(asked); });
}

template <typename Make>
Reply DefenderService::prepared(const Call& call, const Make& make) {
  if (call.empty_list) return make();
  if (const Reply* held = prepared_.find(call, tenant_.changes)) return *held;
  Reply reply = make();
  prepared_.keep(call, reply);
  return reply;
}

Reply DefenderService::truth(const Call& call) {
  std::string path = call.path;
  if (path.starts_with("/api/v1.0/")) path.erase(4, 5);
  std::string role = "Machine.Read.All";
  if (path == "/api/alerts") role = "Alert.Read.All";
  if (path == "/api/advancedqueries/run") role = "AdvancedQuery.Read.All";
  if (path.ends_with("/logonusers")) role = "User.Read.All";
  const bool of_export =
      path == "/api/vulnerabilities" || path == export_path || path == changes_path;
  if (of_export) role = "Vulnerability.Read.All";
  if (auto refused = login_.refuse(call, login_.options().defender_resource, role, tenant_.now_ms))
    return *refused;
  if (path == "/api/advancedqueries/run" && call.method == "POST") {
    if (options_.hunting) return prepared(call, [&] { return hunt(call, false); });
    return api_error(options_.no_hunting_status, "Forbidden",
                     "Advanced hunting is not part of this tenant's licence.");
  }
  if (call.method == "GET") {
    if (path == "/api/machines") return prepared(call, [&] { return machines(call); });
    if (path == "/api/alerts" && !options_.alerts)
      return api_error(options_.no_alerts_status,
                       options_.no_alerts_status == 404 ? "ResourceNotFound" : "Forbidden",
                       "This API has been retired.");
    if (path == "/api/alerts") return prepared(call, [&] { return alerts(call); });
    if (of_export) return vulnerabilities(call, path);
    const std::vector<std::string> parts = split(path, '/');  // "", api, machines, id, what
    if (parts.size() == 4 && parts[2] == "machines") return machine(decode_url(parts[3]));
    if (parts.size() == 5 && parts[2] == "machines" && parts[4] == "logonusers")
      return logon_users(decode_url(parts[3]));
  }
  return api_error(404, "NotFound", "No HTTP resource was found that matches the request URI.");
}

Reply DefenderService::vulnerabilities(const Call& call, std::string_view path) {
  if (!options_.vulnerability_export)
    return api_error(options_.no_export_status, "Forbidden",
                     "Vulnerability management is not part of this tenant's licence.");
  if (path == export_path) return software_export_.rows(call, tenant_);
  if (path == changes_path) return software_export_.changes(call, tenant_);
  return SoftwareExport::vulnerabilities(call, tenant_);
}

Reply DefenderService::truth_of_graph(const Call& call) {
  if (call.path == "/v1.0/security/alerts_v2" && call.method == "GET") {
    if (auto refused = login_.refuse(call, login_.options().graph_resource,
                                     "SecurityAlert.Read.All", tenant_.now_ms))
      return *refused;
    if (!options_.graph_alerts)
      return api_error(options_.no_alerts_status, "Forbidden", "Alerts are not offered here.");
    return prepared(call, [&] { return graph_alerts(call); });
  }
  if (call.path != "/v1.0/security/runHuntingQuery" || call.method != "POST")
    return api_error(404, "ResourceNotFound", "Resource not found for the segment.");
  if (auto refused = login_.refuse(call, login_.options().graph_resource, "ThreatHunting.Read.All",
                                   tenant_.now_ms))
    return *refused;
  if (!options_.graph_hunting)
    return api_error(options_.no_hunting_status, "Forbidden",
                     "Advanced hunting is not part of this tenant's licence.");
  return prepared(call, [&] { return hunt(call, true); });
}

Reply DefenderService::machines(const Call& call) const {
  return list(call, options_, "Machines", tenant_.devices, tenant_.older_devices, device_property,
              [](JsonWriter& json, const Device& device) { write_machine(json, device); });
}

Reply DefenderService::alerts(const Call& call) const {
  return list(call, options_, "Alerts", tenant_.alerts, tenant_.older_alerts, alert_property,
              [&](JsonWriter& json, const Alert& alert) { write_alert(json, alert, tenant_); });
}

Reply DefenderService::graph_alerts(const Call& call) const {
  const auto filter = call.query.find("$filter");
  const bool by_inequality =
      filter != call.query.end() && filter->second.find(" ne ") != std::string::npos;
  if (by_inequality && !options_.graph_takes_ne)
    return api_error(400, "BadRequest", "Invalid filter clause: operator ne.");
  DefenderOptions options = options_;
  options.page_size = std::min<size_t>(options.page_size, 2'000);
  options.empty_list_is_404 = false;
  auto shown = tenant_.alerts;
  for (const std::string& id : options_.graph_lacks) shown.erase(id);
  return list(
      call, options, "Collection(microsoft.graph.security.alert)", shown, tenant_.older_alerts,
      graph_alert_property,
      [&](JsonWriter& json, const Alert& alert) {
        write_graph_alert(json, alert, tenant_, options_.graph_id_prefix);
      },
      options_.graph_next_links);
}

Reply DefenderService::machine(const std::string& id_or_name) const {
  const Device* found = tenant_.find(id_or_name);
  if (found == nullptr)
    for (const auto& [id, device] : tenant_.devices)
      if (device.name && !id_or_name.empty() && *device.name == id_or_name) found = &device;
  if (found == nullptr)
    return api_error(404, "ResourceNotFound", "Machine " + id_or_name + " was not found");
  Reply reply = odata_reply();
  StringSink sink(reply.body);
  JsonWriter json(sink);
  write_machine(json, *found);
  reply.body.insert(1, R"("@odata.context":")" + std::string(context) + R"(Machines/$entity",)");
  return reply;
}

Reply DefenderService::logon_users(const std::string& id) const {
  const Device* device = tenant_.find(id);
  if (device == nullptr)
    return api_error(404, "ResourceNotFound", "Machine " + id + " was not found");
  if (device->users_status == 204) return {.status = 204};
  if (device->users_status != 200)
    return api_error(device->users_status, "OsPlatformNotSupported",
                     "OS Platform Other isn't supported for this action.");
  Reply reply = odata_reply();
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "@odata.context", std::string(context) + "Users");
  write_key(json, "value");
  json.StartArray();
  for (const User& user : device->users) write_user(json, *device, user);
  for (const User& user : device->nobodies) write_user(json, *device, user);
  json.EndArray();
  json.EndObject();
  return reply;
}

Reply DefenderService::hunt(const Call& call, bool graph) {
  rapidjson::Document body;
  body.Parse(call.body.data(), call.body.size());
  if (body.HasParseError() || !body.IsObject() || !body.HasMember("Query") ||
      !body["Query"].IsString())
    return api_error(400, graph ? "BadRequest" : "InvalidRequestBody",
                     "The request body must be a JSON object with a Query.");
  HuntingLimits limits = options_.limits;
  if (call.empty_list) limits.row_cap = 0;
  const std::string query = body["Query"].GetString();
  const std::string table = query.substr(0, query.find_first_of(" |\n"));
  if (options_.missing_tables.contains(table))
    return api_error(400, "BadRequest",
                     "'where' operator: Failed to resolve table or column expression named '" +
                         table + "'. Fix semantic errors in your query.");
  if (shards_of(query) < options_.heavy_until_shards)
    return api_error(400, "BadRequest",
                     "Query execution has exceeded the allowed limits. The query execution was "
                     "preempted. This could possibly be due to high CPU and/or memory resource "
                     "consumption. Optimize your query by following best practices and try again.");
  try {
    const HuntingResult result =
        run_query(tenant_, index_, {body["Query"].GetString(), body["Query"].GetStringLength()},
                  limits, graph);
    if (result.too_large)
      return api_error(400, "BadRequest",
                       "Query execution has exceeded the allowed result size. Optimize your query "
                       "by reducing the amount of results and try again.");
    Reply reply = odata_reply();
    write_hunting(reply.body, result, graph);
    return reply;
  } catch (const kql::Error& error) {
    return api_error(400, "BadRequest", error.what());
  }
}

}  // namespace simulator
