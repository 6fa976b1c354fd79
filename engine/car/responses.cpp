#include "car/responses.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "http/url.h"
#include "json/json_events.h"
#include "json/rapid_json.h"

namespace defender_car {
namespace {

constexpr std::size_t kLongestWords = 500;

/// Deeper than any response of CAR's. RapidJSON reads such a text without recursion but writes it
/// back with it, so a hostile one could end the program.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limits::kDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

json::Document parse(std::string_view text) {
  if (text.starts_with(json::kByteOrderMark)) text.remove_prefix(json::kByteOrderMark.size());
  if (is_too_deep(text)) throw UnreadableResponse("JSON of too many levels");
  json::Document document;
  // A view of nothing may be a null pointer, which RapidJSON does not take.
  document.Parse<rapidjson::kParseIterativeFlag>(text.empty() ? "" : text.data(), text.size());
  if (document.HasParseError()) throw UnreadableResponse("no JSON");
  return document;
}

/// A member's value, or null where there is none.
const json::Value* member(const json::Value& value, const char* name) {
  if (!value.IsObject()) return nullptr;
  const auto found = value.FindMember(name);
  return found == value.MemberEnd() ? nullptr : &found->value;
}

/// A string as it is, another value as its JSON text, "" for null and nothing at all.
std::string text_of(const json::Value* value) {
  if (value == nullptr || value->IsNull()) return {};
  if (value->IsString()) return std::string(json::view_of(*value));
  json::Buffer buffer;
  json::Writer writer(buffer);
  value->Accept(writer);
  return json::text_of(buffer);
}

std::string read_member(std::string_view text, const char* name, const char* why) {
  std::string value = text_of(member(parse(text), name));
  // An id that is too long for a URL would be a fault of this program when it is asked after. It is
  // written down as it is: one that holds a secret, or what does not show, is none.
  if (value.empty() || value.size() > limits::kJobId || printable(value, value.size()) != value)
    throw UnreadableResponse(why);
  return value;
}

/// Where `model_state_id` stands: in the object itself, or in one that wraps it.
const json::Value* find_state_id(const json::Value& value, int depth) {
  if (const auto* found = member(value, "model_state_id")) return found;
  if (depth == 0) return nullptr;
  if (value.IsObject()) {
    for (const auto& one : value.GetObject()) {
      if (const auto* found = find_state_id(one.value, depth - 1)) return found;
    }
  } else if (value.IsArray()) {
    for (const auto& one : value.GetArray()) {
      if (const auto* found = find_state_id(one, depth - 1)) return found;
    }
  }
  return nullptr;
}

/// Sets the outcome of each asked id in one list of an importstatus response; false when the list
/// is not there.
bool take_list(const json::Value& document, const char* list_name, ImportOutcome outcome,
               std::map<std::string, ImportStatus>& statuses) {
  const auto* list = member(document, list_name);
  if (list == nullptr || !list->IsArray()) return false;
  for (const auto& element : list->GetArray()) {
    const auto found =
        statuses.find(text_of(element.IsObject() ? member(element, "id") : &element));
    if (found == statuses.end()) continue;
    found->second = ImportStatus{.outcome = outcome, .error = {}, .status_code = 0};
    if (outcome != ImportOutcome::failed) continue;
    found->second.error = printable(text_of(member(element, "error")), kLongestWords);
    const auto* code = member(element, "statusCode");
    if (code != nullptr && code->IsInt()) found->second.status_code = code->GetInt();
  }
  return true;
}

constexpr std::size_t kHead = 500;
constexpr std::array kRecoverable{0, 302, 400, 401, 403, 408, 429, 500, 502, 503, 504};

std::string_view advice(int status) {
  switch (status) {
    case 0:
      return "No connection: check --car-url, the network, name resolution and --ca-file. The next "
             "run goes on from "
             "here";
    case 302:
      return "A redirect: something stands before CAR and asks for a login; check --car-url. The "
             "next run goes on "
             "from here";
    case 401:
      return "Check --car-key and --car-password-file, or --car-token-file. The next run goes on "
             "from here";
    case 403:
      return "The API key may not do this: give its owner the right to write to Connected Assets "
             "and Risk. The next "
             "run goes on from here";
    case 200:
      return "Something else answered in CAR's place: check --car-url and the proxy. The next run "
             "goes on from here";
    case 404:
      return "Check that --car-url ends in /api/car/v2. The next run is a full import";
    default:
      return std::find(kRecoverable.begin(), kRecoverable.end(), status) != kRecoverable.end()
                 ? "The next run goes on from here"
                 : "The next run is a full import";
  }
}

}  // namespace

DatabaseResponse read_databases(std::string_view text) {
  const auto document = parse(text);
  const auto* databases = member(document, "databases");
  if (databases == nullptr || !databases->IsArray() || databases->Empty())
    throw UnreadableResponse("without a list of databases");
  const auto& database = (*databases)[0];
  const auto* ready = member(database, "is_ready");
  if (ready != nullptr && ready->IsTrue()) return {};

  const auto* graph = member(database, "graph_name");
  if (graph != nullptr && graph->IsString() && graph->GetStringLength() == 0)
    return {DatabaseResponse::Wants::graph, {}};
  const auto* collections = member(database, "collections_without_indexes");
  if (collections != nullptr && collections->IsArray() && !collections->Empty())
    return {DatabaseResponse::Wants::indexes, text_of(collections)};
  throw UnreadableResponse("the database is not ready and CAR names no step that would make it so");
}

std::string read_job_id(std::string_view text) {
  return read_member(text, "job_id", "without the id of a job");
}

std::string read_job_status(std::string_view text) {
  return read_member(text, "status", "without a status");
}

std::string read_import_id(std::string_view text) {
  return read_member(text, "id", "without the id of an import");
}

std::map<std::string, ImportStatus> read_import_status(std::string_view text,
                                                       std::span<const std::string> ids) {
  const auto document = parse(text);
  std::map<std::string, ImportStatus> statuses;
  for (const std::string& id : ids) statuses[id];
  // In the order in which a later word outweighs an earlier one, should an id stand in two lists.
  bool any = take_list(document, "complete_imports", ImportOutcome::done, statuses);
  any |= take_list(document, "incomplete_imports", ImportOutcome::unfinished, statuses);
  any |= take_list(document, "notfound_imports", ImportOutcome::lost, statuses);
  any |= take_list(document, "error_imports", ImportOutcome::failed, statuses);
  if (!any) throw UnreadableResponse("without any list of imports");
  return statuses;
}

std::optional<std::string> read_own_error(std::string_view text) try {
  const auto document = parse(text);
  std::string words;
  const auto add = [&](const std::string& more) {
    if (!more.empty()) words += (words.empty() ? "" : ": ") + more;
  };
  if (const auto* errors = member(document, "errors"); errors != nullptr && errors->IsArray()) {
    for (const auto& error : errors->GetArray()) {
      if (!words.empty()) words += "; ";
      words += text_of(member(error, "code")) + ": " + text_of(member(error, "message"));
    }
    return printable(words, kLongestWords);
  }
  bool has_one = false;
  for (const char* name : {"code", "error", "message", "errors"}) {
    const auto* value = member(document, name);
    has_one |= value != nullptr;
    add(text_of(value));
  }
  if (!has_one) return std::nullopt;
  return printable(words, kLongestWords);
} catch (const UnreadableResponse&) {
  return std::nullopt;
}

bool speaks_of_records(std::string_view words) {
  const std::string text = lower(words);
  const auto has = [&](const std::string& part) { return text.find(part) != std::string::npos; };
  for (const char* word :
       {"mal_formed", "malformed", "schema", "validat", "record", "field", "property", "attribute",
        "pattern", "vertex", "vertices", "edge", "_key", "external_id", "host_name"})
    if (has(word)) return true;
  // A collection's name where it stands for one of its records: "asset[3] …", "hostname/A: …".
  for (const char* collection : {"asset", "hostname", "ipaddress", "macaddress", "user", "account",
                                 "vulnerability", "application"})
    for (const char* mark : {"[", "/", ".", ":"})
      if (has(std::string(collection) + mark)) return true;
  return false;
}

bool blames_records(const ImportStatus& failed) {
  if (failed.status_code == 413) return true;
  return (failed.status_code == 400 || failed.status_code == 422) &&
         speaks_of_records(failed.error);
}

bool is_broken_json(std::string_view text) {
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  try {
    parse(text);
    return false;
  } catch (const UnreadableResponse&) {
    return true;
  }
}

std::optional<std::string> read_save_point(std::string_view text) {
  const auto document = parse(text);
  const auto* state_id = find_state_id(document, 2);
  if (state_id == nullptr && !document.IsObject()) throw UnreadableResponse("no source");
  if (state_id != nullptr && !state_id->IsNull() && !state_id->IsString() && !state_id->IsNumber())
    throw UnreadableResponse("its model_state_id is no text");
  std::string found = text_of(state_id);
  if (found.empty()) return std::nullopt;
  return found;
}

namespace {

constexpr int kSchemaDepth = 16;  // of references that lead to others

/// "#/definitions/asset" within the schema; nullptr for another form.
const json::Value* referred(const json::Value& schema, std::string_view reference) {
  if (!reference.starts_with("#/")) return nullptr;
  reference.remove_prefix(2);
  const json::Value* at = &schema;
  while (at != nullptr && !reference.empty()) {
    const std::string step(reference.substr(0, reference.find('/')));
    reference.remove_prefix(std::min(reference.size(), step.size() + 1));
    at = member(*at, step.c_str());
  }
  return at;
}

/// The property of that name, of a list's elements too, and through references.
const json::Value* property(const json::Value& schema, const json::Value& node, const char* name,
                            int depth = 0) {
  if (!node.IsObject() || depth > kSchemaDepth) return nullptr;
  if (const auto* properties = member(node, "properties"))
    if (const auto* found = member(*properties, name)) return found;
  if (const auto* reference = member(node, "$ref"); reference != nullptr && reference->IsString())
    if (const auto* target = referred(schema, text_of(reference)))
      if (const auto* found = property(schema, *target, name, depth + 1)) return found;
  if (const auto* items = member(node, "items"))
    if (const auto* found = property(schema, *items, name, depth + 1)) return found;
  for (const char* several : {"allOf", "anyOf", "oneOf"}) {
    const auto* parts = member(node, several);
    if (parts == nullptr || !parts->IsArray()) continue;
    for (const auto& part : parts->GetArray())
      if (const auto* found = property(schema, part, name, depth + 1)) return found;
  }
  return nullptr;
}

/// Of a schema that came as one string; one that cannot be read names nothing.
json::Document schema_within(const std::string& text) {
  try {
    return parse(text);
  } catch (const UnreadableResponse&) {
    return json::Document{};
  }
}

bool names_field(const json::Value& schema, const std::string& field) {
  const std::size_t dot = field.find('.');
  const auto* collection = property(schema, schema, field.substr(0, dot).c_str());
  return collection != nullptr &&
         property(schema, *collection, field.substr(dot + 1).c_str()) != nullptr;
}

std::optional<IdentityModel> schema_model(const json::Value& document, const json::Value* schema) {
  if (schema != nullptr) {
    if (const auto* properties = member(*schema, "properties")) {
      if (member(*properties, "asset_account") != nullptr) return IdentityModel::account;
      if (member(*properties, "asset_user") != nullptr) return IdentityModel::user;
    }
  }
  // A schema of another shape: the name as a quoted word decides. A schema may also come as one
  // string.
  const std::string words = text_of(schema != nullptr ? schema : &document);
  if (words.find("\"asset_account\"") != std::string::npos) return IdentityModel::account;
  if (words.find("\"asset_user\"") != std::string::npos) return IdentityModel::user;
  return std::nullopt;
}

}  // namespace

ImportSchema read_import_schema(std::string_view text, std::span<const std::string> wanted) {
  const auto document = parse(text);
  const auto* schema = member(document, "schema");
  ImportSchema read{schema_model(document, schema), {}};
  const bool is_text = schema != nullptr && schema->IsString();
  const auto within = is_text ? schema_within(text_of(schema)) : json::Document{};
  const json::Value& fields_of = is_text ? within : schema != nullptr ? *schema : document;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(read.fields),
               [&](const std::string& field) { return names_field(fields_of, field); });
  return read;
}

