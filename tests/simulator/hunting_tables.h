// The hunting tables as rows of cells. Cells point into the Tenant, so they live as long as it
// stays unchanged.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hunting.h"
#include "tenant.h"

namespace simulator {

struct Cell {
  enum class Kind { null, text, time, real, integer, raw };
  Kind kind = Kind::null;
  std::string_view text;  // text, raw
  int64_t number = 0;     // time (epoch ms), integer; real: 1 when it is served as text; text: its
                          // stable_hash where that is known, else 0
  double real = 0;
};
using Row = std::vector<Cell>;

struct HuntingTable {
  std::string name;
  std::vector<HuntingColumn> columns;
  /// Calls `emit` for every visible row; devices that `wanted` refuses are left out as a whole.
  using DeviceFilter = std::function<bool(const Cell& device_id)>;
  using Emit = std::function<bool(Row&)>;  // false: no more rows are needed
  std::function<void(const Tenant&, HuntingIndex&, const DeviceFilter& wanted, const Emit& emit)>
      scan;
};

/// nullptr when there is no such table.
const HuntingTable* find_table(std::string_view name);

}  // namespace simulator
