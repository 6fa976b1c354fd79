#include "defender/alerts.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "json/rapid_json.h"

namespace defender_car {
namespace {

enum Column { kMachine = 1, kSeverity = 4, kStatus = 5 };

Field text_field(std::string_view text) {
  Field field;
  field.type = Field::Type::text;
  field.text = text;
  return field;
}

/// "inProgress" becomes "InProgress": Defender's words begin with a capital.
void capitalise(Field& field) {
  if (field.type != Field::Type::text || field.text.empty()) return;
  char& first = field.text.front();
  if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
}

const json::Value* member(const json::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

bool is_device(const json::Value& evidence) {
  const json::Value* type = member(evidence, "@odata.type");
  return type != nullptr && type->IsString() &&
         lower(json::view_of(*type)).ends_with(".deviceevidence");
}

bool is_main_device(const json::Value& evidence) {
  const json::Value* roles = member(evidence, "detailedRoles");
  if (roles == nullptr || !roles->IsArray()) return false;
  return std::any_of(roles->Begin(), roles->End(), [](const json::Value& role) {
    return role.IsString() && lower(json::view_of(role)) == "main device";
  });
}

/// The smaller, the better such an evidence names the alert's machine.
int rank(const json::Value& evidence) {
  if (!is_device(evidence)) return 2;
  return is_main_device(evidence) ? 0 : 1;
}

/// Of a device that is not known to Defender the id is null.
bool names_no_machine(const json::Value* id) {
  return id == nullptr || id->IsNull() || (id->IsString() && id->GetStringLength() == 0);
}

/// The main device, else the first one, else the machine of another evidence (a file, a process).
/// Nothing where the list cannot be understood.
std::optional<Field> machine_in(const std::string& evidence_list) {
  json::Document list;
  list.Parse<rapidjson::kParseIterativeFlag>(evidence_list.data(), evidence_list.size());
  if (list.HasParseError() || !list.IsArray()) return std::nullopt;
  Field machine;
  machine.type = Field::Type::null;
  int best = 3;
  for (const json::Value& evidence : list.GetArray()) {
    if (!evidence.IsObject()) return std::nullopt;
    const json::Value* id = member(evidence, "mdeDeviceId");
    if (names_no_machine(id)) continue;
    if (!id->IsString()) return std::nullopt;
    const int place = rank(evidence);
    if (place >= best) continue;
    best = place;
    machine = text_field(json::view_of(*id));
  }
  return machine;
}

}  // namespace

void read_graph_alert(std::span<Field> fields) {
  Field& machine = fields[kMachine];
  if (machine.type == Field::Type::json) {
    // What is left as JSON is no machine's id, and the record is set aside.
    if (auto found = machine_in(machine.text)) machine = std::move(*found);
  } else if (machine.type == Field::Type::text) {
    machine.type = Field::Type::json;  // a text in place of the list names no machine
  }
  Field& severity = fields[kSeverity];
  if (severity.type == Field::Type::text && severity.text == "unknown") {
    severity.text = "UnSpecified";
  }
  capitalise(severity);
  capitalise(fields[kStatus]);
}

void GraphAlertSink::record(std::span<const Field> fields) {
  std::vector<Field> alert(fields.begin(), fields.end());
  read_graph_alert(alert);
  sink_.record(alert);
}

std::string defender_alerts_filter(const AlertsWanted& wanted) {
  if (wanted.resolved_too) return "";
  return wanted.since ? "lastUpdateTime ge " + *wanted.since : "status ne 'Resolved'";
}

std::string graph_alerts_filter(const AlertsWanted& wanted) {
  const std::string ours = "serviceSource eq 'microsoftDefenderForEndpoint'";
  if (wanted.resolved_too) return ours;
  return ours + (wanted.since ? " and lastUpdateDateTime ge " + *wanted.since
                              : " and status ne 'resolved'");
}

}  // namespace defender_car
