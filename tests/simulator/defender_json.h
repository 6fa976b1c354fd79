// Defender's wire form of devices, users and alerts, in the key order seen in captures.
#pragma once

#include "tenant.h"
#include "text.h"

namespace simulator {

void write_machine(JsonWriter& json, const Device& device);
void write_user(JsonWriter& json, const Device& device, const User& user);
void write_alert(JsonWriter& json, const Alert& alert, const Tenant& tenant);
/// The same alert as Graph's alerts_v2 has it; `id_prefix` stands before its id.
void write_graph_alert(JsonWriter& json, const Alert& alert, const Tenant& tenant,
                       const std::string& id_prefix);
/// "InProgress" in Graph's spelling: "inProgress".
std::string in_graph(std::string_view word);

}  // namespace simulator
