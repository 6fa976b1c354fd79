// Advanced hunting over a Tenant: carries out a parsed KQL query (kql.h) on the tables that the
// tenant has, and writes the rows as JSON.
//
// Rows stream: a million software rows are filtered without being copied; conditions on DeviceId
// that stand before any other stage are decided once per device. Hunting holds 30 days, and a row
// shows only once it is ingested. An answer is cut at the row cap without a word, as Defender does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kql.h"
#include "tenant.h"

namespace simulator {

struct HuntingLimits {
  size_t row_cap = 100'000;
  size_t max_result_bytes = 50'000'000;
};

struct HuntingColumn {
  std::string name;
  std::string type;  // String, DateTime, Double, Int64, SByte, Object
};

struct HuntingResult {
  std::vector<HuntingColumn> schema;
  std::string rows_json;  // the array
  size_t rows = 0;
  bool too_large = false;  // rows_json is then incomplete
};

/// Throws kql::Error for what does not parse, or names an unknown table or column. With
/// `odata_keys`, numbers get an `X@odata.type` key beside them, as in Graph.
HuntingResult run_query(const Tenant& tenant, std::string_view query, const HuntingLimits& limits,
                        bool odata_keys);

}  // namespace simulator
