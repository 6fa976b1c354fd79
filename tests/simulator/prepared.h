// Answers that were given since the tenant last changed, so that a question that comes again costs
// no more than a copy.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "message.h"

namespace simulator {

class PreparedAnswers {
 public:
  /// nullptr: it has to be made. `changes` is the tenant's.
  const Reply* find(const Call& call, uint64_t changes) {
    if (changes != changes_) clear();
    changes_ = changes;
    const auto at = answers_.find(question(call));
    return at == answers_.end() ? nullptr : &at->second;
  }
  void keep(const Call& call, const Reply& reply) {
    if (bytes_ + reply.body.size() > most_bytes) clear();
    bytes_ += reply.body.size();
    answers_.insert_or_assign(question(call), reply);
  }
  void clear() {
    answers_.clear();
    bytes_ = 0;
  }

 private:
  static constexpr size_t most_bytes = 512'000'000;

  static std::string question(const Call& call) {
    return call.method + " " + call.base_url + " " + call.target + "\n" + call.body;
  }

  std::unordered_map<std::string, Reply> answers_;
  uint64_t changes_ = 0;
  size_t bytes_ = 0;
};

}  // namespace simulator
