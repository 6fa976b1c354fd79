#include "car_graph.h"

#include <algorithm>

#include "text.h"

namespace simulator {
namespace {

std::string vertex_line(const std::string& collection, const std::string& key,
                        const CarVertex& vertex) {
  return collection + "|" + key + "|" + vertex.attributes;
}
std::string edge_line(const std::string& collection, const std::string& from,
                      const std::string& to) {
  return collection + "|" + from + "|" + to;
}

std::string json_of(const rapidjson::Value& value) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  value.Accept(json);
  return out;
}

std::set<std::string> texts(const rapidjson::Value& record, const char* name) {
  std::set<std::string> out;
  if (const auto at = record.FindMember(name); at != record.MemberEnd())
    for (const auto& text : at->value.GetArray())
      if (text.IsString()) out.insert(text.GetString());
  return out;
}

/// What CAR has of the fields in optional_fields() stays where the record leaves it out; tags come
/// together.
void keep_optional_fields(const CarVertex& before, ImportRecord& record) {
  const std::string prefix = record.vertex->name + ".";
  const auto has_any = [&](const std::string& text) {
    return text.find("tag\":") != std::string::npos ||
           std::any_of(optional_fields().begin(), optional_fields().end(), [&](const auto& field) {
             return field.starts_with(prefix) &&
                    text.find("\"" + field.substr(prefix.size()) + "\":") != std::string::npos;
           });
  };
  if (!has_any(before.record) && !has_any(record.record)) return;
  rapidjson::Document old(rapidjson::kObjectType);
  if (!before.record.empty()) old.Parse(before.record.c_str());
  rapidjson::Document now;
  now.Parse(record.record.c_str());
  auto& allocator = now.GetAllocator();
  for (const std::string& field : optional_fields()) {
    if (!field.starts_with(prefix)) continue;
    const std::string name = field.substr(prefix.size());
    if (now.HasMember(name.c_str()) || !old.HasMember(name.c_str())) continue;
    now.AddMember(rapidjson::Value(name.c_str(), allocator),
                  rapidjson::Value(old[name.c_str()], allocator), allocator);
  }
  std::set<std::string> tags = texts(old, "tag");
  tags.merge(texts(now, "tag"));
  for (const std::string& gone : texts(now, "untag")) tags.erase(gone);
  now.RemoveMember("untag");
  now.RemoveMember("tag");
  if (!tags.empty()) {
    rapidjson::Value list(rapidjson::kArrayType);
    for (const std::string& tag : tags)
      list.PushBack(rapidjson::Value(tag.c_str(), allocator), allocator);
    now.AddMember("tag", list, allocator);
  }
  record.record = json_of(now);
  record.attributes = canonical_json(now, {"source", "report", "timestamp"});
}

/// Both models know these names' ends; user-model names come first.
const EdgeCollection* any_edge_collection(std::string_view name) {
  const EdgeCollection* found = find_edge_collection(IdentityModel::user, name);
  return found != nullptr ? found : find_edge_collection(IdentityModel::account, name);
}

}  // namespace

SourceGraph* CarGraph::find_source(std::string_view source) {
  rows_ = {};
  const auto at = sources_.find(source);
  return at == sources_.end() ? nullptr : &at->second;
}

const SourceGraph* CarGraph::find_source(std::string_view source) const {
  const auto at = sources_.find(source);
  return at == sources_.end() ? nullptr : &at->second;
}

bool SourceGraph::has_active_vertex(std::string_view collection, std::string_view key) const {
  const auto list = vertices.find(collection);
  if (list == vertices.end()) return false;
  const CarVertex* vertex = list->second.find(key);
  return vertex != nullptr && vertex->active;
}

void CarGraph::apply(const std::string& source, std::vector<ImportRecord> records) {
  SourceGraph& graph = this->source(source);
  for (ImportRecord& record : records) {
    if (record.vertex != nullptr) {
      if (const CarVertex* before = graph.vertices[record.vertex->name].find(record.key);
          before != nullptr && before->active)
        keep_optional_fields(*before, record);
      else
        keep_optional_fields({}, record);
      graph.vertices[record.vertex->name][std::move(record.key)] = {
          true, std::move(record.record), std::move(record.attributes), graph.session_open};
      continue;
    }
    CarEdge& edge = graph.edges[record.edge->name][record.ends.from][record.ends.to];
    const bool was_active = edge.active;
    edge = {record.active, graph.session_open, record.timestamp, 0, std::move(record.report)};
    if (was_active && !record.active)
      tell("edge disabled", edge_line(record.edge->name, record.ends.from, record.ends.to));
  }
}

CarEdge* CarGraph::find_active_edge(const std::string& source, const std::string& collection,
                                    const EdgeKey& ends) {
  SourceGraph* graph = find_source(source);
  if (graph == nullptr) return nullptr;
  const auto list = graph->edges.find(collection);
  if (list == graph->edges.end()) return nullptr;
  auto* from = list->second.find(ends.first);
  if (from == nullptr) return nullptr;
  const auto at = from->find(ends.second);
  return at == from->end() || !at->second.active ? nullptr : &at->second;
}

bool CarGraph::touch_edge(const std::string& source, const std::string& collection,
                          const EdgeKey& ends, int64_t last_modified) {
  CarEdge* edge = find_active_edge(source, collection, ends);
  if (edge == nullptr) return false;
  edge->last_modified = last_modified;
  return true;
}

