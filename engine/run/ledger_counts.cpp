#include "run/ledger_counts.h"

namespace defender_car {

std::vector<SentCount> sent_by(Database& state, std::int64_t run_id) {
  std::vector<SentCount> sent;
  Statement& query = state.statement("run/sent").bind("run_id", run_id);
  while (query.step())
    sent.push_back(
        {kOperations.read(query.text(0)), query.text(1), query.text(2), query.integer(3)});
  return sent;
}

std::int64_t set_aside_by(Database& state, std::int64_t run_id) {
  return state.statement("run/set_aside").bind("run_id", run_id).number();
}

SameFailure same_failure(Database& state, const std::string& failure) {
  SameFailure same;
  Statement& query = state.statement("run/same_failure").bind("failure", failure);
  if (query.step()) same = {query.integer(0), query.text(1)};
  query.reset();
  return same;
}

}  // namespace defender_car
