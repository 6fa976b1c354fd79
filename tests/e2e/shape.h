// Whether a JSON document has the shape that docs/json promises.
#pragma once

#include <string>

namespace e2e {

/// What is wrong with it by docs/json/NAME.schema.json, or "": a JSON Schema of draft 4,
/// RapidJSON's.
std::string shape_fault(const std::string& document, const std::string& name);

}  // namespace e2e
