#include "car_query.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include "text.h"

namespace simulator {
namespace {

struct Condition {
  std::string field;
  std::vector<std::string> values;  // one of them
};

struct Selection {
  std::string collection;
  std::string source;
  std::vector<Condition> conditions;
  bool ordered = false;
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
  /// GraphQL takes its strings in JSON's form.
  std::string quoted() {
    if (peek() != '"') throw std::runtime_error("Syntax Error: expected a string");
    const size_t from = at_++;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    expect('"');
    rapidjson::Document value;
    value.Parse(text_.data() + from, at_ - from);
    if (!value.IsString()) throw std::runtime_error("Syntax Error: no string");
    return {value.GetString(), value.GetStringLength()};
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
    } else if (name == "order_by") {
      order(out);
    } else if (name == "where") {
      expect('{');
      while (peek() != '}') condition(out);
      expect('}');
    } else {
      throw std::runtime_error("Unknown argument \"" + name + "\"");
    }
  }

  /// By the ends or the key, ascending: the order in which everything lies here anyway.
  void order(Selection& out) {
    out.ordered = true;
    expect('[');
    while (peek() != ']') {
      expect('{');
      word();
      expect(':');
      if (word() != "asc") throw std::runtime_error("only asc is known here");
      expect('}');
    }
    expect(']');
  }

