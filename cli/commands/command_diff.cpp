// `defender-car diff`: what changed between two states, like the review of a change.

#include "audit/diff.h"
#include "audit/explain_at.h"
#include "audit/state_at.h"
#include "base/printable.h"
#include "cli/commands/command_progress.h"
#include "cli/commands/commands.h"
#include "cli/output/output.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

constexpr std::int64_t kMachinesShown = 50;
constexpr std::int64_t kLinesShown = 10;   ///< of one kind of change of one machine
constexpr std::size_t kLongestText = 160;  ///< bytes
constexpr std::size_t kPieceOfJson = 1U << 20;

std::string short_text(const std::string& text) { return printable(text, kLongestText); }

using Words = std::vector<std::string>;  ///< A and B as they were given

std::string run_text(const ComparedState& state) {
  if (state.run_id == 0) return "before its first run";
  return "run " + std::to_string(state.run_id) + " of " + state.started_at;
}

std::string head_text(const Diff& diff, const Words& words) {
  std::string text = table({{"before", words[0], run_text(diff.before())},
                            {"after", words[1], run_text(diff.after())}}) +
                     "\n";
  if (diff.counts().empty()) return text + "nothing changed\n";
  std::vector<std::vector<std::string>> rows{{"part", "kind", "added", "removed", "changed"}};
  for (const ChangeCount& count : diff.counts()) {
    rows.push_back({count.part, count.kind, std::to_string(count.added),
                    std::to_string(count.removed), std::to_string(count.changed)});
  }
  return text + table(rows);
}

/// "user corp\\anna", "asset_ipaddress -> 10.0.0.4": what the heading says already is left out.
std::string what_text(const Change& change) {
  if (change.object == change.machine) return change.kind;
  const bool of_machine = change.object.starts_with(change.machine + " -> ");
  return change.kind + " " +
         short_text(of_machine ? change.object.substr(change.machine.size() + 1) : change.object);
}

std::string change_line(const Change& change) {
  const std::string what = what_text(change);
  if (change.field) {
    return "    ~ " + what + " " + short_text(*change.field) + ": " +
           short_text(change.before.value_or("(none)")) + " → " +
           short_text(change.after.value_or("(none)")) + "\n";
  }
  const bool added = change.change == "added";
  const auto& there = added ? change.after : change.before;
  const auto& elsewhere = added ? change.before : change.after;
  std::string line = (added ? "    + " : "    - ") + what;
  if (there) line += " (" + short_text(*there) + ")";
  if (elsewhere) line += (added ? ", was " : ", now ") + short_text(*elsewhere);
  return line + "\n";
}

/// The changes as text, each long list cut where it is long.
class Review {
 public:
  void add(const Change& change) {
    if (machines_ == 0 || change.machine != last_.machine) {
      end_list();
      begin_machine(change);
    } else if (change.part != last_.part || change.kind != last_.kind) {
      end_list();
      if (change.part != last_.part) begin_part(change);
    }
    if (lines_++ < kLinesShown && shows()) text_ += change_line(change);
    last_ = change;
  }

  std::string text() {
    end_list();
    if (!shows()) {
      text_ += "\nand " + std::to_string(machines_ - kMachinesShown) +
               " more machines (--format json has all)\n";
    }
    return text_;
  }

 private:
  bool shows() const { return machines_ <= kMachinesShown; }

  void begin_machine(const Change& change) {
    ++machines_;
    if (!shows()) return;
    if (change.machine.empty()) {
      text_ += "\nof no single machine\n";
    } else if (change.name.empty()) {
      text_ += "\n" + short_text(change.machine) + "\n";
    } else {
      text_ += "\n" + short_text(change.name) + " (" + short_text(change.machine) + ")\n";
    }
    begin_part(change);
  }

  void begin_part(const Change& change) {
    if (shows()) text_ += change.part == "graph" ? "  graph\n" : "  Defender\n";
  }

