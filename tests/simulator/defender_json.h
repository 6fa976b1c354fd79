// Defender's wire form of devices, users and alerts, in the key order seen in captures.
#pragma once

#include "tenant.h"
#include "text.h"

namespace simulator {

void write_machine(JsonWriter& json, const Device& device);
void write_user(JsonWriter& json, const Device& device, const User& user);
void write_alert(JsonWriter& json, const Alert& alert, const Tenant& tenant);

}  // namespace simulator