  void condition(Selection& out) {
    Condition one{word(), {}};
    expect(':');
    expect('{');
    const std::string how = word();
    expect(':');
    if (how == "_eq" && one.field == "active") {
      if (word() != "true") throw std::runtime_error("only active:true can be asked for");
    } else if (how == "_eq") {
      one.values = {quoted()};
    } else if (how == "_in") {
      expect('[');
      while (peek() != ']') one.values.push_back(quoted());
      expect(']');
    } else {
      throw std::runtime_error("only _eq and _in are known here");
    }
    expect('}');
    if (one.field == "source")
      out.source = one.values.front();
    else if (one.field != "active")
      out.conditions.push_back(std::move(one));
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::runtime_error no_field(const std::string& field, const std::string& type) {
  return std::runtime_error("field '" + field + "' not found in type: '" + type + "'");
}

/// One selection against one collection: what it may name, and the rows as JSON.
class Answer {
 public:
  Answer(JsonWriter& json, const Selection& selection, const QueryOptions& options)
      : json_(json), selection_(selection), options_(options) {}

  /// What of an item is not in its record, or stands differently there.
  using Known = std::map<std::string, std::string>;

  void vertices(const VertexCollection& kind, const std::map<std::string, CarVertex>& items) {
    static const std::set<std::string> names{
        "_key",       "external_id",  "name",          "host_name",  "description",
        "source",     "disclosed_on", "published_on",  "base_score", "is_os",
        "asset_type", "risk",         "username",      "fullname",   "app_type",
        "updated_on", "tag",          "business_value"};
    check_names(names);
    walk(
        items,
        [&](const std::string& key, const CarVertex&) {
          return Known{{"_key", key}, {"source", selection_.source}, {kind.key_field, key}};
        },
        [&](const Known& known, const CarVertex& vertex) {
          rapidjson::Document record;
          record.Parse(vertex.record.c_str());
          row(record, known, vertex.active);
        });
    invent({{"_key", "invented"}, {kind.key_field, "invented"}});
  }

  void edges(const EdgeCollection& kind, const std::map<EdgeKey, CarEdge>& items) {
    const std::string from = options_.ends_by_id ? kind.from + "_id" : "_from";
    const std::string to = options_.ends_by_id ? kind.to + "_id" : "_to";
    check_names({from, to, "source", "report", "timestamp", "last_modified"});
    walk(
        items,
        [&](const EdgeKey& ends, const CarEdge& edge) {
          return Known{{from, end(kind.from, ends.first)},
                       {to, end(kind.to, ends.second)},
                       {"source", selection_.source},
                       {"report", edge.report}};
        },
        [&](const Known& known, const CarEdge& edge) {
          rapidjson::Document record;
          record.SetObject();
          record.AddMember("timestamp", edge.timestamp, record.GetAllocator());
          if (edge.last_modified != 0)
            record.AddMember("last_modified", edge.last_modified, record.GetAllocator());
          row(record, known, edge.active);
        });
    invent({{from, end(kind.from, "invented")}, {to, end(kind.to, "invented")}});
  }

 private:
  std::string end(const std::string& collection, const std::string& key) const {
    if (!options_.ends_by_id) return collection + "/" + key;
    if (collection == "ipaddress") return "ipaddress/0/" + key;
    return selection_.source + "/" + key;
  }

  void check_names(const std::set<std::string>& names) const {
    for (const std::string& field : selection_.fields) {
      const bool known = field == "active" ? options_.knows_active : names.contains(field);
      if (!known || field == options_.unknown_field) throw no_field(field, selection_.collection);
    }
    for (const Condition& condition : selection_.conditions)
      if (!names.contains(condition.field)) throw no_field(condition.field, selection_.collection);
    if (selection_.ordered && !options_.knows_order)
      throw std::runtime_error("'" + selection_.collection + "' has no argument named 'order_by'");
  }

  bool fits(const Known& known) const {
    if (options_.ignores_filter) return true;
    for (const Condition& condition : selection_.conditions) {
      const std::vector<std::string>& any = condition.values;
      if (std::find(any.begin(), any.end(), known.at(condition.field)) == any.end()) return false;
    }
    return true;
  }

  /// Within limit and offset of those that fit.
  template <typename Items, typename KnownOf, typename Write>
  void walk(const Items& items, const KnownOf& known_of, const Write& write) {
    size_t skip = options_.repeats_page ? 0 : selection_.offset;
    const size_t most = std::min(selection_.limit, options_.most_rows);
    for (const auto& [key, item] : items) {
      if (written_ == most) return;
      if (!item.active && !options_.tells_inactive) continue;
      if (skip > 0 && selection_.conditions.empty()) {
        --skip;
        continue;
      }
      const Known known = known_of(key, item);
      if (!fits(known) || (skip > 0 && skip-- > 0)) continue;
      write(known, item);
      ++written_;
    }
  }

  void invent(Known known) {
    if (!options_.endless || written_ > 0) return;
    for (auto& [field, value] : known) value += std::to_string(selection_.offset);
    rapidjson::Document record;
    record.SetObject();
    row(record, known, true);
  }

  void row(const rapidjson::Value& record, const Known& known, bool active) {
    json_.StartObject();
    for (const std::string& field : selection_.fields) {
      write_key(json_, field);
      const auto at = record.FindMember(field.c_str());
      if (const auto given = known.find(field); given != known.end())
        write(json_, given->second);
      else if (field == "active")
        json_.Bool(active);
      else if (at == record.MemberEnd())
        json_.Null();
      else if (at->value.IsInt64() && options_.numbers_as_text)
        write(json_, std::to_string(at->value.GetInt64()));
      else
        at->value.Accept(json_);
    }
    json_.EndObject();
  }

  JsonWriter& json_;
  const Selection& selection_;
  const QueryOptions& options_;
  size_t written_ = 0;
};

void write_selection(JsonWriter& json, const CarGraph& graph, IdentityModel model,
                     const QueryOptions& options, const Selection& selection) {
  const VertexCollection* vertex = find_vertex_collection(model, selection.collection);
  const EdgeCollection* edge = find_edge_collection(model, selection.collection);
  if (vertex == nullptr && edge == nullptr) throw no_field(selection.collection, "query_root");
  static const std::map<std::string, CarVertex> no_vertices;
  static const std::map<EdgeKey, CarEdge> no_edges;
  const SourceGraph* source = graph.find_source(selection.source);
  const auto of = [&](const auto& lists, const auto& none) -> const auto& {
    const auto at = lists.find(selection.collection);
    return at == lists.end() ? none : at->second;
  };
  json.StartArray();
  Answer answer(json, selection, options);
  if (vertex != nullptr)
    answer.vertices(*vertex, source == nullptr ? no_vertices : of(source->vertices, no_vertices));
  else
    answer.edges(*edge, source == nullptr ? no_edges : of(source->edges, no_edges));
  json.EndArray();
}

}  // namespace

std::string run_graphql(const CarGraph& graph, IdentityModel model, const QueryOptions& options,
                        std::string_view query) {
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
    write_selection(json, graph, model, options, selection);
  }
  json.EndObject();
  json.EndObject();
  return out;
}

}  // namespace simulator
