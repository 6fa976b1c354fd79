// The stages of a query as steps that rows are pushed through, one by one.
#pragma once

#include <memory>
#include <vector>

#include "hunting_tables.h"
#include "kql.h"

namespace simulator {

class Step {
 public:
  virtual ~Step() = default;
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  /// False: no more rows are wanted.
  virtual bool push(Row& row) = 0;
  virtual void finish() {}
};

/// One stage with its columns resolved.
struct BoundStage {
  const kql::Stage* stage = nullptr;
  std::vector<size_t> columns;
  std::vector<size_t> groups;
  size_t maximum = 0;
};

/// The step refers to `bound.stage` and to `next`, which must outlive it.
std::unique_ptr<Step> make_step(const BoundStage& bound, Step& next);

}  // namespace simulator
