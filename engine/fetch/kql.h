#pragma once
// Pieces of KQL that several queries share.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "defender/defender_client.h"

namespace defender_car {

/// "" when unsharded.
inline std::string shard_filter(std::string_view column, int shards, int shard) {
  if (shards == 1) return "";
  return " | where hash(" + std::string(column) + ", " + std::to_string(shards) +
         ") == " + std::to_string(shard);
}

/// ` | where COLUMN in ("a","b")`; "" for no values: no restriction. An id of a machine fits in any
/// case.
inline std::string in_filter(std::string_view column, std::span<const std::string> values) {
  if (values.empty()) return "";
  std::string filter =
      " | where " + std::string(column) + (column == "DeviceId" ? " in~ (" : " in (");
  for (std::size_t at = 0; at < values.size(); ++at)
    filter += (at == 0 ? "" : ",") + kql_string(values[at]);
  return filter + ")";
}

/// Names in parts that fit a query each: 2,000 device ids, or 5,000 CVEs. Kusto takes a million
/// values of `in`; how long a query may be is not documented (docs/services/defender.md), so it
/// stays well under 100 KB.
inline std::vector<std::span<const std::string>> parts_by_names(
    const std::vector<std::string>& names) {
  constexpr std::size_t kText = 86'000;
  constexpr std::size_t kQuotesAndComma = 3;
  std::vector<std::span<const std::string>> parts;
  std::size_t first = 0;
  std::size_t text = 0;
  for (std::size_t at = 0; at < names.size(); ++at) {
    const std::size_t length = names[at].size() + kQuotesAndComma;
    if (text + length > kText && at > first) {
      parts.push_back(std::span(names).subspan(first, at - first));
      first = at;
      text = 0;
    }
    text += length;
  }
  if (first < names.size()) parts.push_back(std::span(names).subspan(first));
  return parts;
}

}  // namespace defender_car
