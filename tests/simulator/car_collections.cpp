#include "car_collections.h"

#include <algorithm>
#include <unordered_map>

#include "text.h"

namespace simulator {
namespace {

using rapidjson::Value;

const Value* member(const Value& record, std::string_view name) {
  const auto at = record.FindMember(
      rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  return at == record.MemberEnd() ? nullptr : &at->value;
}

/// Lives as long as the record.
std::optional<std::string_view> text_of(const Value& record, std::string_view name) {
  const Value* value = member(record, name);
  if (value == nullptr || !value->IsString()) return std::nullopt;
  return std::string_view(value->GetString(), value->GetStringLength());
}

bool all_of(std::string_view text, std::string_view others, bool digits_and_letters) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return (digits_and_letters && letter) || others.find(c) != std::string_view::npos;
  });
}

bool valid_head_key(std::string_view text) {
  return !text.empty() && all_of(text, "_:@=;!'%.()+,$*-", true);
}
bool valid_host(std::string_view text) {
  return !text.empty() && text.find_first_of("&#^|?<>[]") == std::string_view::npos;
}
bool valid_ip(std::string_view text) {
  return !text.empty() && all_of(text, "0123456789abcdefABCDEF:.", false);
}

/// Six to eight groups of two hex digits, or four of four, with colons.
bool valid_mac(std::string_view text) {
  const std::vector<std::string> groups = split(text, ':');
  const size_t width = groups.front().size();
  const bool count_fits =
      width == 2 ? groups.size() >= 6 && groups.size() <= 8 : width == 4 && groups.size() == 4;
  return count_fits && std::all_of(groups.begin(), groups.end(), [&](const std::string& group) {
           return group.size() == width && all_of(group, "0123456789abcdefABCDEF", false);
         });
}

bool in_range(const Value& value, double low, double high) {
  return value.IsNumber() && value.GetDouble() >= low && value.GetDouble() <= high;
}

struct TypeRule {
  std::string_view field;
  bool (*fits)(const Value& value);
  std::string_view complaint;
};

const std::vector<TypeRule>& type_rules() {
  static const std::vector<TypeRule> list = [] {
    std::vector<TypeRule> out;
    const auto rule = [&](std::initializer_list<std::string_view> fields, auto fits,
                          std::string_view complaint) {
      for (const std::string_view field : fields) out.push_back({field, fits, complaint});
    };
    rule(
        {"external_id", "name", "description", "_key", "asset_type", "username", "fullname",
         "host_name", "app_type", "source", "report"},
        [](const Value& value) { return value.IsString(); }, " is not a string");
    rule(
        {"is_os", "active"}, [](const Value& value) { return value.IsBool(); },
        " is not a boolean");
    rule(
        {"disclosed_on", "published_on", "updated_on", "timestamp"},
        [](const Value& value) { return value.IsInt64(); }, " is not a time in epoch milliseconds");
    rule(
        {"tag", "untag"}, [](const Value& value) { return value.IsArray(); }, " is not an array");
    rule(
        {"base_score", "risk", "risk_score", "xfr_cvss3_base", "business_value"},
        [](const Value& value) { return in_range(value, 0, 10); }, " is not a number in its range");
    return out;
  }();
  return list;
}

/// The first rule that is broken, in the order of the rules. The record's few members are walked
/// instead of the rules: millions of records come through here.
std::optional<std::string> check_types(const Value& record) {
  static const auto numbers = [] {
    std::unordered_map<std::string_view, size_t> out;
    for (const TypeRule& rule : type_rules()) out.emplace(rule.field, out.size());
    return out;
  }();
  size_t broken = type_rules().size();
  for (const auto& member : record.GetObject()) {
    const auto at = numbers.find({member.name.GetString(), member.name.GetStringLength()});
    if (at != numbers.end() && !type_rules()[at->second].fits(member.value))
      broken = std::min(broken, at->second);
  }
  if (broken == type_rules().size()) return std::nullopt;
  const TypeRule& rule = type_rules()[broken];
  return std::string(rule.field) + std::string(rule.complaint);
}

