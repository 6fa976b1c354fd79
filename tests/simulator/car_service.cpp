#include "car_service.h"

#include <algorithm>

#include "car_import.h"
#include "car_query.h"
#include "text.h"

namespace simulator {
namespace {

Reply car_error(int status, std::string_view code, std::string_view message) {
  Reply reply{.status = status};
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_key(json, "errors");
  json.StartArray();
  json.StartObject();
  write_pair(json, "code", code);
  write_pair(json, "message", message);
  json.EndObject();
  json.EndArray();
  write_pair(json, "trace", make_guid(stable_hash(message)));
  json.EndObject();
  return reply;
}

Reply not_found(std::string_view what) {
  return car_error(404, "not_found", std::string(what) + " was not found");
}

Reply pairs(std::initializer_list<std::pair<std::string_view, std::string_view>> list) {
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  for (const auto& [key, value] : list) write_pair(json, key, value);
  json.EndObject();
  return reply;
}

std::string parameter(const Call& call, const std::string& name) {
  const auto at = call.query.find(name);
  return at == call.query.end() ? "" : at->second;
}

/// In the way of GraphQL services.
Reply query_refusal(std::string_view message) {
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_key(json, "errors");
  json.StartArray();
  json.StartObject();
  write_pair(json, "message", message);
  json.EndObject();
  json.EndArray();
  json.EndObject();
  return reply;
}

rapidjson::Document parse_body(const Call& call) {
  rapidjson::Document body;
  body.Parse(call.body.data(), call.body.size());
  if (body.HasParseError()) body.SetNull();
  return body;
}

}  // namespace

bool CarService::authorized(const Call& call) const {
  if (call.authorization == "car-token " + options_.token) return true;
  if (!call.authorization.starts_with("Basic ")) return false;
  return decode_base64(call.authorization.substr(6)) == options_.key + ":" + options_.password;
}

Reply CarService::answer(const Call& call) {
  if (!authorized(call)) return car_error(401, "unauthorized", "the credentials are not accepted");
  if (call.body.size() > options_.max_body)
    return car_error(413, "request_too_large", "the body is too large");
  if (call.path.starts_with("/api/car/v3/")) return answer_v3(call, call.path.substr(12));
  if (!call.path.starts_with("/api/car/v2/")) return not_found(call.path);
  std::vector<std::string> parts = split(call.path.substr(12), '/');
  for (std::string& part : parts) part = decode_url(part);
  return answer_v2(call, parts);
}

Reply CarService::answer_v2(const Call& call, const std::vector<std::string>& parts) {
  const std::string& first = parts.front();
  const std::string& method = call.method;
  if (first == "databases" && parts.size() == 1) return databases(call);
  if (first == "jobstatus" && parts.size() == 2 && method == "GET") return job_status(parts[1]);
  if (options_.database != DatabaseState::ready)
    return car_error(400, "database_not_ready", "the database is not ready");
  if (first == "imports" && parts.size() == 1 && method == "POST") return import(call);
  if (first == "importstatus" && parts.size() == 1 && method == "GET") return import_status(call);
  if (first == "source" && parts.size() == 1 && method == "PATCH") return save_state(call);
  if (first == "source" && parts.size() == 2 && method == "GET")
    return source_object(call, parts[1]);
  if (first == "source" && parts.size() == 3 && parts[2] == "full-import-in-progress")
    return session(call, parts[1]);
  if (first == "source" && parts.size() == 3 && method == "DELETE")
    return delete_vertices(call, parts[1], parts[2]);
  if (parts.size() == 1 && method == "PATCH") return patch_edge(call, first);
  if (parts.size() == 3 && parts[2] == "graph" && method == "GET")
    return vertex_graph(first, parts[1]);
  return not_found(call.path);
}

Reply CarService::answer_v3(const Call& call, const std::string& what) {
  if (what == "health" && call.method == "GET") return pairs({{"message", "ok"}});
  if (what == "importSchema" && call.method == "GET") {
    if (!options_.has_import_schema) return not_found("importSchema");
    Reply reply;
    reply.body = import_schema(options_.identity, options_.fields);
    return reply;
  }
  if (what != "query" || call.method != "POST" || !options_.query.available)
    return not_found(call.path);
  const rapidjson::Document body = parse_body(call);
  if (!body.IsObject() || !body.HasMember("query") || !body["query"].IsString())
    return car_error(400, "data_mal_formed", "the body holds no query");
  try {
    Reply reply;
    reply.body = run_graphql(graph_, options_.identity, options_.query, body["query"].GetString());
    return reply;
  } catch (const std::runtime_error& error) {
    if (!options_.query.refuses_by_200) return car_error(400, "bad_query", error.what());
    return query_refusal(error.what());
  }
}

Reply CarService::databases(const Call& call) {
  const DatabaseState state = options_.database;
  if (call.method == "POST" || call.method == "PATCH") {
    if (call.method == "PATCH" && state == DatabaseState::absent) return not_found("the database");
    Job job;
    job.polls_left = options_.job_polls;
    job.makes_database = true;
    return pairs({{"job_id", start_job(std::move(job))}});
  }
  if (call.method != "GET") return not_found(call.path);
  if (state == DatabaseState::absent)
    return car_error(400, "no_database", "there is no database yet");
  Reply reply;
  const bool named = state != DatabaseState::without_graph_name;
  const bool indexed = state != DatabaseState::without_indexes;
  reply.body = std::string(R"({"databases":[{"is_ready":)") +
               (state == DatabaseState::ready ? "true" : "false") + R"(,"graph_name":")" +
               (named ? "assets" : "") + R"(","collections_without_indexes":[)" +
               (indexed ? "" : R"("asset","hostname")") + "]}]}";
  return reply;
}

