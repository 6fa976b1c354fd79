#include "audit/explain.h"

#include <algorithm>
#include <set>

#include "audit/state.h"
#include "audit/subjects.h"

namespace defender_car {
namespace {

std::optional<Removal> removal_of(Database& state, const char* statement, std::int64_t id) {
  std::optional<Removal> removal;
  Statement& query = state.statement(statement).bind("id", id);
  if (query.step()) {
    removal = {query.integer("run_id"), query.text("at"),       query.text("operation"),
               query.text("reason"),    query.text("evidence"), query.text("answer")};
  }
  query.reset();
  return removal;
}

std::optional<PendingOperation> pending_of(Database& state, std::int64_t id, bool is_vertex) {
  std::optional<PendingOperation> pending;
  Statement& query =
      state.statement("explain/promise").bind("id", id).bind("is_vertex", is_vertex ? 1 : 0);
  if (query.step()) {
    pending = {query.text("operation"), query.text("reason"), query.text("evidence"),
               query.integer("run_id"), query.integer("handed_over") != 0};
  }
  query.reset();
  return pending;
}

ObjectState object_state(const Statement& row) {
  ObjectState state;
  state.state = row.text("state");
  state.since = row.text("since");
  state.since_run = row.integer("since_run");
  state.confirmed_run = row.integer("confirmed_run");
  state.imported_as = row.text("imported_as");
  state.import_job = row.text("import_job");
  state.refused = row.text("refused");
  state.refused_run = row.integer("refused_run");
  return state;
}

/// The outbox is asked only where something is under way.
void complete(Database& state, ObjectState& standing, std::int64_t id, bool is_vertex) {
  if (standing.state == "gone") {
    standing.removal =
        removal_of(state, is_vertex ? "explain/vertex_removal" : "explain/edge_removal", id);
  } else if (standing.state == "waiting" || standing.state == "leaving") {
    standing.pending = pending_of(state, id, is_vertex);
  }
}

VertexStory vertex_story(Database& state, std::int64_t id) {
  VertexStory story;
  Statement& row = state.statement("explain/vertex").bind("id", id);
  row.step();
  story.kind = row.text("kind");
  story.car_collection = row.text("car_name");
  story.key = row.text("key");
  story.standing = object_state(row);
  story.body = row.text("body");
  row.reset();
  complete(state, story.standing, id, true);
  return story;
}

void read_holders(Database& state, std::int64_t edge, EdgeStory& story) {
  story.machines =
      state.statement("explain/machines").bind("id", edge).bind("most", kMachinesCounted).number();
  Statement& rows =
      state.statement("explain/evidence").bind("id", edge).bind("most", kHoldersShown);
  while (rows.step()) {
    const std::string machine = rows.text("machine"), aspect = rows.text("aspect");
    if (story.holders.empty() || story.holders.back().machine != machine ||
        story.holders.back().aspect != aspect) {
      story.holders.push_back({machine,
                               rows.text("name"),
                               aspect,
                               rows.integer("since_run"),
                               rows.text("held_back"),
                               {}});
    }
    if (!rows.is_null("defender_row"))
      story.holders.back().rows.push_back(rows.text("defender_row"));
  }
}

std::string name_of(Database& state, const std::string& kind, const std::string& key) {
  if (kind != "asset" && kind != "alert") return "";
  return state.statement("explain/name").bind("kind", kind).bind("key", key).value().value_or("");
}

EdgeStory edge_story(Database& state, std::int64_t id) {
  EdgeStory story;
  Statement& row = state.statement("explain/edge").bind("id", id);
  row.step();
  story.edge = row.text("edge");
  story.from_kind = row.text("from_kind");
  story.from_key = row.text("from_key");
  story.to_kind = row.text("to_kind");
  story.to_key = row.text("to_key");
  story.standing = object_state(row);
  row.reset();
  story.from_name = name_of(state, story.from_kind, story.from_key);
  story.to_name = name_of(state, story.to_kind, story.to_key);
  complete(state, story.standing, id, false);
  read_holders(state, id, story);
  return story;
}

constexpr int kEdgesLookedAt = 20'000;

void read_recent(Database& state, std::int64_t vertex, Explanation& out) {
  Statement& rows = state.statement("explain/recent")
                        .bind("id", vertex)
                        .bind("looked_at", kEdgesLookedAt)
                        .bind("most", kRecentShown);
  while (rows.step()) {
    out.recent.push_back({rows.text("at"), rows.text("change"), rows.text("edge"),
                          rows.text("from_kind"), rows.text("from_key"), rows.text("to_kind"),
                          rows.text("to_key"), rows.integer("run_id"), rows.text("reason")});
  }
}

std::vector<std::int64_t> edges_of(Database& state, std::int64_t vertex) {
  return state.statement("explain/edges")
      .bind("id", vertex)
      .bind("looked_at", kEdgesLookedAt)
      .bind("most", kEdgesShown + 1)
      .numbers();
}

void read_set_aside(Database& state, const Subject& subject, Explanation& out) {
  Statement& rows =
      state.statement("explain/set_aside").bind("kind", subject.kind).bind("key", subject.key);
  while (rows.step()) {
    out.set_aside.push_back({rows.text("dataset"), rows.text("record_key"), rows.text("reason"),
                             rows.integer("first_run"), rows.integer("last_run"),
                             rows.text("record")});
  }
}

void read_left_out(Database& state, const Subject& subject, Explanation& out) {
  Statement& rows = state.statement("explain/left_out")
                        .bind("kind", subject.kind)
                        .bind("key", subject.key)
                        .bind("most", kLeftOutShown);
  while (rows.step())
    out.left_out.push_back(
        {rows.text("machine"), rows.text("field"), rows.text("value"), rows.text("reason")});
}

void read_changes(Database& state, const std::string& id, MachineStory& machine) {
  Statement& changes = state.statement("explain/machine_change").bind("machine", id);
  if (changes.step()) {
    for (const std::string dataset :
         {"machines", "network", "users", "alerts", "vulnerabilities", "graph"}) {
      const std::string column = dataset + "_run";
      if (!changes.is_null(column)) {
        machine.last_changes.push_back({dataset, changes.integer(column)});
      }
    }
  }
  changes.reset();
  Statement& rows = state.statement("explain/machine_incomplete").bind("machine", id);
  while (rows.step())
    machine.incomplete.push_back(
        {rows.integer("run_id"), rows.text("dataset"), rows.text("state"), rows.text("problem")});
}

void read_scope(Database& state, const std::string& id, MachineStory& machine) {
  Statement& scope = state.statement("explain/scope").bind("machine", id);
  if (scope.step()) {
    machine.in_scope = scope.integer("in_scope") != 0;
    machine.out_of_scope = scope.text("reason");
  }
  scope.reset();
}

MachineStory machine_story(Database& state, const std::string& id) {
  MachineStory machine;
  read_scope(state, id, machine);
  Statement& held = state.statement("explain/held_back").bind("machine", id);
  while (held.step())
    machine.held_back.push_back(
        {held.text("aspect"), held.text("reason"), held.integer("since_run")});
  Statement& row = state.statement("explain/machine").bind("machine", id);
  machine.listed = row.step();
  if (machine.listed) {
    machine.name = row.text("name");
    machine.health_status = row.text("healthStatus");
    machine.last_seen = row.text("lastSeen");
    machine.is_asset = row.integer("is_asset") != 0;
    machine.leaves_at = row.text("leaves_at");
    if (!row.is_null("days_left")) machine.days_left = row.real("days_left");
    machine.fifteen_days = row.text("fifteen_days");
  }
  row.reset();
  read_changes(state, id, machine);
  return machine;
}

void describe(Database& state, const Subject& subject, Explanation& out) {
  if (subject.kind == "asset") out.machine = machine_story(state, subject.key);
  Statement& row =
      state.statement("explain/defender_row").bind("kind", subject.kind).bind("key", subject.key);
  if (row.step()) {
    out.defender_row = row.text("defender_row");
    out.why_not = row.text("why_not");
  }
  row.reset();
  read_set_aside(state, subject, out);
  read_left_out(state, subject, out);
  std::set<std::int64_t> shown;  // user_account hangs on both of an account's vertices
  for (const std::int64_t vertex : vertices_of(state, subject)) {
    out.vertices.push_back(vertex_story(state, vertex));
    read_recent(state, vertex, out);
    auto edges = edges_of(state, vertex);
    if (edges.size() > kEdgesShown) {
      out.more_edges = true;
      edges.pop_back();
    }
    for (const std::int64_t edge : edges) {
      if (shown.insert(edge).second) out.edges.push_back(edge_story(state, edge));
    }
  }
}

}  // namespace

Explanation explain(Database& state, const std::string& what) {
  if (what.empty()) throw Error(ErrorKind::usage, "explain needs a name, not an empty text");
  const Moment moment(state);
  Explanation out;
  out.subjects = subjects_of(state, what);
  if (out.subjects.empty()) {
    for (const std::int64_t id : edges_named(state, what))
      out.edges.push_back(edge_story(state, id));
  }
  if (out.subjects.size() == 1) describe(state, out.subjects.front(), out);
  if (out.subjects.size() > 1) tell_apart(state, out.subjects);
  return out;
}

Explanation explain(const std::filesystem::path& working_dir, const std::string& what) {
  Database state = open_state(WorkingDir{working_dir});
  require_views(state);
  return explain(state, what);
}

}  // namespace defender_car
