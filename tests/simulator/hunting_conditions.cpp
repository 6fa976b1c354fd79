#include "hunting_conditions.h"

#include <algorithm>

#include "text.h"

namespace simulator {

using kql::Compare;
using kql::Condition;

namespace {

std::string_view as_text(const Cell& cell) {
  return cell.kind == Cell::Kind::text || cell.kind == Cell::Kind::raw ? cell.text
                                                                       : std::string_view();
}

uint64_t hash_of(const Cell& cell) {
  const bool known = cell.kind == Cell::Kind::text && cell.number != 0;
  return known ? static_cast<uint64_t>(cell.number) : stable_hash(as_text(cell));
}

bool compare_text(std::string_view left, const Condition& condition) {
  const std::string& right = condition.text;
  switch (condition.compare) {
    case Compare::eq:
      return left == right;
    case Compare::ne:
      return left != right;
    case Compare::eq_nocase:
      return to_lower(left) == to_lower(right);
    case Compare::ne_nocase:
      return to_lower(left) != to_lower(right);
    case Compare::contains:
    case Compare::has:
      return to_lower(left).find(to_lower(right)) != std::string::npos;
    case Compare::starts:
      return to_lower(left).starts_with(to_lower(right));
    case Compare::ends:
      return to_lower(left).ends_with(to_lower(right));
    case Compare::lt:
      return left < right;
    case Compare::le:
      return left <= right;
    case Compare::gt:
      return left > right;
    case Compare::ge:
      return left >= right;
  }
  return false;
}

template <typename Number>
bool compare_number(Number left, Number right, Compare compare) {
  switch (compare) {
    case Compare::eq:
      return left == right;
    case Compare::ne:
      return left != right;
    case Compare::lt:
      return left < right;
    case Compare::le:
      return left <= right;
    case Compare::gt:
      return left > right;
    case Compare::ge:
      return left >= right;
    default:
      return false;
  }
}

bool matches(const Condition& condition, const Cell& cell) {
  switch (condition.kind) {
    case Condition::Kind::compare:
      if (condition.text_side) return compare_text(as_text(cell), condition);
      if (cell.kind == Cell::Kind::null) return condition.compare == Compare::ne;
      if (cell.kind == Cell::Kind::real)
        return compare_number(cell.real, static_cast<double>(condition.number), condition.compare);
      return compare_number(cell.number, condition.number, condition.compare);
    case Condition::Kind::in:
      return condition.texts.contains(std::string(as_text(cell)));
    case Condition::Kind::in_nocase:
      return condition.texts.contains(to_lower(as_text(cell)));
    case Condition::Kind::empty:
      return cell.kind == Cell::Kind::null || (cell.kind == Cell::Kind::text && cell.text.empty());
    case Condition::Kind::hash:
      return hash_of(cell) % condition.modulus == static_cast<uint64_t>(condition.number);
    default:
      return false;
  }
}

/// The conditions that must hold for every row that comes through, one by one.
void collect_conjuncts(const Condition& condition, std::vector<const Condition*>& out) {
  if (condition.kind == Condition::Kind::all)
    for (const Condition& part : condition.parts) collect_conjuncts(part, out);
  else
    out.push_back(&condition);
}

bool speaks_of_device_only(const Condition& condition) {
  if (condition.parts.empty()) return condition.column == "DeviceId";
  return std::all_of(condition.parts.begin(), condition.parts.end(), speaks_of_device_only);
}

/// Decides DeviceId conditions on the id alone.
bool holds_for_device(const Condition& condition, const Cell& id) {
  const auto part_holds = [&](const Condition& part) { return holds_for_device(part, id); };
  if (condition.kind == Condition::Kind::all)
    return std::all_of(condition.parts.begin(), condition.parts.end(), part_holds);
  if (condition.kind == Condition::Kind::any)
    return std::any_of(condition.parts.begin(), condition.parts.end(), part_holds);
  if (condition.kind == Condition::Kind::negation) return !part_holds(condition.parts.front());
  return matches(condition, id);
}
}  // namespace

size_t column_index(const std::vector<HuntingColumn>& columns, const std::string& name) {
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == name) return i;
  throw kql::Error("Failed to resolve column or scalar expression named '" + name +
                   "'. Fix semantic errors in your query.");
}

void resolve(Condition& condition, const std::vector<HuntingColumn>& columns) {
  for (Condition& part : condition.parts) resolve(part, columns);
  if (condition.column.empty()) return;
  condition.column_index = column_index(columns, condition.column);
  const bool time_column = columns[condition.column_index].type == "DateTime";
  if (condition.kind == Condition::Kind::compare && time_column != condition.time_side)
    throw kql::Error("Cannot compare values of types " + columns[condition.column_index].type +
                     " and another one. Try adding explicit casts.");
}

bool holds(const Condition& condition, const Row& row) {
  const auto part_holds = [&](const Condition& part) { return holds(part, row); };
  switch (condition.kind) {
    case Condition::Kind::all:
      return std::all_of(condition.parts.begin(), condition.parts.end(), part_holds);
    case Condition::Kind::any:
      return std::any_of(condition.parts.begin(), condition.parts.end(), part_holds);
    case Condition::Kind::negation:
      return !part_holds(condition.parts.front());
    default:
      return matches(condition, row[condition.column_index]);
  }
}

HuntingTable::DeviceFilter device_filter(const kql::Query& query) {
  std::vector<const Condition*> conditions;
  for (const kql::Stage& stage : query.stages) {
    if (stage.kind != kql::Stage::Kind::where) break;
    collect_conjuncts(stage.condition, conditions);
  }
  std::erase_if(conditions, [](const Condition* c) { return !speaks_of_device_only(*c); });
  return [conditions = std::move(conditions)](const Cell& id) {
    return std::all_of(conditions.begin(), conditions.end(),
                       [&](const Condition* c) { return holds_for_device(*c, id); });
  };
}

}  // namespace simulator