const std::vector<VertexCollection>& common_vertices() {
  static const std::vector<VertexCollection> list{
      {"asset", {"external_id", "name"}, false, "external_id"},
      {"hostname", {"host_name"}, true, "host_name"},
      {"ipaddress", {"_key"}, true, "_key"},
      {"macaddress", {"_key"}, true, "_key"},
      {"user", {"external_id"}, true, "external_id"},
      {"vulnerability", {"external_id", "name"}, false, "external_id"},
      {"application", {"external_id", "name"}, false, "external_id"}};
  return list;
}

const std::vector<EdgeCollection>& common_edges() {
  static const std::vector<EdgeCollection> list{
      {"asset_ipaddress", "asset", "ipaddress"},
      {"asset_macaddress", "asset", "macaddress"},
      {"asset_hostname", "asset", "hostname"},
      {"ipaddress_macaddress", "ipaddress", "macaddress"},
      {"asset_vulnerability", "asset", "vulnerability"},
      {"asset_application", "asset", "application"},
      {"application_vulnerability", "application", "vulnerability"}};
  return list;
}

template <typename List>
List with(List list, List more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

/// One end: `_from`/`_to` holds collection/key, `_from_external_id`/`_to_external_id` a bare id.
/// Lives as long as the record.
std::optional<std::string_view> read_end(const Value& record, std::string_view field,
                                         std::string_view id_field, std::string_view collection) {
  if (const auto id = text_of(record, id_field); id && !id->empty()) return id;
  const auto full = text_of(record, field);
  const size_t slash = collection.size();
  if (!full || full->size() < slash + 2 || !full->starts_with(collection) || (*full)[slash] != '/')
    return std::nullopt;
  return full->substr(slash + 1);
}
std::optional<std::string_view> read_from(const Value& record, const EdgeCollection& kind) {
  return read_end(record, "_from", "_from_external_id", kind.from);
}
std::optional<std::string_view> read_to(const Value& record, const EdgeCollection& kind) {
  return read_end(record, "_to", "_to_external_id", kind.to);
}

}  // namespace

const std::vector<VertexCollection>& vertex_collections(IdentityModel model) {
  static const auto account =
      with(common_vertices(), {{"account", {"external_id", "name"}, false, "external_id"}});
  return model == IdentityModel::account ? account : common_vertices();
}

const std::vector<EdgeCollection>& edge_collections(IdentityModel model) {
  static const auto user = with(
      common_edges(), {{"asset_user", "asset", "user"}, {"user_hostname", "user", "hostname"}});
  static const auto account = with(common_edges(), {{"asset_account", "asset", "account"},
                                                    {"user_account", "user", "account"},
                                                    {"account_hostname", "account", "hostname"}});
  return model == IdentityModel::account ? account : user;
}

const VertexCollection* find_vertex_collection(IdentityModel model, std::string_view name) {
  for (const VertexCollection& kind : vertex_collections(model))
    if (kind.name == name) return &kind;
  return nullptr;
}

const EdgeCollection* find_edge_collection(IdentityModel model, std::string_view name) {
  for (const EdgeCollection& kind : edge_collections(model))
    if (kind.name == name) return &kind;
  return nullptr;
}

std::optional<std::string> check_vertex(const VertexCollection& kind, const Value& record) {
  if (!record.IsObject()) return "is not an object";
  for (const std::string& name : kind.required)
    if (text_of(record, name).value_or("").empty()) return "lacks " + name;
  const std::string key = vertex_key(kind, record);
  if (kind.name == "hostname" && (!valid_host(key) || !valid_host(*text_of(record, "host_name"))))
    return "host_name does not match its pattern";
  if (kind.name == "ipaddress" && !valid_ip(key)) return "_key does not match its pattern";
  if (kind.name == "macaddress" && !valid_mac(key)) return "_key does not match its pattern";
  const auto name = text_of(record, "name");
  if (kind.name == "ipaddress" && name && !valid_ip(*name))
    return "name does not match its pattern";
  if (kind.name == "macaddress" && name && !valid_mac(*name))
    return "name does not match its pattern";
  return check_types(record);
}

