#include "audit/diff.h"

namespace defender_car {
namespace {

ComparedState compared(Database& scratch, const std::string& statement) {
  Statement& run = scratch.statement(statement);
  ComparedState state;
  while (run.step()) {
    state.run_id = run.integer("run_id");
    state.started_at = run.text("started_at");
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
  before_ = compared(scratch_, "diff/before");
  after_ = compared(scratch_, "diff/after");
  Statement& counts = scratch_.statement("diff/counts");
  while (counts.step()) {
    counts_.push_back({counts.text("part"), counts.text("kind"), counts.integer("added"),
                       counts.integer("removed"), counts.integer("changed")});
  }
  machines_ = scratch_.number("diff/machines");
  one_moment.commit();
}

void Diff::each(const std::function<void(const Change&)>& sink) {
  Statement& row = scratch_.statement("diff/changes");
  while (row.step()) {
    sink({row.text("machine"), row.text("name"), row.text("part"), row.text("kind"),
          row.text("change"), row.text("object"), row.optional_text("field"),
          row.optional_text("before"), row.optional_text("after")});
  }
}

}  // namespace defender_car
