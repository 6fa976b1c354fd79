#include "hunting_steps.h"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "hunting_conditions.h"

namespace simulator {
namespace {

using kql::Condition;

void append_key(std::string& key, const Cell& cell) {
  key += static_cast<char>('0' + static_cast<int>(cell.kind));
  if (cell.kind == Cell::Kind::time || cell.kind == Cell::Kind::integer)
    key += std::to_string(cell.number);
  else if (cell.kind == Cell::Kind::real)
    key += std::to_string(cell.real);
  else
    key += cell.text;
  key += '\0';
}

class Where : public Step {
 public:
  Where(const Condition& condition, Step& next) : condition_(condition), next_(next) {}
  bool push(Row& row) override { return !holds(condition_, row) || next_.push(row); }
  void finish() override { next_.finish(); }

 private:
  const Condition& condition_;
  Step& next_;
};

class Project : public Step {
 public:
  Project(std::vector<size_t> columns, bool distinct, Step& next)
      : columns_(std::move(columns)), distinct_(distinct), next_(next) {}
  bool push(Row& row) override {
    out_.clear();
    for (const size_t column : columns_) out_.push_back(row[column]);
    if (!distinct_) return next_.push(out_);
    std::string key;
    for (const Cell& cell : out_) append_key(key, cell);
    return !seen_.insert(std::move(key)).second || next_.push(out_);
  }
  void finish() override { next_.finish(); }

 private:
  std::vector<size_t> columns_;
  bool distinct_;
  Step& next_;
  Row out_;
  std::unordered_set<std::string> seen_;
};

class Take : public Step {
 public:
  Take(size_t limit, Step& next) : left_(limit), next_(next) {}
  bool push(Row& row) override {
    if (left_ == 0) return false;
    --left_;
    return next_.push(row) && left_ > 0;
  }
  void finish() override { next_.finish(); }

 private:
  size_t left_;
  Step& next_;
};

class Count : public Step {
 public:
  explicit Count(Step& next) : next_(next) {}
  bool push(Row&) override {
    ++count_;
    return true;
  }
  void finish() override {
    Row row{{Cell::Kind::integer, {}, count_, 0}};
    next_.push(row);
    next_.finish();
  }

 private:
  int64_t count_ = 0;
  Step& next_;
};

class ArgMax : public Step {
 public:
  ArgMax(std::vector<size_t> groups, size_t maximum, std::vector<size_t> columns, Step& next)
      : groups_(std::move(groups)), maximum_(maximum), columns_(std::move(columns)), next_(next) {}
  bool push(Row& row) override {
    std::string key;
    for (const size_t group : groups_) append_key(key, row[group]);
    const auto [at, fresh] = best_.try_emplace(std::move(key), rows_.size());
    if (!fresh && rows_[at->second].first >= row[maximum_].number) return true;
    Row out;
    for (const size_t group : groups_) out.push_back(row[group]);
    for (const size_t column : columns_) out.push_back(row[column]);
    if (fresh)
      rows_.emplace_back(row[maximum_].number, std::move(out));
    else
      rows_[at->second] = {row[maximum_].number, std::move(out)};
    return true;
  }
  void finish() override {
    for (auto& [maximum, row] : rows_)
      if (!next_.push(row)) break;
    next_.finish();
  }

 private:
  std::vector<size_t> groups_;
  size_t maximum_;
  std::vector<size_t> columns_;
  Step& next_;
  std::unordered_map<std::string, size_t> best_;
  std::vector<std::pair<int64_t, Row>> rows_;
};

}  // namespace

std::unique_ptr<Step> make_step(const BoundStage& bound, Step& next) {
  switch (bound.stage->kind) {
    case kql::Stage::Kind::where:
      return std::make_unique<Where>(bound.stage->condition, next);
    case kql::Stage::Kind::project:
      return std::make_unique<Project>(bound.columns, false, next);
    case kql::Stage::Kind::distinct:
      return std::make_unique<Project>(bound.columns, true, next);
    case kql::Stage::Kind::take:
      return std::make_unique<Take>(bound.stage->limit, next);
    case kql::Stage::Kind::count:
      return std::make_unique<Count>(next);
    case kql::Stage::Kind::arg_max:
      return std::make_unique<ArgMax>(bound.groups, bound.maximum, bound.columns, next);
  }
  throw kql::Error("unknown stage");
}

}  // namespace simulator
