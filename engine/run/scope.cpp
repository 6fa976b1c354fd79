#include "run/scope.h"

#include "json/rapid_json.h"

namespace defender_car {

std::string scope_json(const Scope& scope) {
  json::Buffer buffer;
  json::Writer writer(buffer);
  writer.StartObject();
  const auto rule = [&](const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    json::write_key(writer, name);
    writer.StartArray();
    for (const std::string& value : values) json::write_text(writer, value);
    writer.EndArray();
  };
  rule("onboarding_status", scope.onboarding_status);
  rule("device_group", scope.device_groups);
  rule("exclude_tag", scope.exclude_tags);
  if (scope.drop_merged) rule("merged_devices", {"drop"});
  writer.EndObject();
  return json::text_of(buffer);
}

}  // namespace defender_car
