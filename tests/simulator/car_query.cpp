#include "car_query.h"

#include <limits>
#include <stdexcept>

#include "text.h"

namespace simulator {
namespace {

struct Selection {
  std::string collection;
  std::string source;
  size_t limit = std::numeric_limits<size_t>::max();
  size_t offset = 0;
  std::vector<std::string> fields;
};

class GraphqlParser {
 public:
  explicit GraphqlParser(std::string_view text) : text_(text) {}

  std::vector<Selection> parse() {
    if (peek() != '{') word();  // the optional word `query`
    expect('{');
    std::vector<Selection> out;
    while (peek() != '}') out.push_back(selection());
    return out;
  }

 private:
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' ||
                                  text_[at_] == '\r' || text_[at_] == ','))
      ++at_;
    if (at_ >= text_.size()) throw std::runtime_error("Syntax Error: unexpected end of query");
    return text_[at_];
  }
  void expect(char c) {
    if (peek() != c) throw std::runtime_error(std::string("Syntax Error: expected ") + c);
    ++at_;
  }
  std::string word() {
    peek();
    const size_t from = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    if (at_ == from) throw std::runtime_error("Syntax Error: expected a name");
    return std::string(text_.substr(from, at_ - from));
  }
  std::string quoted() {
    expect('"');
    std::string out;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    expect('"');
    return out;
  }
  size_t number() {
    const std::string digits = word();
    if (digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos)
      throw std::runtime_error("Syntax Error: expected a number");
    return std::stoul(digits);
  }

  Selection selection() {
    Selection out;
    out.collection = word();
    if (peek() == '(') {
      expect('(');
      while (peek() != ')') argument(out);
      expect(')');
    }
    expect('{');
    while (peek() != '}') out.fields.push_back(word());
    expect('}');
    return out;
  }

  void argument(Selection& out) {
    const std::string name = word();
    expect(':');
    if (name == "limit") {
      out.limit = number();
    } else if (name == "offset") {
      out.offset = number();
    } else if (name == "where") {
      expect('{');
      while (peek() != '}') condition(out);
      expect('}');
    } else {
      throw std::runtime_error("Unknown argument \"" + name + "\"");
    }
  }

  void condition(Selection& out) {
    const std::string field = word();
    expect(':');
    expect('{');
    if (word() != "_eq") throw std::runtime_error("only _eq is known here");
    expect(':');
    if (field == "source")
      out.source = quoted();
    else if (field != "active" || word() != "true")
      throw std::runtime_error("only source and active:true can be asked for");
    expect('}');
  }

  std::string_view text_;
  size_t at_ = 0;
};

/// Fields of an item that are not in its record, or stand differently there.
using Known = std::map<std::string, std::string>;

void write_fields(JsonWriter& json, const Selection& selection, const rapidjson::Value& record,
                  const Known& known) {
  json.StartObject();
  for (const std::string& field : selection.fields) {
    write_key(json, field);
    const auto at = record.FindMember(field.c_str());
    if (const auto given = known.find(field); given != known.end())
      write(json, given->second);
    else if (field == "active")
      json.Bool(true);
    else if (at == record.MemberEnd())
      json.Null();
    else
      at->value.Accept(json);
  }
  json.EndObject();
}

/// Walks the active items of one collection within limit and offset.
template <typename Items, typename Write>
void write_items(const Selection& selection, const Items& items, const Write& write_item) {
  size_t position = 0;
  for (const auto& [key, item] : items) {
    if (!item.active) continue;
    const size_t at = position++;
    if (at >= selection.offset && at - selection.offset < selection.limit) write_item(key, item);
  }
}

void write_vertices(JsonWriter& json, const Selection& selection,
                    const std::map<std::string, CarVertex>& items) {
  write_items(selection, items, [&](const std::string& key, const CarVertex& vertex) {
    rapidjson::Document record;
    record.Parse(vertex.record.c_str());
    write_fields(json, selection, record, {{"_key", key}, {"source", selection.source}});
  });
}

void write_edges(JsonWriter& json, const Selection& selection, const EdgeCollection& kind,
                 const std::map<EdgeKey, CarEdge>& items) {
  write_items(selection, items, [&](const EdgeKey& ends, const CarEdge& edge) {
    rapidjson::Document record;
    record.SetObject();
    record.AddMember("timestamp", edge.timestamp, record.GetAllocator());
    if (edge.last_modified != 0)
      record.AddMember("last_modified", edge.last_modified, record.GetAllocator());
    write_fields(json, selection, record,
                 {{"_from", kind.from + "/" + ends.first},
                  {"_to", kind.to + "/" + ends.second},
                  {"from", ends.first},
                  {"to", ends.second},
                  {"source", selection.source},
                  {"report", edge.report}});
  });
}

void write_selection(JsonWriter& json, const CarGraph& graph, IdentityModel model,
                     const Selection& selection) {
  const VertexCollection* vertex = find_vertex_collection(model, selection.collection);
  const EdgeCollection* edge = find_edge_collection(model, selection.collection);
  if (vertex == nullptr && edge == nullptr)
    throw std::runtime_error("Cannot query field \"" + selection.collection + "\"");
  json.StartArray();
  const SourceGraph* source = graph.find_source(selection.source);
  if (source != nullptr && vertex != nullptr) {
    if (const auto items = source->vertices.find(vertex->name); items != source->vertices.end())
      write_vertices(json, selection, items->second);
  } else if (source != nullptr) {
    if (const auto items = source->edges.find(edge->name); items != source->edges.end())
      write_edges(json, selection, *edge, items->second);
  }
  json.EndArray();
}

}  // namespace

std::string run_graphql(const CarGraph& graph, IdentityModel model, std::string_view query) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  json.StartObject();
  write_key(json, "data");
  json.StartObject();
  for (const Selection& selection : GraphqlParser(query).parse()) {
    if (selection.source.empty())
      throw std::runtime_error("where:{source:{_eq:...}} is needed here");
    write_key(json, selection.collection);
    write_selection(json, graph, model, selection);
  }
  json.EndObject();
  json.EndObject();
  return out;
}

}  // namespace simulator
