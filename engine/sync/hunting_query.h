#pragma once
// Pieces of KQL that several queries share.

#include <span>
#include <string>
#include <string_view>

#include "defender/defender_client.h"

namespace defender_car {

/// "" when unsharded.
inline std::string shard_filter(std::string_view column, int shards, int shard) {
  if (shards == 1) return "";
  return " | where hash(" + std::string(column) + ", " + std::to_string(shards) +
         ") == " + std::to_string(shard);
}

/// ` | where COLUMN in ("a","b")`; "" for no values: no restriction.
inline std::string in_filter(std::string_view column, std::span<const std::string> values) {
  if (values.empty()) return "";
  std::string filter = " | where " + std::string(column) + " in (";
  for (std::size_t at = 0; at < values.size(); ++at)
    filter += (at == 0 ? "" : ",") + kql_string(values[at]);
  return filter + ")";
}

}  // namespace defender_car
