#include "audit/explain_at.h"

#include <set>

#include "audit/state.h"
#include "audit/state_at.h"
#include "audit/subjects.h"
#include "base/printable.h"

namespace defender_car {
namespace {

constexpr int kEdgesLookedAt = 20'000;

/// What vertices and edges have in common.
Interval interval(const Statement& row) {
  Interval one;
  one.in_car = row.integer("in_car") != 0;
  one.since = row.text("since");
  one.until = row.text("until");
  one.first_run = row.text("first_run");
  one.last_run = row.text("last_run");
  one.operation = row.text("operation");
  one.reason = row.text("reason");
  one.evidence = row.text("evidence");
  return one;
}

void read_vertex(Database& state, std::int64_t id, ExplanationAt& out) {
  Statement& row = state.statement("at/vertex").bind("id", id).bind("at", out.run_finished_at);
  if (row.step()) {
    out.vertices.push_back(interval(row));
    out.vertices.back().from_kind = row.text("kind");
    out.vertices.back().from_key = row.text("key");
  }
  row.reset();
}

void read_edge(Database& state, std::int64_t id, ExplanationAt& out) {
  Statement& row = state.statement("at/edge").bind("id", id).bind("at", out.run_finished_at);
  if (row.step()) {
    Interval one = interval(row);
    one.edge = row.text("edge");
    one.from_kind = row.text("from_kind");
    one.from_key = row.text("from_key");
    one.to_kind = row.text("to_kind");
    one.to_key = row.text("to_key");
    out.edges.push_back(std::move(one));
  }
  row.reset();
}

void describe(Database& state, ExplanationAt& out) {
  std::set<std::int64_t> shown;
  for (const std::int64_t vertex : vertices_of(state, out.subjects.front())) {
    read_vertex(state, vertex, out);
    const auto edges = state.statement("at/edges")
                           .bind("id", vertex)
                           .bind("at", out.run_finished_at)
                           .bind("looked_at", kEdgesLookedAt)
                           .bind("most", kEdgesShown + 1)
                           .numbers();
    for (const std::int64_t edge : edges) {
      if (out.edges.size() == kEdgesShown) {
        out.more_edges = true;
      } else if (shown.insert(edge).second) {
        read_edge(state, edge, out);
      }
    }
  }
}

/// Of a replayed state its last moment: what a replay acknowledges it acknowledges today.
RunAt end_of(Database& state, const RunAt& run) {
  return {run.at, run.run_id, state.text("at/end")};
}

ExplanationAt from_snapshots(const WorkingDir& folder, const std::string& what, const RunAt& run,
                             const std::string& reach, Progress& progress) {
  const auto replayed = [&] {
    try {
      return state_at(folder, std::to_string(run.run_id), progress);
    } catch (const Error& error) {
      throw Error(error.kind(), "the ledger tells everything from " + reach +
                                    " on only, and for the time before " + error.what());
    }
  }();
  Database state(replayed.file, OpenMode::read_only);
  ExplanationAt out = explain_at(state, what, end_of(state, run));
  out.run_finished_at = run.finished_at;
  out.from_snapshots = true;
  return out;
}

}  // namespace

std::string full_time(const std::string& time) {
  Database sql("times", OpenMode::memory);
  const auto full = sql.statement("at/time").bind("text", time).value();
  if (full && !full->empty()) return *full;
  throw Error(ErrorKind::usage, "--at " + printable(time, 40) +
                                    " is no time; give one in UTC, such as 2026-11-24 or "
                                    "2026-11-24T13:05Z");
}

RunAt run_at(Database& state, const std::string& time) {
  const std::string at = full_time(time);
  Statement& row = state.statement("at/run").bind("at", at);
  if (row.step()) {
    const RunAt run{at, row.integer("run_id"), row.text("finished_at")};
    row.reset();
    return run;
  }
  const std::string first = state.text("at/first_run");
  throw Error(ErrorKind::usage,
              "no run of this state had finished by " + at +
                  (first.empty() ? "" : "; the first that it knows finished at " + first));
}

RunAt run_at(const WorkingDir& folder, const std::string& time) {
  Database state = open_state(folder);
  require_views(state);
  return run_at(state, time);
}

ExplanationAt explain_at(Database& state, const std::string& what, const RunAt& run) {
  const Moment moment(state);
  ExplanationAt out;
  out.at = run.at;
  out.run_id = run.run_id;
  out.run_finished_at = run.finished_at;
  out.subjects = subjects_of(state, what);
  if (out.subjects.empty()) {
    for (const std::int64_t id : edges_named(state, what)) read_edge(state, id, out);
  }
  if (out.subjects.size() == 1) describe(state, out);
  if (out.subjects.size() > 1) tell_apart(state, out.subjects);
  return out;
}

ExplanationAt explain_at(const WorkingDir& folder, const std::string& what, const std::string& time,
                         Progress& progress) {
  Database state = open_state(folder);
  require_views(state);
  const RunAt run = run_at(state, time);
  const std::string reach = state.text("at/reach");
  if (run.finished_at >= reach) return explain_at(state, what, run);
  return from_snapshots(folder, what, run, reach, progress);
}

}  // namespace defender_car