Reply CarService::source_object(const Call&, const std::string& source) {
  const SourceGraph* graph = graph_.find_source(source);
  if (graph == nullptr) return not_found("source " + source);
  if (!graph->model_state_id) return pairs({{"_key", source}, {"name", graph->name}});
  return pairs(
      {{"_key", source}, {"name", graph->name}, {"model_state_id", *graph->model_state_id}});
}

Reply CarService::save_state(const Call& call) {
  const std::string key = parameter(call, "key");
  const rapidjson::Document body = parse_body(call);
  if (key.empty() || !body.IsObject() || !body.HasMember("model_state_id") ||
      !body["model_state_id"].IsString())
    return car_error(400, "data_mal_formed", "key or model_state_id is missing");
  graph_.source(key).model_state_id = body["model_state_id"].GetString();
  return pairs({{"_key", key}, {"model_state_id", *graph_.source(key).model_state_id}});
}

Reply CarService::session(const Call& call, const std::string& source) {
  if (call.method == "POST")
    graph_.begin_session(source);
  else if (call.method != "DELETE" || !graph_.end_session(source))
    return not_found("a full import in progress");
  Job job;
  job.polls_left = options_.job_polls;
  return pairs({{"job_id", start_job(std::move(job))}});
}

Reply CarService::patch_edge(const Call& call, const std::string& collection) {
  const EdgeCollection* kind = find_edge_collection(options_.identity, collection);
  const rapidjson::Document body = parse_body(call);
  if (kind == nullptr) return car_error(400, "data_mal_formed", "unknown collection " + collection);
  if (!body.IsObject()) return car_error(400, "data_mal_formed", "the body is not an object");
  const auto end = [&](const std::string& name, const std::string& end_collection) -> std::string {
    const std::string given = parameter(call, name);
    if (end_collection != "ipaddress" || !options_.prefixed_addresses) return given;
    return given.starts_with("0/") ? given.substr(2) : "";
  };
  const std::string source = parameter(call, "source");
  const EdgeKey ends{end("from", kind->from), end("to", kind->to)};
  const auto active = body.FindMember("active");
  const auto modified = body.FindMember("last_modified");
  bool found = false;
  if (modified != body.MemberEnd() && modified->value.IsInt64()) {
    found = graph_.touch_edge(source, collection, ends, modified->value.GetInt64());
    if (found && active == body.MemberEnd()) return pairs({{"message", "ok"}});
  }
  if (active != body.MemberEnd() && active->value.IsFalse())
    found = graph_.disable_edge(source, collection, ends);
  else if (modified == body.MemberEnd())
    return car_error(400, "data_mal_formed", "neither active:false nor last_modified");
  return found ? pairs({{"message", "ok"}})
               : not_found(collection + " from " + ends.first + " to " + ends.second);
}

Reply CarService::delete_vertices(const Call& call, const std::string& source,
                                  const std::string& collection) {
  const VertexCollection* kind = find_vertex_collection(options_.identity, collection);
  if (kind == nullptr) return car_error(400, "data_mal_formed", "unknown collection " + collection);
  const bool by_key =
      collection == "ipaddress" || collection == "hostname" || collection == "macaddress";
  const std::string list = parameter(call, by_key ? "keys" : "external_ids");
  if (list.empty()) return car_error(400, "data_mal_formed", "no ids");
  if (options_.deletes_all_or_none) {
    const SourceGraph* graph = graph_.find_source(source);
    for (const std::string& id : split(list, ','))
      if (graph == nullptr || !graph->has_active_vertex(collection, id)) return not_found(id);
  }
  size_t deleted = 0;
  for (const std::string& id : split(list, ','))
    if (graph_.delete_vertex(source, collection, id)) ++deleted;
  if (deleted == 0) return not_found(collection);
  return pairs({{"message", "deleted " + std::to_string(deleted)}});
}

Reply CarService::vertex_graph(const std::string& collection, const std::string& key) {
  if (find_vertex_collection(options_.identity, collection) == nullptr)
    return not_found(collection);
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "collection", collection);
  write_pair(json, "key", key);
  write_key(json, "edges");
  json.StartArray();
  bool found = false;
  for (const std::string& line : graph_.edge_lines()) {
    const std::vector<std::string> part = split(line, '|');
    const EdgeCollection* kind = find_edge_collection(options_.identity, part[0]);
    if (kind == nullptr || part.size() != 3) continue;
    if ((kind->from != collection || part[1] != key) && (kind->to != collection || part[2] != key))
      continue;
    found = true;
    write(json, line);
  }
  json.EndArray();
  json.EndObject();
  return found ? reply : not_found(collection + "/" + key);
}

}  // namespace simulator
