#include "car_graph.h"

namespace simulator {
namespace {

std::string vertex_line(const std::string& collection, const std::string& key,
                        const CarVertex& vertex) {
  return collection + "|" + key + "|" + vertex.attributes;
}
std::string edge_line(const std::string& collection, const EdgeKey& ends) {
  return collection + "|" + ends.first + "|" + ends.second;
}

/// Both models know these names' ends; user-model names come first.
const EdgeCollection* any_edge_collection(std::string_view name) {
  const EdgeCollection* found = find_edge_collection(IdentityModel::user, name);
  return found != nullptr ? found : find_edge_collection(IdentityModel::account, name);
}

}  // namespace

SourceGraph* CarGraph::find_source(std::string_view source) {
  const auto at = sources_.find(source);
  return at == sources_.end() ? nullptr : &at->second;
}

const SourceGraph* CarGraph::find_source(std::string_view source) const {
  const auto at = sources_.find(source);
  return at == sources_.end() ? nullptr : &at->second;
}

void CarGraph::apply(const std::string& source, const std::vector<ImportRecord>& records) {
  SourceGraph& graph = sources_[source];
  for (const ImportRecord& record : records) {
    if (!record.is_edge) {
      graph.vertices[record.collection][record.key] = {true, record.record, record.attributes,
                                                       graph.session_open};
      continue;
    }
    const EdgeKey ends{record.ends.from, record.ends.to};
    CarEdge& edge = graph.edges[record.collection][ends];
    const bool was_active = edge.active;
    edge = {record.active, graph.session_open, record.timestamp, 0, record.report};
    if (was_active && !record.active) tell("edge disabled", edge_line(record.collection, ends));
  }
}

bool CarGraph::has_active_vertex(const std::string& source, const std::string& collection,
                                 const std::string& key) const {
  const SourceGraph* graph = find_source(source);
  if (graph == nullptr) return false;
  const auto list = graph->vertices.find(collection);
  if (list == graph->vertices.end()) return false;
  const auto at = list->second.find(key);
  return at != list->second.end() && at->second.active;
}

bool CarGraph::touch_edge(const std::string& source, const std::string& collection,
                          const EdgeKey& ends, int64_t last_modified) {
  SourceGraph* graph = find_source(source);
  if (graph == nullptr) return false;
  const auto list = graph->edges.find(collection);
  if (list == graph->edges.end()) return false;
  const auto at = list->second.find(ends);
  if (at == list->second.end() || !at->second.active) return false;
  at->second.last_modified = last_modified;
  return true;
}

bool CarGraph::disable_edge(const std::string& source, const std::string& collection,
                            const EdgeKey& ends) {
  if (!touch_edge(source, collection, ends, 0)) return false;
  sources_.at(source).edges[collection][ends].active = false;
  tell("edge disabled", edge_line(collection, ends));
  return true;
}

void CarGraph::drop_edges_at(SourceGraph& graph, const std::string& collection,
                             const std::string& key, std::string_view kind) {
  for (auto& [name, edges] : graph.edges) {
    const EdgeCollection* ends = any_edge_collection(name);
    if (ends == nullptr) continue;
    const auto drop = [&, &collection_name = name](const EdgeKey& at, CarEdge& edge) {
      if (!edge.active) return;
      edge.active = false;
      tell(kind, edge_line(collection_name, at));
    };
    if (ends->from == collection)  // ordered by `from`: only the vertex's own edges are walked
      for (auto at = edges.lower_bound({key, ""}); at != edges.end() && at->first.first == key;
           ++at)
        drop(at->first, at->second);
    if (ends->to == collection)
      for (auto& [at, edge] : edges)
        if (at.second == key) drop(at, edge);
  }
}

bool CarGraph::delete_vertex(const std::string& source, const std::string& collection,
                             const std::string& key) {
  if (!has_active_vertex(source, collection, key)) return false;
  SourceGraph& graph = sources_.at(source);
  CarVertex& vertex = graph.vertices[collection][key];
  vertex.active = false;
  tell("vertex deleted", vertex_line(collection, key, vertex));
  drop_edges_at(graph, collection, key, "edge of deleted vertex");
  return true;
}

void CarGraph::begin_session(const std::string& source) {
  SourceGraph& graph = sources_[source];
  graph.session_open = true;
  // Begun again: whatever was reported before has to be reported anew.
  for (auto& [name, list] : graph.vertices)
    for (auto& [key, vertex] : list) vertex.reported = false;
  for (auto& [name, list] : graph.edges)
    for (auto& [ends, edge] : list) edge.reported = false;
}

bool CarGraph::end_session(const std::string& source) {
  SourceGraph* graph = find_source(source);
  if (graph == nullptr || !graph->session_open) return false;
  graph->session_open = false;
  constexpr std::string_view kind = "fell away at session end";
  for (auto& [name, list] : graph->edges)
    for (auto& [ends, edge] : list)
      if (edge.active && !edge.reported) {
        edge.active = false;
        tell(kind, edge_line(name, ends));
      }
  for (auto& [name, list] : graph->vertices)
    for (auto& [key, vertex] : list)
      if (vertex.active && !vertex.reported) {
        vertex.active = false;
        tell(kind, vertex_line(name, key, vertex));
      }
  // An edge that was reported although its vertex was not.
  for (auto& [name, list] : graph->edges) {
    const EdgeCollection* ends_of = any_edge_collection(name);
    for (auto& [ends, edge] : list)
      if (edge.active && (!has_active_vertex(source, ends_of->from, ends.first) ||
                          !has_active_vertex(source, ends_of->to, ends.second))) {
        edge.active = false;
        tell(kind, edge_line(name, ends));
      }
  }
  return true;
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
      for (const auto& [ends, edge] : list)
        if (edge.active) out.insert(edge_line(name, ends));
  return out;
}

}  // namespace simulator