std::optional<std::int64_t> read_asset_count(std::string_view text) try {
  const auto document = parse(text);
  const auto* errors = member(document, "errors");
  if (errors != nullptr && errors->IsArray() && !errors->Empty()) return std::nullopt;
  const json::Value* value = &document;
  for (const char* name : {"data", "asset_aggregate", "aggregate", "count"})
    if (value != nullptr) value = member(*value, name);
  if (value != nullptr && value->IsInt64() && value->GetInt64() >= 0) return value->GetInt64();
  const auto* data = member(document, "data");
  const auto* assets = data != nullptr ? member(*data, "asset") : nullptr;
  if (assets == nullptr || !assets->IsArray()) return std::nullopt;
  return static_cast<std::int64_t>(assets->Size());
} catch (const UnreadableResponse&) {
  return std::nullopt;
}

std::string asked(const HttpRequest& request) {
  return "CAR, " + request.label + " (" + request.method + " " + origin(request.url) +
         std::string(path_of(request.url)) + "): ";
}

bool is_foreign_404(const HttpResponse& response) {
  return response.status == 404 && !read_own_error(response.body.str());
}

bool is_refusal(const HttpResponse& response) {
  const int status = response.status;
  const bool of_this_request = status >= 400 && status < 500 && status != 401 && status != 403 &&
                               status != 404 && status != 408 && status != 429;
  return of_this_request && read_own_error(response.body.str());
}

