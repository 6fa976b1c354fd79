// `defender-car explain`: why CAR holds what it holds, or why no longer, from the state file alone.

#include "audit/explain.h"
#include "base/error.h"
#include "cli/commands/command_progress.h"
#include "cli/commands/commands.h"
#include "cli/output/explain_text.h"
#include "cli/output/output.h"

namespace defender_car {
namespace {

/// null for 0: no run.
void write_run_id(JsonWriter& json, const char* key, std::int64_t run) {
  if (run == 0) return json.text_or_null(key, "");
  json.integer(key, run);
}

void write_removal(JsonWriter& json, const std::optional<Removal>& removal) {
  if (!removal) return json.text_or_null("removal", "");
  json.begin_object("removal");
  json.integer("run_id", removal->run_id);
  json.text("at", removal->at);
  json.text("operation", removal->operation);
  json.text("reason", removal->reason);
  json.text_or_null("evidence", removal->evidence);
  json.text_or_null("answer", removal->answer);
  json.end_object();
}

void write_pending(JsonWriter& json, const std::optional<PendingOperation>& pending) {
  if (!pending) return json.text_or_null("pending", "");
  json.begin_object("pending");
  json.integer("run_id", pending->run_id);
  json.text("operation", pending->operation);
  json.text("reason", pending->reason);
  json.text_or_null("evidence", pending->evidence);
  json.boolean("handed_over", pending->handed_over);
  json.end_object();
}

void write_standing(JsonWriter& json, const ObjectState& standing) {
  json.text("state", standing.state);
  json.text_or_null("since", standing.since);
  write_run_id(json, "since_run", standing.since_run);
  write_run_id(json, "confirmed_run", standing.confirmed_run);
  json.text_or_null("imported_as", standing.imported_as);
  json.text_or_null("import_job", standing.import_job);
  json.text_or_null("refused", standing.refused);
  write_run_id(json, "refused_run", standing.refused_run);
  write_removal(json, standing.removal);
  write_pending(json, standing.pending);
}

void write_vertex(JsonWriter& json, const VertexStory& vertex) {
  json.text("kind", vertex.kind);
  json.text("car_collection", vertex.car_collection);
  json.text("key", vertex.key);
  json.json_or_null("body", vertex.body);
  write_standing(json, vertex.standing);
}

void write_edge(JsonWriter& json, const EdgeStory& edge) {
  json.text("edge", edge.edge);
  json.text("from_kind", edge.from_kind);
  json.text("from_key", edge.from_key);
  json.text("to_kind", edge.to_kind);
  json.text("to_key", edge.to_key);
  write_standing(json, edge.standing);
  json.integer("machines", edge.machines);
  json.list("held_up_by", edge.holders, [&](const Holder& holder) {
    json.text("machine", holder.machine);
    json.text_or_null("name", holder.name);
    json.text("aspect", holder.aspect);
    json.integer("since_run", holder.since_run);
    json.text_or_null("held_back", holder.held_back);
    json.begin_array("defender_rows");
    for (const std::string& row : holder.rows) json.json_element(row);
    json.end_array();
  });
}

void write_changes(JsonWriter& json, const MachineStory& machine) {
  json.list("last_changes", machine.last_changes, [&](const LastChange& change) {
    json.text("dataset", change.dataset);
    json.integer("run_id", change.run_id);
  });
  json.list("incomplete", machine.incomplete, [&](const IncompleteDataset& one) {
    json.integer("run_id", one.run_id);
    json.text("dataset", one.dataset);
    json.text("state", one.state);
    json.text_or_null("problem", one.problem);
  });
}

void write_machine(JsonWriter& json, const std::optional<MachineStory>& machine) {
  if (!machine) return json.text_or_null("machine", "");
  json.begin_object("machine");
  json.boolean("listed", machine->listed);
  json.text_or_null("name", machine->name);
  json.text_or_null("health_status", machine->health_status);
  json.text_or_null("last_seen", machine->last_seen);
  json.boolean("is_asset", machine->is_asset);
  json.text_or_null("leaves_at", machine->leaves_at);
  if (machine->days_left) {
    json.real("days_left", *machine->days_left);
  } else {
    json.text_or_null("days_left", "");
  }
  json.text_or_null("fifteen_days", machine->fifteen_days);
  if (machine->in_scope) {
    json.boolean("in_scope", *machine->in_scope);
  } else {
    json.text_or_null("in_scope", "");
  }
  json.text_or_null("out_of_scope", machine->out_of_scope);
  json.list("held_back", machine->held_back, [&](const HeldBack& held) {
    json.text("aspect", held.aspect);
    json.text("reason", held.reason);
    json.integer("since_run", held.since_run);
  });
  write_changes(json, *machine);
  json.end_object();
}

void write_set_aside(JsonWriter& json, const std::vector<SetAside>& records) {
  json.list("set_aside", records, [&](const SetAside& one) {
    json.text("dataset", one.dataset);
    json.text("record_key", one.record_key);
    json.text("reason", one.reason);
    json.integer("first_run", one.first_run);
    json.integer("last_run", one.last_run);
    json.text_or_null("record", one.record);
  });
}

void write_left_out(JsonWriter& json, const std::vector<LeftOut>& values) {
  json.list("left_out", values, [&](const LeftOut& one) {
    json.text_or_null("machine", one.machine);
    json.text("field", one.field);
    json.text("value", one.value);
    json.text("reason", one.reason);
  });
}

void write_subjects(JsonWriter& json, const std::vector<Subject>& subjects) {
  json.list("subjects", subjects, [&](const Subject& subject) {
    json.text("kind", subject.kind);
    json.text("key", subject.key);
    json.text_or_null("about", subject.about);
  });
}

std::string explanation_json(const Explanation& explanation, const std::string& what, int code) {
  JsonWriter json;
  begin_document(json, "explain");
  json.integer("exit_code", code);
  json.text("what", what);
  write_subjects(json, explanation.subjects);
  write_machine(json, explanation.machine);
  json.json_or_null("defender_row", explanation.defender_row);
  json.text_or_null("why_not", explanation.why_not);
  write_set_aside(json, explanation.set_aside);
  write_left_out(json, explanation.left_out);
  json.list("vertices", explanation.vertices,
            [&](const VertexStory& vertex) { write_vertex(json, vertex); });
  json.list("edges", explanation.edges, [&](const EdgeStory& edge) { write_edge(json, edge); });
  json.boolean("more_edges", explanation.more_edges);
  json.list("recent", explanation.recent, [&](const EdgeChange& change) {
    json.text("at", change.at);
    json.text("change", change.change == "+" ? "added" : "removed");
    json.text("edge", change.edge);
    json.text("from_key", change.from_key);
    json.text("to_key", change.to_key);
    json.integer("run_id", change.run_id);
    json.text_or_null("reason", change.reason);
  });
  json.end_object();
  return json.str() + "\n";
}

void write_interval(JsonWriter& json, const Interval& one) {
  if (one.edge.empty()) {
    json.text("kind", one.from_kind);
    json.text("key", one.from_key);
  } else {
    json.text("edge", one.edge);
    json.text("from_kind", one.from_kind);
    json.text("from_key", one.from_key);
    json.text("to_kind", one.to_kind);
    json.text("to_key", one.to_key);
  }
  json.boolean("in_car", one.in_car);
  json.text("since", one.since);
  json.text_or_null("until", one.until);
  json.text_or_null("first_run", one.first_run);
  json.text_or_null("last_run", one.last_run);
  json.text_or_null("operation", one.operation);
  json.text_or_null("reason", one.reason);
  json.text_or_null("evidence", one.evidence);
}

std::string past_json(const ExplanationAt& past, const std::string& what, int code) {
  JsonWriter json;
  begin_document(json, "explain");
  json.integer("exit_code", code);
  json.text("what", what);
  json.text("at", past.at);
  json.integer("run_id", past.run_id);
  json.text("run_finished_at", past.run_finished_at);
  json.boolean("from_snapshots", past.from_snapshots);
  write_subjects(json, past.subjects);
  json.list("vertices", past.vertices, [&](const Interval& one) { write_interval(json, one); });
  json.list("edges", past.edges, [&](const Interval& one) { write_interval(json, one); });
  json.boolean("more_edges", past.more_edges);
  json.end_object();
  return json.str() + "\n";
}

const std::string& the_word(const Options& options) {
  if (options.words.size() == 1) return options.words.front();
  throw Error(ErrorKind::usage,
              options.words.empty()
                  ? "explain WHAT: name a machine, an address, a MAC, an account, a CVE, an alert, "
                    "an application, a host name or an edge 'A -> B'"
                  : "explain takes one word: put quotes around an edge, 'A -> B', and around a "
                    "name with blanks");
}

constexpr int kAmbiguous = 2;

int explain_past(const Session& session, const std::string& what) {
  const Options& options = session.options;
  const ExplanationAt past = with_progress(session, [&](Progress& progress) {
    return explain_at(WorkingDir{options.settings.working_dir}, what, options.at, progress);
  });
  const int code = past.subjects.size() > 1 ? kAmbiguous : 0;
  if (options.format == Format::json) {
    write_out(past_json(past, what, code));
  } else if (code != 0) {
    Explanation several;
    several.subjects = past.subjects;
    write_out(candidates_text(several, what));
  } else {
    write_out(past_text(past, session.style));
  }
  return code;
}

}  // namespace

int run_explain_command(const Session& session) {
  const Options& options = session.options;
  const std::string& what = the_word(options);
  if (!options.at.empty()) return explain_past(session, what);
  const Explanation explanation = explain(options.settings.working_dir, what);
  const std::size_t subjects = explanation.subjects.size();
  const int code = subjects > 1 ? kAmbiguous : 0;
  write_out(options.format == Format::json   ? explanation_json(explanation, what, code)
            : subjects == 1 && !options.rows ? brief_text(explanation, session.style)
                                             : explanation_text(explanation, what));
  return code;
}

}  // namespace defender_car
