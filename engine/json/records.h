#pragma once
// Reads lists of flat records out of JSON responses, streaming (RapidJSON SAX): `{"value":[{…},…]}`
// of Defender's resources, `{"Schema":…,"Results":[…]}` of hunting, whatever case the keys come in.
//
// Guarantees: memory is bounded by one record; unknown keys, `@odata.…` side keys and nested values
// of unknown keys are skipped; a nested value of an asked key arrives as its JSON text; integers
// keep 64 bits; texts and keys are valid UTF-8: bytes that are not, and escapes of a lone surrogate
// (`\ud800`), arrive as U+FFFD and stop nothing else. Does not judge values: what a record may say
// is the schema's business.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/body.h"

namespace defender_car {

/// One asked key of one record.
struct Field {
  enum class Type { absent, null, text, integer, real, boolean, json };
  Type type = Type::absent;
  std::string text;          ///< text, json (re-serialised, canonical: no white space)
  std::int64_t integer = 0;  ///< integer; boolean as 0 or 1
  double real = 0;
};

/// What to look for. Keys are compared without regard to case.
struct ListShape {
  std::string_view list_key;  ///< "value", "results"
  std::span<const std::string_view>
      keys;                      ///< fields of a record, in the order of the callback's span
  std::string_view within = {};  ///< "data": the object that holds the list; "": the document does
};

struct ListResult {
  bool found = false;                    ///< the list was there (possibly empty)
  std::int64_t records = 0;              ///< objects handed on
  std::int64_t not_objects = 0;          ///< list elements that were no objects: skipped, counted
  std::optional<std::string> next_link;  ///< "@odata.nextLink", also without the prefix
  bool odd_link = false;  ///< it is neither a text nor null: where it leads is unknown
  /// What stands beside the list under "error", where that is not null: a text, or JSON.
  std::optional<Field> error;
  /// Names in "schema": [{"name":…}], as they came; no more than limits::kColumns are kept.
  std::vector<std::string> schema_columns;
  bool has_schema = false;
};

using OnRecord = std::function<void(std::span<const Field>)>;

/// Throws Error(bad_data) for text that is not one whole JSON document, deeper than 64 levels, or
/// with a single string or asked nested value over 16 MiB. Records handed on before the fault stay
/// handed on: the caller's transaction decides.
ListResult read_list(const Body& body, const ListShape& shape, const OnRecord& on_record);

/// A flat object's fields by key ("access_token", "expires_in"); nested values arrive as JSON text.
/// A path with dots looks into nested objects ("error.code"). Throws like read_list.
std::vector<Field> read_object(const Body& body, std::span<const std::string_view> paths);

}  // namespace defender_car
