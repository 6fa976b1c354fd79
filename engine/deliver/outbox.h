#pragma once
// The outbox from the sender's side: stretches of items that belong together, and the write-ahead
// mark on what is being handed to CAR.

#include <cstdint>
#include <optional>
#include <string>

#include "run/report.h"
#include "store/database.h"

namespace defender_car {

/// Items of one operation, one collection and one reason, side by side in the outbox; both ends
/// included.
struct ItemRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t batch = 0;  ///< its row in `batch` once it was handed to CAR
  Operation operation = Operation::vertex;
  int tries = 0;

  std::int64_t size() const { return last - first + 1; }
};

std::int64_t outbox_count(Database& state, Operation operation);

/// The next ones behind item `after`, `size` at most.
std::optional<ItemRange> next_range(Database& state, Operation operation, std::int64_t after,
                                    std::int64_t size);

/// Writes down that CAR is about to get it, before the first byte is sent. The caller's
/// transaction.
void begin_batch(Database& state, ItemRange& range, const std::string& at);

}  // namespace defender_car
