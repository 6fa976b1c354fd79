#pragma once
// What the targets of Defender's record lists do with an input that was read.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/body.h"
#include "json/records.h"

namespace fuzz {

/// Reads a body and hands its records on; throws Error(bad_data).
using Reader = std::function<void(const defender_car::Body&, const defender_car::OnRecord&)>;

struct Destination {
  std::string insert;  ///< of schema/statement/
  std::span<const int> json_columns{};
  std::optional<std::string> machine;
};

/// Promises: what is told of an answer beside its records is printable.
void check_words(const defender_car::ListResult& answer);

/// Promises: read as a whole or from a file by pieces, the records are the same, and valid UTF-8;
/// an answer that is none is bad_data and nothing else. Then Mirror's.
void check_records(std::string_view text, const Reader& reader, const Destination& destination);

}  // namespace fuzz
