#include "car_import.h"

#include "text.h"

namespace simulator {
namespace {

using rapidjson::Value;

std::string plain_json(const Value& record) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  record.Accept(json);
  return out;
}

/// Adds the records of one collection; what is wrong with them otherwise.
std::string add_collection(Envelope& envelope, const std::string& name, const Value& list,
                           IdentityModel model) {
  const VertexCollection* vertex = find_vertex_collection(model, name);
  const EdgeCollection* edge = find_edge_collection(model, name);
  if (vertex == nullptr && edge == nullptr) return "unknown collection " + name;
  if (!list.IsArray()) return name + " is not an array";
  for (rapidjson::SizeType i = 0; i < list.Size(); ++i) {
    const Value& record = list[i];
    const auto wrong =
        vertex != nullptr ? check_vertex(*vertex, record) : check_edge(*edge, record);
    if (wrong) return name + "[" + std::to_string(i) + "] " + *wrong;
    ImportRecord out;
    out.vertex = vertex;
    out.edge = edge;
    if (vertex != nullptr) {
      out.key = vertex_key(*vertex, record);
      out.record = plain_json(record);
      out.attributes = canonical_json(record, {"source", "report", "timestamp"});
    } else {
      out.ends = edge_ends(*edge, record);
      out.active = record["active"].GetBool();
      out.timestamp = record["timestamp"].GetInt64();
      out.report = record["report"].GetString();
    }
    envelope.records.push_back(std::move(out));
  }
  return {};
}

}  // namespace

std::variant<Envelope, EnvelopeError> read_envelope(std::string_view body, IdentityModel model,
                                                    size_t max_records) {
  rapidjson::Document json;
  std::string text(body);  // parsed in place: the strings of the document point into it
  json.ParseInsitu<rapidjson::kParseValidateEncodingFlag>(text.data());
  if (json.HasParseError() || !json.IsObject())
    return EnvelopeError{"data_mal_formed", "the body is not a JSON object"};
  if (const auto wrong = check_envelope_head(json)) return EnvelopeError{"data_mal_formed", *wrong};
  size_t count = 0;
  for (const auto& member : json.GetObject())
    if (member.value.IsArray()) count += member.value.Size();
  if (count > max_records)
    return EnvelopeError{"data_mal_formed",
                         "more than " + std::to_string(max_records) + " records in one envelope"};
  Envelope envelope;
  envelope.records.reserve(count);
  envelope.source = json["source"]["_key"].GetString();
  envelope.source_name = json["source"]["name"].GetString();
  for (const auto& member : json.GetObject()) {
    const std::string name = member.name.GetString();
    if (name == "source" || name == "report") continue;
    const std::string wrong = add_collection(envelope, name, member.value, model);
    if (!wrong.empty()) return EnvelopeError{"data_mal_formed", wrong};
  }
  return envelope;
}

}  // namespace simulator