std::optional<std::string> check_edge(const EdgeCollection& kind, const Value& record) {
  if (!record.IsObject()) return "is not an object";
  if (!read_from(record, kind)) return "lacks _from";
  if (!read_to(record, kind)) return "lacks _to";
  for (const char* name : {"source", "report"})
    if (!valid_head_key(text_of(record, name).value_or("")))
      return std::string(name) + " does not match its pattern";
  const Value* active = member(record, "active");
  if (active == nullptr || !active->IsBool()) return "lacks active";
  const Value* time = member(record, "timestamp");
  if (time == nullptr || !time->IsInt64()) return "lacks timestamp";
  return check_types(record);
}

std::optional<std::string> check_envelope_head(const Value& envelope) {
  for (const char* name : {"source", "report"}) {
    const Value* head = member(envelope, name);
    if (head == nullptr || !head->IsObject()) return std::string(name) + " is missing";
    if (!valid_head_key(text_of(*head, "_key").value_or("")))
      return std::string(name) + "._key does not match its pattern";
  }
  const Value& report = *member(envelope, "report");
  const Value* time = member(report, "timestamp");
  if (time == nullptr || !time->IsInt64()) return "report.timestamp is missing";
  if (!text_of(*member(envelope, "source"), "name")) return "source.name is missing";
  return std::nullopt;
}

std::string vertex_key(const VertexCollection& kind, const Value& record) {
  if (kind.key_first)
    if (const auto key = text_of(record, "_key"); key && !key->empty()) return std::string(*key);
  return std::string(text_of(record, kind.key_field).value_or(""));
}

EdgeEnds edge_ends(const EdgeCollection& kind, const Value& record) {
  return {std::string(*read_from(record, kind)), std::string(*read_to(record, kind))};
}

const std::set<std::string>& optional_fields() {
  static const std::set<std::string> list{
      "asset.risk",  "asset.business_value",         "asset.asset_type",         "asset.tag",
      "asset.untag", "vulnerability.xfr_cvss3_base", "vulnerability.updated_on", "user.username"};
  return list;
}

std::string import_schema(IdentityModel model, const std::set<std::string>& fields) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  const auto collection = [&](const std::string& name, const std::vector<std::string>& required) {
    write_key(json, name);
    json.StartObject();
    write_pair(json, "type", "array");
    write_key(json, "items");
    json.StartObject();
    write_pair(json, "type", "object");
    write_key(json, "required");
    json.StartArray();
    for (const std::string& field : required) write(json, field);
    json.EndArray();
    write_key(json, "properties");
    json.StartObject();
    for (const std::string& field : fields)
      if (field.starts_with(name + "."))
        write_key(json, field.substr(name.size() + 1)), write_raw(json, R"({"title":"of CAR"})");
    json.EndObject();
    json.EndObject();
    json.EndObject();
  };
  json.StartObject();
  write_pair(json, "version", "v2");
  write_key(json, "schema");
  json.StartObject();
  write_pair(json, "type", "object");
  write_key(json, "required");
  write_raw(json, R"(["source","report"])");
  write_key(json, "properties");
  json.StartObject();
  for (const char* head : {"source", "report"}) {
    write_key(json, head);
    write_raw(json, R"({"type":"object","required":["_key"]})");
  }
  for (const VertexCollection& kind : vertex_collections(model))
    collection(kind.name, kind.required);
  for (const EdgeCollection& kind : edge_collections(model)) collection(kind.name, {"source"});
  json.EndObject();
  json.EndObject();
  json.EndObject();
  return out;
}

}  // namespace simulator
