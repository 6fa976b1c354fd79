// What collections CAR has, what each record must hold, and which edges join what:
// docs/services/car.md as a table.
#pragma once

#include <rapidjson/document.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

enum class IdentityModel { user, account };

struct VertexCollection {
  std::string name;
  std::vector<std::string> required;
  bool key_first = false;  // `_key` names the vertex, not external_id
  std::string key_field;   // what names it otherwise
};

struct EdgeCollection {
  std::string name;
  std::string from;
  std::string to;
};

const std::vector<VertexCollection>& vertex_collections(IdentityModel model);
const std::vector<EdgeCollection>& edge_collections(IdentityModel model);
const VertexCollection* find_vertex_collection(IdentityModel model, std::string_view name);
const EdgeCollection* find_edge_collection(IdentityModel model, std::string_view name);

/// Ends of an edge as bare keys.
struct EdgeEnds {
  std::string from;
  std::string to;
};

/// What is wrong with the record; nullopt: nothing.
std::optional<std::string> check_vertex(const VertexCollection& kind,
                                        const rapidjson::Value& record);
std::optional<std::string> check_edge(const EdgeCollection& kind, const rapidjson::Value& record);
/// `source` or `report` of an envelope and the key that it must have.
std::optional<std::string> check_envelope_head(const rapidjson::Value& envelope);

/// Both expect a record that passed its check.
std::string vertex_key(const VertexCollection& kind, const rapidjson::Value& record);
EdgeEnds edge_ends(const EdgeCollection& kind, const rapidjson::Value& record);

/// The JSON of GET /v3/importSchema.
std::string import_schema(IdentityModel model, const std::set<std::string>& fields);

/// Fields that not every CAR has: a schema names them or not ("asset.risk"), an import may hold
/// those that it names, and CAR keeps them until an import says otherwise; of tags until untag
/// names them.
const std::set<std::string>& optional_fields();

}  // namespace simulator
