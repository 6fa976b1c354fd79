#include "lies.h"

#include <rapidjson/document.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "login_service.h"
#include "tenant.h"
#include "text.h"

namespace simulator {
namespace {

using Json = rapidjson::Document;
using Value = rapidjson::Value;

std::string text_of(const Value& value) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  value.Accept(json);
  return out;
}

/// The list of an answer: `value` of OData, the rows of both ways of hunting.
Value* records_of(Json& answer) {
  if (!answer.IsObject()) return nullptr;
  for (const char* name : {"value", "results", "Results"})
    if (answer.HasMember(name) && answer[name].IsArray()) return &answer[name];
  return nullptr;
}

size_t skip_of(const Call& call) {
  const auto at = call.query.find("$skip");
  return at == call.query.end() ? 0 : std::strtoull(at->second.c_str(), nullptr, 10);
}

/// The call's own address with another $skip, at `host` ("" for where it came to).
std::string link_to(const Call& call, size_t skip, const std::string& host) {
  std::string query = call.target.substr(std::min(call.target.find('?'), call.target.size()));
  if (query.empty()) query = "?";
  const size_t at = query.find("$skip=");
  const std::string value = "$skip=" + std::to_string(skip);
  if (at == std::string::npos) {
    query += "&" + value;
  } else {
    query.replace(at, query.find('&', at) - at, value);
  }
  return (host.empty() ? call.base_url : host) + call.path + query;
}

void leave_out(Value& records, const std::function<bool(size_t, const Value&)>& left_out) {
  size_t index = 0;
  for (auto record = records.Begin(); record != records.End(); ++index)
    record = left_out(index, *record) ? records.Erase(record) : record + 1;
}

bool names_one(const Value& record, const std::set<std::string>& ids) {
  for (const char* key : {"id", "machineId", "DeviceId"})
    if (record.HasMember(key) && record[key].IsString() && ids.contains(record[key].GetString()))
      return true;
  return false;
}

bool asks_for_one(const Call& call, const std::set<std::string>& ids) {
  const std::vector<std::string> parts = split(call.path, '/');  // "", api, machines, id, …
  return parts.size() >= 4 && parts[2] == "machines" && ids.contains(decode_url(parts[3]));
}

void link(Json& answer, const std::string& url) {
  answer.RemoveMember("@odata.nextLink");
  Value text(url.c_str(), answer.GetAllocator());
  answer.AddMember("@odata.nextLink", text, answer.GetAllocator());
}

void cut(Value& records, size_t size) {
  while (records.Size() > size) records.PopBack();
}

/// Everything that makes pages small; the nextLink that goes with it, "" for none.
std::string lie_in_pages(const Lie& lie, const Call& call, const Json& answer, Value& records) {
  if (!answer.HasMember("value")) return "";  // hunting has no pages
  const size_t skip = skip_of(call);
  const size_t size = lie.page_size;
  const bool more = records.Size() > size;
  cut(records, size);
  size_t next = skip + size;
  if (lie.kind == LieKind::gap) {  // odd pages are at skip + 1 and hold nothing
    const bool between = skip % 2 == 1;
    if (between) records.Clear();
    next = between ? skip - 1 + size : skip + 1;
    if (!more && !between) return "";
  }
  if (lie.kind == LieKind::circle) next = skip;
  const bool always_more = lie.kind == LieKind::gap || lie.kind == LieKind::endless ||
                           lie.kind == LieKind::circle || lie.kind == LieKind::elsewhere;
  if ((!more && !always_more) || lie.kind == LieKind::short_pages) return "";
  return link_to(call, next, lie.kind == LieKind::elsewhere ? lie.host : "");
}

/// The records of an earlier answer, under ids that nobody has when `number` is not 0.
void put_records(Json& answer, Value& records, const std::string& from, size_t number) {
  Json earlier(&answer.GetAllocator());
  earlier.Parse(from.c_str());
  records.CopyFrom(earlier, answer.GetAllocator());
  if (number == 0) return;
  for (Value& record : records.GetArray()) {
    if (!record.HasMember("id")) continue;
    const std::string id = record["id"].GetString() + ("-" + std::to_string(number));
    record["id"].SetString(id.c_str(), answer.GetAllocator());
  }
}

void put_in_the_middle(Json& answer, Value& records, const std::string& text) {
  Json element(&answer.GetAllocator());
  element.Parse(text.c_str());
  if (records.Empty()) {
    records.PushBack(static_cast<Value&>(element), answer.GetAllocator());
  } else {
    records[records.Size() / 2] = static_cast<Value&>(element);
  }
}

void put_beside(Json& answer, const std::string& text) {
  Json error(&answer.GetAllocator());
  error.Parse(text.c_str());
  answer.AddMember("error", static_cast<Value&>(error), answer.GetAllocator());
}

bool is_named(const Value& name, const char* key) {
  return to_lower(name.GetString()) == to_lower(key);
}

/// 20 days older by its own time, and with another thing to say; false where it has no time.
bool make_older(Value& record, rapidjson::Document::AllocatorType& memory) {
  static const std::vector<const char*> times{"lastSeen", "lastUpdateTime", "updatedOn",
                                              "LastModifiedTime", "Timestamp"};
  static const std::vector<std::pair<const char*, const char*>> words{
      {"healthStatus", "Inactive"},
      {"computerDnsName", "older-name"},
      {"status", "Resolved"},
      {"title", "older title"},
      {"VulnerabilityDescription", "x"},
      {"description", "older words"},
      {"IPAddresses", "[]"},
      {"LoggedOnUsers", "[]"}};
  if (!record.IsObject() || record.HasMember("accountName")) return false;
  bool has_time = false;
  for (auto& member : record.GetObject()) {
    for (const char* time : times) {
      if (!is_named(member.name, time) || !member.value.IsString()) continue;
      const std::optional<int64_t> at = parse_iso(member.value.GetString());
      if (!at) continue;
      member.value.SetString(format_iso(*at - 20 * day_ms, 3).c_str(), memory);
      has_time = true;
    }
    for (const auto& [key, word] : words)
      if (is_named(member.name, key)) member.value.SetString(word, memory);
  }
  return has_time;
}

void add_older_copies(const Lie& lie, Json& answer, Value& records) {
  Value copies(rapidjson::kArrayType);
  for (const Value& record : records.GetArray()) {
    Value copy(record, answer.GetAllocator());
    if (make_older(copy, answer.GetAllocator())) copies.PushBack(copy, answer.GetAllocator());
  }
  Value& first = lie.kind == LieKind::older_before ? copies : records;
  Value& second = lie.kind == LieKind::older_before ? records : copies;
  for (Value& record : second.GetArray()) first.PushBack(record, answer.GetAllocator());
  if (&first != &records) records = first;
}

}  // namespace

