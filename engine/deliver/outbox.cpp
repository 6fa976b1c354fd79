#include "deliver/outbox.h"

#include "base/time.h"

namespace defender_car {

std::int64_t outbox_count(Database& state, Operation operation) {
  return state.statement("deliver/count").bind("operation", kOperations(operation)).number();
}

std::optional<ItemRange> next_range(Database& state, Operation operation, std::int64_t after,
                                    std::int64_t size) {
  Statement& next = state.statement("deliver/next_range")
                        .bind("operation", kOperations(operation))
                        .bind("after", after)
                        .bind("size", size);
  std::optional<ItemRange> range;
  if (next.step() && !next.is_null(0))
    range = ItemRange{next.integer(0), next.integer(1), 0, operation, 0};
  next.reset();
  return range;
}

void begin_batch(Database& state, ItemRange& range, const std::string& at) {
  range.batch = state.statement("deliver/begin_batch")
                    .bind("first", range.first)
                    .bind("last", range.last)
                    .bind("at", at)
                    .number();
}

}  // namespace defender_car
