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
  bool counted = false;  // { aggregate { count } }
  bool paged = false;    // by limit or offset
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
    while (peek() != '}') {
      out.fields.push_back(word());
      if (peek() != '{') continue;
      expect('{');
      out.counted = word() == "count";
      expect('}');
    }
    expect('}');
    return out;
  }

  void argument(Selection& out) {
    const std::string name = word();
    expect(':');
    out.paged = out.paged || name == "limit" || name == "offset";
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

  void vertices(const VertexCollection& kind, const VertexList& items) {
    static const std::set<std::string> names{
        "_key",       "external_id",  "name",          "host_name",  "description",
        "source",     "disclosed_on", "published_on",  "base_score", "is_os",
        "asset_type", "risk",         "username",      "fullname",   "app_type",
        "updated_on", "tag",          "business_value"};
    check_names(names);
    size_t skip = first_row();
    for (const auto& [key, vertex] : items) {
      if (full()) break;
      if (!vertex.active && !options_.tells_inactive) continue;
      if (skip > 0 && selection_.conditions.empty()) {
        --skip;
        continue;
      }
      const Known known{{"_key", key}, {"source", selection_.source}, {kind.key_field, key}};
      if (!fits(known) || (skip > 0 && skip-- > 0)) continue;
      rapidjson::Document record;
      record.Parse(vertex.record.c_str());
      row(known, vertex.active, [&](const std::string& field) {
        const auto at = record.FindMember(field.c_str());
        return at == record.MemberEnd() ? nullptr : &at->value;
      });
    }
    invent({{"_key", "invented"}, {kind.key_field, "invented"}});
  }

  void edges(const EdgeCollection& kind, const std::vector<EdgeRow>& rows) {
    const std::string from = options_.ends_by_id ? kind.from + "_id" : "_from";
    const std::string to = options_.ends_by_id ? kind.to + "_id" : "_to";
    check_names({from, to, "source", "report", "timestamp", "last_modified"});
    const bool all = selection_.conditions.empty();
    size_t skip = all ? 0 : first_row();
    for (size_t at = all ? first_row() : 0; at < rows.size() && !full(); ++at) {
      const CarEdge& edge = *rows[at].edge;
      const Known known{{from, end(kind.from, *rows[at].from)},
                        {to, end(kind.to, *rows[at].to)},
                        {"source", selection_.source},
                        {"report", edge.report}};
      if (!fits(known) || (skip > 0 && skip-- > 0)) continue;
      const rapidjson::Value timestamp(edge.timestamp), last_modified(edge.last_modified);
      row(known, edge.active, [&](const std::string& field) -> const rapidjson::Value* {
        if (field == "timestamp") return &timestamp;
        return field == "last_modified" && edge.last_modified != 0 ? &last_modified : nullptr;
      });
    }
    invent({{from, end(kind.from, "invented")}, {to, end(kind.to, "invented")}});
  }

 private:
  /// What of an item is not in its record, or stands differently there: field and value.
  using Known = std::vector<std::pair<std::string_view, std::string>>;

  static const std::string* find(const Known& known, std::string_view field) {
    for (const auto& [name, value] : known)
      if (name == field) return &value;
    return nullptr;
  }

  size_t first_row() const { return options_.repeats_page ? 0 : selection_.offset; }
  bool full() const { return written_ == std::min(selection_.limit, options_.most_rows); }

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
      const std::string* value = find(known, condition.field);
      if (value == nullptr) throw std::runtime_error(condition.field + " cannot be filtered by");
      if (std::find(any.begin(), any.end(), *value) == any.end()) return false;
    }
    return true;
  }

  void invent(Known known) {
    if (!options_.endless || written_ > 0) return;
    for (auto& [field, value] : known) value += std::to_string(selection_.offset);
    row(known, true, [](const std::string&) -> const rapidjson::Value* { return nullptr; });
  }

  /// `other` has the value of a field that is not among the known ones; nullptr: there is none.
  template <typename Other>
  void row(const Known& known, bool active, const Other& other) {
    ++written_;
    json_.StartObject();
    for (const std::string& field : selection_.fields) {
      write_key(json_, field);
      if (const std::string* given = find(known, field))
        write(json_, *given);
      else if (field == "active")
        json_.Bool(active);
      else if (const rapidjson::Value* value = other(field); value == nullptr)
        json_.Null();
      else if (value->IsInt64() && options_.numbers_as_text)
        write(json_, std::to_string(value->GetInt64()));
      else
        value->Accept(json_);
    }
    json_.EndObject();
  }

  JsonWriter& json_;
  const Selection& selection_;
  const QueryOptions& options_;
  size_t written_ = 0;
};

constexpr std::string_view kAggregate = "_aggregate";

/// The active ones of a vertex collection.
void write_count(JsonWriter& json, const CarGraph& graph, const QueryOptions& options,
                 const Selection& selection) {
  if (!options.knows_aggregate || !selection.counted)
    throw no_field(selection.collection, "query_root");
  const std::string collection =
      selection.collection.substr(0, selection.collection.size() - kAggregate.size());
  int64_t count = 0;
  if (const SourceGraph* source = graph.find_source(selection.source))
    if (const auto at = source->vertices.find(collection); at != source->vertices.end())
      for (const auto& [key, vertex] : at->second) count += vertex.active ? 1 : 0;
  json.StartObject();
  write_key(json, "aggregate");
  json.StartObject();
  write_key(json, "count");
  json.Int64(count);
  json.EndObject();
  json.EndObject();
}

void write_selection(JsonWriter& json, const CarGraph& graph, IdentityModel model,
                     const QueryOptions& options, const Selection& selection) {
  if (selection.collection.ends_with(kAggregate))
    return write_count(json, graph, options, selection);
  if (selection.paged && !options.knows_offset)
    throw std::runtime_error("Unknown argument \"limit\"");
  const VertexCollection* vertex = find_vertex_collection(model, selection.collection);
  const EdgeCollection* edge = find_edge_collection(model, selection.collection);
  if (vertex == nullptr && edge == nullptr) throw no_field(selection.collection, "query_root");
  json.StartArray();
  Answer answer(json, selection, options);
  if (vertex != nullptr) {
    static const VertexList none;
    const SourceGraph* source = graph.find_source(selection.source);
    const VertexList* held = nullptr;
    if (source != nullptr)
      if (const auto at = source->vertices.find(selection.collection); at != source->vertices.end())
        held = &at->second;
    answer.vertices(*vertex, held == nullptr ? none : *held);
  } else {
    answer.edges(*edge,
                 graph.edge_rows(selection.source, selection.collection, options.tells_inactive));
  }
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