bool CarGraph::disable_edge(const std::string& source, const std::string& collection,
                            const EdgeKey& ends) {
  CarEdge* edge = find_active_edge(source, collection, ends);
  if (edge == nullptr) return false;
  edge->last_modified = 0;
  edge->active = false;
  tell("edge disabled", edge_line(collection, ends.first, ends.second));
  return true;
}

void CarGraph::drop_edges_at(SourceGraph& graph, const std::string& collection,
                             const std::string& key, std::string_view kind) {
  for (auto& [name, edges] : graph.edges) {
    const EdgeCollection* ends = any_edge_collection(name);
    if (ends == nullptr) continue;
    const auto drop = [&, &collection_name = name](const std::string& from, const std::string& to,
                                                   CarEdge& edge) {
      if (!edge.active) return;
      edge.active = false;
      tell(kind, edge_line(collection_name, from, to));
    };
    if (ends->from == collection)
      if (auto* own = edges.find(key))
        for (auto& [to, edge] : *own) drop(key, to, edge);
    if (ends->to == collection)
      for (auto& [from, list] : edges)
        if (const auto at = list.find(key); at != list.end()) drop(from, key, at->second);
  }
}

bool CarGraph::tag_asset(const std::string& source, const std::string& id, const std::string& tag) {
  SourceGraph* graph = find_source(source);
  if (graph == nullptr || !graph->has_active_vertex("asset", id)) return false;
  CarVertex& vertex = graph->vertices["asset"][id];
  ImportRecord record;
  record.vertex = find_vertex_collection(IdentityModel::user, "asset");
  rapidjson::Document change;
  change.Parse(vertex.record.c_str());
  rapidjson::Value list(rapidjson::kArrayType);
  list.PushBack(rapidjson::Value(tag.c_str(), change.GetAllocator()), change.GetAllocator());
  change.RemoveMember("tag");
  change.AddMember("tag", list, change.GetAllocator());
  record.record = json_of(change);
  keep_optional_fields(vertex, record);
  vertex.record = record.record;
  vertex.attributes = record.attributes;
  return true;
}

bool CarGraph::delete_vertex(const std::string& source, const std::string& collection,
                             const std::string& key) {
  SourceGraph* graph = find_source(source);
  if (graph == nullptr || !graph->has_active_vertex(collection, key)) return false;
  CarVertex& vertex = graph->vertices[collection][key];
  vertex.active = false;
  tell("vertex deleted", vertex_line(collection, key, vertex));
  drop_edges_at(*graph, collection, key, "edge of deleted vertex");
  return true;
}

void CarGraph::begin_session(const std::string& source) {
  SourceGraph& graph = this->source(source);
  graph.session_open = true;
  // Begun again: whatever was reported before has to be reported anew.
  for (auto& [name, list] : graph.vertices)
    for (auto& [key, vertex] : list) vertex.reported = false;
  for (auto& [name, list] : graph.edges)
    for (auto& [from, edges] : list)
      for (auto& [to, edge] : edges) edge.reported = false;
}

bool CarGraph::end_session(const std::string& source) {
  SourceGraph* graph = find_source(source);
  if (graph == nullptr || !graph->session_open) return false;
  graph->session_open = false;
  constexpr std::string_view kind = "fell away at session end";
  for (auto& [name, list] : graph->edges)
    for (auto& [from, edges] : list)
      for (auto& [to, edge] : edges)
        if (edge.active && !edge.reported) {
          edge.active = false;
          tell(kind, edge_line(name, from, to));
        }
  for (auto& [name, list] : graph->vertices)
    for (auto& [key, vertex] : list)
      if (vertex.active && !vertex.reported) {
        vertex.active = false;
        tell(kind, vertex_line(name, key, vertex));
      }
  // An edge that was reported although its vertex was not.
  for (auto& [name, list] : graph->edges) {
    const EdgeCollection* ends = any_edge_collection(name);
    for (auto& [from, edges] : list) {
      const bool begins = graph->has_active_vertex(ends->from, from);
      for (auto& [to, edge] : edges)
        if (edge.active && (!begins || !graph->has_active_vertex(ends->to, to))) {
          edge.active = false;
          tell(kind, edge_line(name, from, to));
        }
    }
  }
  return true;
}

const std::vector<EdgeRow>& CarGraph::edge_rows(const std::string& source,
                                                const std::string& collection,
                                                bool inactive_too) const {
  if (rows_.source == source && rows_.collection == collection &&
      rows_.inactive_too == inactive_too)
    return rows_.list;
  rows_ = {source, collection, inactive_too, {}};
  const SourceGraph* graph = find_source(source);
  if (graph == nullptr) return rows_.list;
  if (const auto list = graph->edges.find(collection); list != graph->edges.end())
    for (const auto& [from, edges] : list->second)
      for (const auto& [to, edge] : edges)
        if (edge.active || inactive_too) rows_.list.push_back({&from, &to, &edge});
  return rows_.list;
}

std::set<std::string> CarGraph::vertex_lines() const {
  std::set<std::string> out;
  for (const auto& [source, graph] : sources_)
    for (const auto& [name, list] : graph.vertices)
      for (const auto& [key, vertex] : list)
        if (vertex.active) out.insert(vertex_line(name, key, vertex));
  return out;
}

std::set<std::string> CarGraph::edge_lines() const {
  std::set<std::string> out;
  for (const auto& [source, graph] : sources_)
    for (const auto& [name, list] : graph.edges)
      for (const auto& [from, edges] : list)
        for (const auto& [to, edge] : edges)
          if (edge.active) out.insert(edge_line(name, from, to));
  return out;
}

}  // namespace simulator