  void end_list() {
    if (lines_ > kLinesShown && shows()) {
      text_ += "      and " + std::to_string(lines_ - kLinesShown) + " more\n";
    }
    lines_ = 0;
  }

  std::string text_;
  Change last_;
  std::int64_t machines_ = 0;
  std::int64_t lines_ = 0;
};

void write_value(JsonWriter& json, const char* key, const std::optional<std::string>& value) {
  if (value) {
    json.text(key, *value);
  } else {
    json.text_or_null(key, "");
  }
}

void write_state(JsonWriter& json, const char* key, const std::string& word,
                 const ComparedState& state) {
  json.begin_object(key);
  json.text("given", word);
  json.integer("run_id", state.run_id);
  json.text_or_null("started_at", state.started_at);
  json.end_object();
}

void write_counts(JsonWriter& json, const Diff& diff) {
  json.list("counts", diff.counts(), [&](const ChangeCount& count) {
    json.text("part", count.part);
    json.text("kind", count.kind);
    json.integer("added", count.added);
    json.integer("removed", count.removed);
    json.integer("changed", count.changed);
  });
}

void write_change(JsonWriter& json, const Change& change) {
  json.begin_object();
  json.text("part", change.part);
  json.text("kind", change.kind);
  json.text("change", change.change);
  json.text("object", change.object);
  write_value(json, "field", change.field);
  write_value(json, "before", change.before);
  write_value(json, "after", change.after);
  json.end_object();
}

/// Written piece by piece: of a first run it has every row there is.
void write_json(Diff& diff, const Words& words, ComparedGraph graph) {
  JsonWriter json;
  begin_document(json, "diff");
  json.integer("exit_code", 0);
  write_state(json, "before", words[0], diff.before());
  write_state(json, "after", words[1], diff.after());
  json.text("graph", graph == ComparedGraph::desired ? "desired" : "acknowledged");
  write_counts(json, diff);
  json.integer("machine_count", diff.machines());
  json.begin_array("machines");
  std::optional<std::string> open;
  diff.each([&](const Change& change) {
    if (open != change.machine) {
      if (open) {
        json.end_array();
        json.end_object();
      }
      open = change.machine;
      json.begin_object();
      json.text_or_null("machine", change.machine);
      json.text_or_null("name", change.name);
      json.begin_array("changes");
    }
    write_change(json, change);
    if (json.size() > kPieceOfJson) write_out(json.take());
  });
  if (open) {
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  write_out(json.take() + "\n");
}

/// The two states' words; of two times the runs that they mean.
Words states_of(const Options& options, const WorkingDir& folder) {
  Words words = options.words;
  if (!options.at.empty()) words.insert(words.begin(), options.at);
  if (words.size() != 2) {
    throw Error(ErrorKind::usage,
                options.at.empty()
                    ? "diff compares two states: give two of a run's number, a snapshot and a "
                      "state file (state.db or a copy of it)"
                    : "diff --at takes two times: --at 2026-11-24 2026-12-01");
  }
  if (options.at.empty()) return words;
  for (std::string& word : words) word = std::to_string(run_at(folder, word).run_id);
  return words;
}

}  // namespace

int run_diff_command(const Session& session) {
  const Options& options = session.options;
  const WorkingDir folder{options.settings.working_dir};
  const Words words = states_of(options, folder);
  const ComparedGraph graph =
      options.acknowledged ? ComparedGraph::acknowledged : ComparedGraph::desired;
  const auto at = [&](const std::string& word) {
    return with_progress(session,
                         [&](Progress& progress) { return state_at(folder, word, progress); });
  };
  const StateAt before = at(words[0]);
  const StateAt after = at(words[1]);
  Diff diff(before.file, after.file, graph);
  if (options.format == Format::json) {
    write_json(diff, words, graph);
    return 0;
  }
  Review review;
  diff.each([&](const Change& change) { review.add(change); });
  write_out(head_text(diff, words) + review.text());
  return 0;
}

}  // namespace defender_car
