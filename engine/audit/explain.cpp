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
    removal = {query.integer(0), query.text(1), query.text(2),
               query.text(3),    query.text(4), query.text(5)};
  }
  query.reset();
  return removal;
}

std::optional<PendingOperation> pending_of(Database& state, std::int64_t id, bool is_vertex) {
  std::optional<PendingOperation> pending;
  Statement& query =
      state.statement("explain/promise").bind("id", id).bind("is_vertex", is_vertex ? 1 : 0);
  if (query.step()) {
    pending = {query.text(0), query.text(1), query.text(2), query.integer(3),
               query.integer(4) != 0};
  }
  query.reset();
  return pending;
}

/// From the columns state, since … refused_run, the first of them at `column`.
Standing standing_at(const Statement& row, int column) {
  Standing standing;
  standing.state = row.text(column);
  standing.since = row.text(column + 1);
  standing.since_run = row.integer(column + 2);
  standing.confirmed_run = row.integer(column + 3);
  standing.imported_as = row.text(column + 4);
  standing.import_job = row.text(column + 5);
  standing.refused = row.text(column + 6);
  standing.refused_run = row.integer(column + 7);
  return standing;
}

/// The outbox is asked only where something is under way.
void complete(Database& state, Standing& standing, std::int64_t id, bool is_vertex) {
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
  story.kind = row.text(0);
  story.car_collection = row.text(1);
  story.key = row.text(2);
  story.standing = standing_at(row, 3);
  story.body = row.text(11);
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
    const std::string machine = rows.text(0), aspect = rows.text(2);
    if (story.holders.empty() || story.holders.back().machine != machine ||
        story.holders.back().aspect != aspect) {
      story.holders.push_back({machine, rows.text(1), aspect, rows.integer(3), rows.text(4), {}});
    }
    if (!rows.is_null(5)) story.holders.back().rows.push_back(rows.text(5));
  }
}

EdgeStory edge_story(Database& state, std::int64_t id) {
  EdgeStory story;
  Statement& row = state.statement("explain/edge").bind("id", id);
  row.step();
  story.edge = row.text(0);
  story.from_kind = row.text(1);
  story.from_key = row.text(2);
  story.to_kind = row.text(3);
  story.to_key = row.text(4);
  story.standing = standing_at(row, 5);
  row.reset();
  complete(state, story.standing, id, false);
  read_holders(state, id, story);
  return story;
}

std::vector<std::int64_t> edges_of(Database& state, std::int64_t vertex) {
  constexpr int kEdgesLookedAt = 20'000;
  std::vector<std::int64_t> ids;
  Statement& query = state.statement("explain/edges")
                         .bind("id", vertex)
                         .bind("looked_at", kEdgesLookedAt)
                         .bind("most", kEdgesShown + 1);
  while (query.step()) ids.push_back(query.integer(0));
  return ids;
}

void read_set_aside(Database& state, const Subject& subject, Explanation& out) {
  Statement& rows =
      state.statement("explain/set_aside").bind("kind", subject.kind).bind("key", subject.key);
  while (rows.step()) {
    out.set_aside.push_back(
        {rows.text(0), rows.text(1), rows.text(2), rows.integer(3), rows.integer(4), rows.text(5)});
  }
}

void read_left_out(Database& state, const Subject& subject, Explanation& out) {
  Statement& rows = state.statement("explain/left_out")
                        .bind("kind", subject.kind)
                        .bind("key", subject.key)
                        .bind("most", kLeftOutShown);
  while (rows.step())
    out.left_out.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3)});
}

void read_changes(Database& state, const std::string& id, MachineStory& machine) {
  Statement& changes = state.statement("explain/machine_change").bind("machine", id);
  if (changes.step()) {
    int column = 0;
    for (const char* dataset :
         {"machines", "network", "users", "alerts", "vulnerabilities", "graph"}) {
      if (!changes.is_null(column)) {
        machine.last_changes.push_back({dataset, changes.integer(column)});
      }
      ++column;
    }
  }
  changes.reset();
  Statement& rows = state.statement("explain/machine_incomplete").bind("machine", id);
  while (rows.step())
    machine.incomplete.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3)});
}

MachineStory machine_story(Database& state, const std::string& id) {
  MachineStory machine;
  Statement& held = state.statement("explain/held_back").bind("machine", id);
  while (held.step()) machine.held_back.push_back({held.text(0), held.text(1), held.integer(2)});
  Statement& row = state.statement("explain/machine").bind("machine", id);
  machine.listed = row.step();
  if (machine.listed) {
    machine.name = row.text(0);
    machine.health_status = row.text(1);
    machine.last_seen = row.text(2);
    machine.is_asset = row.integer(3) != 0;
    machine.leaves_at = row.text(4);
    if (!row.is_null(5)) machine.days_left = row.real(5);
    machine.fifteen_days = row.text(6);
  }
  row.reset();
  read_changes(state, id, machine);
  return machine;
}

/// Several machines of one name are told apart.
void tell_apart(Database& state, std::vector<Subject>& subjects) {
  for (Subject& subject : subjects) {
    if (subject.kind != "asset") continue;
    Statement& row = state.statement("explain/machine").bind("machine", subject.key);
    subject.about = row.step() ? row.text(0) + ", " + row.text(1) + ", last seen " + row.text(2)
                               : "no longer listed by Defender";
    row.reset();
  }
}

void describe(Database& state, const Subject& subject, Explanation& out) {
  if (subject.kind == "asset") out.machine = machine_story(state, subject.key);
  Statement& row =
      state.statement("explain/defender_row").bind("kind", subject.kind).bind("key", subject.key);
  if (row.step()) {
    out.defender_row = row.text(0);
    out.why_not = row.text(1);
  }
  row.reset();
  read_set_aside(state, subject, out);
  read_left_out(state, subject, out);
  std::set<std::int64_t> shown;  // user_account hangs on both of an account's vertices
  for (const std::int64_t vertex : vertices_of(state, subject)) {
    out.vertices.push_back(vertex_story(state, vertex));
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

/// Every edge from something that A may mean to something that B may mean.
void describe_edges(Database& state, const std::string& what, Explanation& out) {
  const auto found = ends_of(state, what);
  if (found.empty()) throw unknown_word(state, what);
  std::vector<std::int64_t> ids;
  for (const Ends& ends : found) {
    for (const std::int64_t from : ends.from) {
      for (const std::int64_t to : ends.to) {
        Statement& rows =
            state.statement("explain/edges_between").bind("from", from).bind("to", to);
        while (rows.step()) ids.push_back(rows.integer(0));
      }
    }
  }
  for (const std::int64_t id : ids) out.edges.push_back(edge_story(state, id));
  if (out.edges.empty()) {
    throw Error(ErrorKind::usage,
                "both ends are known, but no reading of Defender ever derived an edge from the one "
                "to the other; explain each of them shows the edges that there are");
  }
}

/// One moment of the state for all questions, also while a run works on it.
class Moment {
 public:
  explicit Moment(Database& state) : state_(state) { state_.statement("explain/begin").run(); }
  ~Moment() {
    try {
      state_.statement("explain/end").run();
    } catch (const Error&) {  // SQLite has ended it by itself
    }
  }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;

 private:
  Database& state_;
};

}  // namespace

Explanation explain(Database& state, const std::string& what) {
  if (what.empty()) throw Error(ErrorKind::usage, "explain needs a name, not an empty text");
  const Moment moment(state);
  Explanation out;
  out.subjects = subjects_of(state, what);
  if (out.subjects.empty()) describe_edges(state, what, out);
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
