#include "deliver/acknowledge.h"

namespace defender_car {
namespace {

Statement& range_statement(Database& state, const char* name, const ItemRange& range) {
  return state.statement(name).bind("first", range.first).bind("last", range.last);
}

void end(Database& state, const ItemRange& range) {
  range_statement(state, "deliver/done", range).run();
  state.statement("deliver/end_batch").bind("batch", range.batch).run();
}

}  // namespace

void acknowledge_import(Database& state, const ItemRange& range, const std::string& at,
                        const std::string& answer) {
  const char* fold = range.operation == Operation::vertex ? "deliver/acknowledge_vertices"
                                                          : "deliver/acknowledge_edges";
  range_statement(state, fold, range).bind("at", at).run();
  if (range.operation == Operation::vertex) {
    range_statement(state, "deliver/accept_vertices", range).run();
    range_statement(state, "deliver/forget_possible_fields", range).run();
  } else {
    range_statement(state, "deliver/accept_edges", range).run();
    range_statement(state, "deliver/accept_edge_changes", range).run();
  }
  range_statement(state, "deliver/log_import", range).bind("at", at).bind("answer", answer).run();
  end(state, range);
}

void acknowledge_patch(Database& state, Operation operation, std::int64_t item, bool gone,
                       const std::string& at, const std::string& answer) {
  state.statement("deliver/log_patch")
      .bind("item", item)
      .bind("at", at)
      .bind("answer", answer)
      .run();
  if (operation == Operation::touch && !gone) {
    state.statement("deliver/acknowledge_touch").bind("item", item).run();
  } else {
    state.statement("deliver/acknowledge_disable").bind("item", item).run();
    if (operation == Operation::touch)
      state.statement("deliver/import_again").bind("item", item).run();
  }
  state.statement("deliver/accept_changes").bind("first", item).bind("last", item).run();
  state.statement("deliver/done").bind("first", item).bind("last", item).run();
}

void acknowledge_deletes(Database& state, const ItemRange& range, const std::string& at,
                         const std::string& answer) {
  for (const char* log : {"deliver/log_deletes", "deliver/log_deleted_edges"})
    range_statement(state, log, range).bind("at", at).bind("answer", answer).run();
  range_statement(state, "deliver/acknowledge_deleted_edges", range).run();
  range_statement(state, "deliver/acknowledge_deletes_of", range).run();
  state.statement("deliver/forget_fields_of_gone").run();
  range_statement(state, "deliver/accept_changes", range).run();
  end(state, range);
}

void acknowledge_session_end(Database& state, std::int64_t run_id, const std::string& at) {
  state.statement("deliver/log_dropped_edges").bind("run_id", run_id).bind("at", at).run();
  state.statement("deliver/log_dropped_assets").bind("run_id", run_id).bind("at", at).run();
  state.statement("deliver/log_dropped_vertices").bind("run_id", run_id).bind("at", at).run();
  state.statement("deliver/drop_edges").bind("run_id", run_id).run();
  state.statement("deliver/drop_vertices").bind("run_id", run_id).run();
  state.statement("deliver/forget_fields_of_gone").run();
}

void set_aside(Database& state, const ItemRange& single, const std::string& reason,
               const std::string& now) {
  const bool vertex = single.operation == Operation::vertex;
  const char* refuse = vertex ? "deliver/refuse_vertex" : "deliver/refuse_edge";
  const char* reject = vertex ? "deliver/reject_vertex" : "deliver/reject_edge";
  state.statement(refuse).bind("item", single.first).bind("reason", reason).bind("now", now).run();
  state.statement(reject).bind("item", single.first).bind("reason", reason).run();
  end(state, single);
}

void set_aside_change(Database& state, std::int64_t item, const std::string& at,
                      const std::string& answer, const std::string& now) {
  state.statement("deliver/log_refused_change")
      .bind("item", item)
      .bind("at", at)
      .bind("answer", answer)
      .run();
  state.statement("deliver/reject_change").bind("item", item).bind("answer", answer).run();
  state.statement("deliver/refuse_change")
      .bind("item", item)
      .bind("answer", answer)
      .bind("now", now)
      .run();
  state.statement("deliver/done").bind("first", item).bind("last", item).run();
}

}  // namespace defender_car
