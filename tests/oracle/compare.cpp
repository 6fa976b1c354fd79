#include "compare.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <map>

#include "text.h"

namespace oracle {
namespace {

/// Where the attributes of a vertex line begin. A key may hold any character, but the attributes
/// are an object, and no object follows a bar within it before this one.
size_t attributes_at(const std::string& line) { return line.find("|{"); }

bool same_value(const rapidjson::Value& held, const std::string& wanted) {
  rapidjson::Document value;
  value.Parse(wanted.c_str());
  if (held.IsNumber() && value.IsNumber()) return held.GetDouble() == value.GetDouble();
  return simulator::canonical_json(held) == simulator::canonical_json(value);
}

std::string wrong_list(const rapidjson::Value& held, const std::string& field,
                       const std::string& wanted) {
  rapidjson::Document list;
  list.Parse(wanted.c_str());
  std::set<std::string> missing;
  for (const auto& one : list.GetArray()) missing.insert(one.GetString());
  if (const auto at = held.FindMember(field.c_str()); at != held.MemberEnd())
    for (const auto& one : at->value.GetArray()) {
      const std::string text = one.GetString();
      if (missing.erase(text) == 0 && !text.starts_with("foreign"))
        return field + " has " + text + ", wanted " + wanted;
    }
  return missing.empty() ? "" : field + " lacks " + *missing.begin();
}

std::string wrong_attributes(const std::string& held_json, const Attributes& wanted) {
  rapidjson::Document held;
  held.Parse(held_json.c_str());
  for (const auto& [name, value] : wanted) {
    const bool contains = name.ends_with('~');
    const bool absent = name.ends_with('!');
    if (name.ends_with('?')) {
      const auto left = held.FindMember(name.substr(0, name.size() - 1).c_str());
      const bool empty = left == held.MemberEnd() ||
                         (left->value.IsNumber() && left->value.GetDouble() == 0) ||
                         (left->value.IsString() && left->value.GetStringLength() == 0);
      if (!empty) return name + " is " + simulator::canonical_json(left->value) + ", wanted none";
      continue;
    }
    if (name.ends_with('@')) {
      const std::string problem = wrong_list(held, name.substr(0, name.size() - 1), value);
      if (!problem.empty()) return problem;
      continue;
    }
    const std::string field = contains || absent ? name.substr(0, name.size() - 1) : name;
    const auto at = held.FindMember(field.c_str());
    if (absent) {
      if (at != held.MemberEnd())
        return field + " is " + simulator::canonical_json(at->value) + ", wanted none";
      continue;
    }
    if (at == held.MemberEnd()) return field + " is missing, wanted " + value;
    const bool fits = contains
                          ? at->value.IsString() &&
                                std::string(at->value.GetString()).find(value) != std::string::npos
                          : same_value(at->value, value);
    if (!fits) return field + " is " + simulator::canonical_json(at->value) + ", wanted " + value;
  }
  return {};
}

/// Adds up to `most` lines and says how many more there are.
void add(std::vector<std::string>& out, const std::string& what,
         const std::vector<std::string>& lines, size_t most) {
  for (size_t i = 0; i < std::min(lines.size(), most); ++i) out.push_back(what + " " + lines[i]);
  if (lines.size() > most)
    out.push_back(what + " … and " + std::to_string(lines.size() - most) + " more");
}

std::vector<std::string> minus(const std::set<std::string>& left,
                               const std::set<std::string>& right) {
  std::vector<std::string> out;
  std::set_difference(left.begin(), left.end(), right.begin(), right.end(),
                      std::back_inserter(out));
  return out;
}

}  // namespace

std::string vertex_of_line(const std::string& line) { return line.substr(0, attributes_at(line)); }

std::vector<std::string> differences(const Graph& wanted, const std::set<std::string>& car_edges,
                                     const std::set<std::string>& car_vertices, size_t most) {
  std::map<std::string, std::string> held;
  for (const std::string& line : car_vertices)
    held[vertex_of_line(line)] = line.substr(attributes_at(line) + 1);
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
  std::vector<std::string> wrong;
  for (const auto& [vertex, attributes] : wanted.vertices) {
    const auto at = held.find(vertex);
    if (at == held.end()) {
      missing.push_back(vertex);
      continue;
    }
    const std::string problem = wrong_attributes(at->second, attributes);
    if (!problem.empty()) wrong.push_back(vertex + ": " + problem);
  }
  for (const auto& [vertex, json] : held)
    if (vertex.starts_with("asset|") && !wanted.vertices.contains(vertex))
      unexpected.push_back(vertex);
  std::vector<std::string> out;
  add(out, "missing edge", minus(wanted.edges, car_edges), most);
  add(out, "unexpected edge", minus(car_edges, wanted.edges), most);
  add(out, "missing vertex", missing, most);
  add(out, "unexpected vertex", unexpected, most);
  add(out, "wrong vertex", wrong, most);
  return out;
}

}  // namespace oracle
