// Advanced hunting over a Tenant: carries out a parsed KQL query (kql.h) on the tables that the
// tenant has, and writes the rows as JSON.
//
// Rows stream: a million software rows are filtered without being copied; conditions on DeviceId
// that stand before any other stage are decided once per device. Hunting holds 30 days, and a row
// shows only once it is ingested. An answer is cut at the row cap without a word, as Defender does.
#pragma once

#include <map>
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

/// The devices of each table, with what every query wants to know of them: made once for each state
/// of the tenant, since a table is asked for in many shards.
class HuntingIndex {
 public:
  struct Entry {
    const std::string* id;
    uint64_t hash;
    const void* rows;      // of the table
    const Device* device;  // nullptr: nobody knows it any longer
  };
  template <typename Source>
  const std::vector<Entry>& of(const Tenant& tenant, const ByDevice<Source>& table) {
    if (changes_ != tenant.changes) tables_.clear();
    changes_ = tenant.changes;
    std::vector<Entry>& out = tables_[&table];
    if (out.size() != table.size()) {
      out.clear();
      for (const auto& [id, rows] : table) out.push_back(entry(tenant, id, &rows));
    }
    return out;
  }

 private:
  static Entry entry(const Tenant& tenant, const std::string& id, const void* rows);

  std::map<const void*, std::vector<Entry>> tables_;
  uint64_t changes_ = 0;
};

/// Throws kql::Error for what does not parse, or names an unknown table or column. With
/// `odata_keys`, numbers get an `X@odata.type` key beside them, as in Graph.
HuntingResult run_query(const Tenant& tenant, HuntingIndex& index, std::string_view query,
                        const HuntingLimits& limits, bool odata_keys);
inline HuntingResult run_query(const Tenant& tenant, std::string_view query,
                               const HuntingLimits& limits, bool odata_keys) {
  HuntingIndex index;
  return run_query(tenant, index, query, limits, odata_keys);
}

}  // namespace simulator