Lies::Told* Lies::strike(const Call& call) {
  const std::string text = call.method + " " + call.target + " " + call.body;
  for (Told& told : lies_) {
    Lie& lie = told.lie;
    if (lie.count <= 0 || text.find(lie.match) == std::string::npos) continue;
    if (lie.skip > 0) {
      --lie.skip;
      return nullptr;
    }
    if (lie.count != std::numeric_limits<int>::max()) --lie.count;
    return &told;
  }
  return nullptr;
}

Reply Lies::answer(const Call& call, Tenant& tenant, const Truth& truth) {
  Told* told = strike(call);
  if (told == nullptr) return truth(call);
  const Lie& lie = told->lie;
  if (lie.kind == LieKind::moving) {
    ++told_;
    lie.move(tenant);
    ++tenant.changes;
    return truth(call);
  }
  Reply reply = truth(call);
  if (reply.status != 200) return reply;
  if (lie.kind == LieKind::hidden && asks_for_one(call, lie.ids)) {
    ++told_;
    return api_error(404, "ResourceNotFound", "The machine was not found");
  }
  Json answer;
  answer.Parse(reply.body.c_str(), reply.body.size());
  Value* records = records_of(answer);
  if (records == nullptr) return reply;
  ++told_;
  std::string next;
  switch (lie.kind) {
    case LieKind::empty:
      records->Clear();
      break;
    case LieKind::part:
      leave_out(*records, [](size_t index, const Value&) { return index % 2 == 1; });
      break;
    case LieKind::hidden:
      leave_out(*records, [&](size_t, const Value& record) { return names_one(record, lie.ids); });
      break;
    case LieKind::older_before:
    case LieKind::older_behind:
      add_older_copies(lie, answer, *records);
      break;
    case LieKind::changed:
      for (Value& record : records->GetArray()) lie.change(record, answer.GetAllocator());
      break;
    case LieKind::repeat:
      next = lie_in_pages(lie, call, answer, *records);
      if (told->first_records.empty())
        told->first_records = text_of(*records);
      else
        put_records(answer, *records, told->first_records, 0);
      break;
    case LieKind::endless:
      next = lie_in_pages(lie, call, answer, *records);
      if (told->first_records.empty()) told->first_records = text_of(*records);
      if (records->Empty()) put_records(answer, *records, told->first_records, skip_of(call));
      break;
    case LieKind::foreign:
      put_in_the_middle(answer, *records, lie.json);
      break;
    case LieKind::beside:
      cut(*records, records->Size() / 2);
      put_beside(answer, lie.json);  // last: it moves what `records` points to
      break;
    default:
      next = lie_in_pages(lie, call, answer, *records);
      break;
  }
  if (!next.empty()) link(answer, next);  // last: it moves what `records` points to
  reply.body = text_of(answer);
  return reply;
}

}  // namespace simulator
