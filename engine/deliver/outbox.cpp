#include "deliver/outbox.h"

#include "base/time.h"

namespace defender_car {

std::int64_t outbox_count(Database& state, const std::string& operation) {
  return state.statement("deliver/count").bind("operation", operation).number();
}

std::optional<Stretch> next_stretch(Database& state, const std::string& operation,
                                    std::int64_t after, std::int64_t size) {
  Statement& next = state.statement("deliver/next_stretch")
                        .bind("operation", operation)
                        .bind("after", after)
                        .bind("size", size);
  std::optional<Stretch> stretch;
  if (next.step() && !next.is_null(0))
    stretch = Stretch{next.integer(0), next.integer(1), 0, operation, 0};
  next.reset();
  return stretch;
}

void begin_batch(Database& state, Stretch& stretch, const std::string& at) {
  stretch.batch = state.statement("deliver/begin_batch")
                      .bind("first", stretch.first)
                      .bind("last", stretch.last)
                      .bind("at", at)
                      .number();
}

}  // namespace defender_car
