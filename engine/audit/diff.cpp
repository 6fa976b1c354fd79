#include "audit/diff.h"

namespace defender_car {
namespace {

ComparedState compared(Database& scratch, const std::filesystem::path& file,
                       const std::string& statement) {
  Statement& run = scratch.statement(statement);
  ComparedState state{file, 0, ""};
  while (run.step()) {
    state.run_id = run.integer(0);
    state.started_at = run.text(1);
  }
  return state;
}

}  // namespace

Diff::Diff(const std::filesystem::path& before, const std::filesystem::path& after,
           ComparedGraph graph)
    : scratch_("what differs", OpenMode::memory) {
  scratch_.attach_read_only(before, "before");
  scratch_.attach_read_only(after, "after");
  Transaction one_moment(scratch_);  // a run may be writing to either file
  scratch_.run_script("schema/diff/10_defender.sql");
  scratch_.run_script(graph == ComparedGraph::desired ? "schema/diff/20_desired.sql"
                                                      : "schema/diff/20_acknowledged.sql");
  scratch_.run_script("schema/diff/30_graph.sql");
  scratch_.run_script("schema/diff/40_order.sql");
  before_ = compared(scratch_, before, "diff/before");
  after_ = compared(scratch_, after, "diff/after");
  Statement& counts = scratch_.statement("diff/counts");
  while (counts.step()) {
    counts_.push_back(
        {counts.text(0), counts.text(1), counts.integer(2), counts.integer(3), counts.integer(4)});
  }
  machines_ = scratch_.number("diff/machines");
  one_moment.commit();
}

void Diff::each(const std::function<void(const Change&)>& sink) {
  Statement& row = scratch_.statement("diff/changes");
  while (row.step()) {
    sink({row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5),
          row.optional_text(6), row.optional_text(7), row.optional_text(8)});
  }
}

}  // namespace defender_car
