// CAR's graph: the vertices and edges of each source, active or not, and the full-import session of
// a source.
//
// Guarantees: an edge is active only while both its ends are; a record imported again replaces the
// one before as a whole, but for optional_fields(), which stay where it leaves them out; every loss
// of activity is shown to the removal watch, in the line format of lines(). It keeps inactive
// things, so that "was there once" can be told from "never was".
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "car_collections.h"
#include "named_items.h"

namespace simulator {

/// kind: "edge disabled", "vertex deleted", "edge of deleted vertex", "fell away at session end".
using RemovalWatch = std::function<void(std::string_view kind, std::string_view line)>;

struct CarVertex {
  bool active = true;
  std::string record;      // JSON, as imported
  std::string attributes;  // canonical, without source, report and timestamp
  bool reported = false;   // within the open session
};
struct CarEdge {  // there may be millions, so only what reading back can ask for
  bool active = false;
  bool reported = false;
  int64_t timestamp = 0;
  int64_t last_modified = 0;
  std::string report;
};

using EdgeKey = std::pair<std::string, std::string>;          // from, to
using VertexList = NamedItems<CarVertex>;                     // by key
using EdgeList = NamedItems<std::map<std::string, CarEdge>>;  // by from, then by to
struct SourceGraph {
  std::map<std::string, VertexList, std::less<>> vertices;  // by collection
  std::map<std::string, EdgeList, std::less<>> edges;       // by collection
  std::optional<std::string> model_state_id;
  std::string name;
  bool session_open = false;

  bool has_active_vertex(std::string_view collection, std::string_view key) const;
};

/// One record of an envelope, checked and ready to be applied.
struct ImportRecord {
  const VertexCollection* vertex = nullptr;  // either this
  const EdgeCollection* edge = nullptr;      // or that
  bool active = true;
  std::string key;  // of a vertex
  EdgeEnds ends;    // of an edge
  int64_t timestamp = 0;
  std::string report;
  std::string record;  // of a vertex
  std::string attributes;
};

/// An edge where it lies in the graph.
struct EdgeRow {
  const std::string* from;
  const std::string* to;
  const CarEdge* edge;
};

class CarGraph {
 public:
  SourceGraph* find_source(std::string_view source);
  const SourceGraph* find_source(std::string_view source) const;
  SourceGraph& source(const std::string& name) {
    rows_ = {};
    return sources_[name];
  }
  void clear() {
    rows_ = {};
    sources_.clear();
  }
  using Sources = std::map<std::string, SourceGraph, std::less<>>;
  Sources backup() const { return sources_; }
  void restore(Sources sources) {
    rows_ = {};
    sources_ = std::move(sources);
  }
  /// All but the save point.
  void lose_data(const std::string& of) {
    source(of).vertices.clear();
    source(of).edges.clear();
  }
  /// Of one collection, in the order of their ends. They hold until the graph is changed or handed
  /// out to be changed, and are kept: whoever reads a collection back does so in hundreds of pages.
  const std::vector<EdgeRow>& edge_rows(const std::string& source, const std::string& collection,
                                        bool inactive_too) const;

  void apply(const std::string& source, std::vector<ImportRecord> records);
  /// False when there is no such active edge.
  bool disable_edge(const std::string& source, const std::string& collection, const EdgeKey& ends);
  bool touch_edge(const std::string& source, const std::string& collection, const EdgeKey& ends,
                  int64_t last_modified);
  /// False when there is no such active vertex.
  bool delete_vertex(const std::string& source, const std::string& collection,
                     const std::string& key);
  /// As somebody else does in CAR. False when there is no such active asset.
  bool tag_asset(const std::string& source, const std::string& id, const std::string& tag);
  void begin_session(const std::string& source);
  /// False when none is open.
  bool end_session(const std::string& source);

  void set_removal_watch(RemovalWatch watch) { watch_ = std::move(watch); }

  /// `asset|ID|{attributes}` and `asset_ipaddress|FROM|TO`; only what is active.
  std::set<std::string> vertex_lines() const;
  std::set<std::string> edge_lines() const;

 private:
  void tell(std::string_view kind, const std::string& line) const {
    if (watch_) watch_(kind, line);
  }
  /// nullptr when there is none, or it is not active.
  CarEdge* find_active_edge(const std::string& source, const std::string& collection,
                            const EdgeKey& ends);
  void drop_edges_at(SourceGraph& graph, const std::string& collection, const std::string& key,
                     std::string_view kind);

  struct Rows {
    std::string source;
    std::string collection;
    bool inactive_too = false;
    std::vector<EdgeRow> list;
  };

  Sources sources_;
  mutable Rows rows_;  // those that were asked for last
  RemovalWatch watch_;
};

}  // namespace simulator