Error failure_of(const HttpRequest& request, const HttpResponse& response) {
  if (is_foreign_404(response)) {
    return Error(
        ErrorKind::car_recoverable,
        asked(request) + describe(response) +
            ". This is no answer of CAR's own: something else answered in its place. Check "
            "that --car-url ends in /api/car/v2, and the proxy. The next run goes on from "
            "here");
  }
  const bool page_in_its_place = response.status >= 200 && response.status < 300;
  const bool recoverable = page_in_its_place || std::find(kRecoverable.begin(), kRecoverable.end(),
                                                          response.status) != kRecoverable.end();
  return {recoverable ? ErrorKind::car_recoverable : ErrorKind::car_unrecoverable,
          asked(request) + describe(response) + ". " + std::string(advice(response.status))};
}

Error unreadable(const HttpRequest& request, const HttpResponse& response, const std::string& why) {
  return Error(ErrorKind::car_recoverable, asked(request) + "HTTP " +
                                               std::to_string(response.status) + ", but " + why +
                                               ": " + excerpt(response.body.head(kHead), 200) +
                                               ". Check --car-url; the next run goes on from here");
}

bool succeeded(const HttpResponse& response) {
  if (response.status < 200 || response.status >= 300) return false;
  // Pages begin with a byte order mark, or with an empty line, as often as not.
  const std::string head = response.body.head(kHead);
  const std::size_t begin = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return begin == std::string::npos || head[begin] != '<';
}

}  // namespace defender_car
