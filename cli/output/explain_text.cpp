#include "cli/output/explain_text.h"

#include <algorithm>
#include <set>

#include "cli/output/page_lines.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

constexpr std::size_t kRowsShown = 3;  // of Defender, for one machine; --format json has all

std::string run_text(std::int64_t run) { return "run " + std::to_string(run); }

/// " (A; B)" of what is there, "" of nothing.
std::string in_brackets(const std::string& a, const std::string& b) {
  if (a.empty() && b.empty()) return "";
  return " (" + a + (a.empty() || b.empty() ? "" : "; ") + b + ")";
}

std::string prefixed(const char* words, const std::string& text) {
  return text.empty() ? "" : words + text;
}

std::string import_text(const ObjectState& standing) {
  return "since " + standing.since + ", imported by " + run_text(standing.since_run) +
         in_brackets(standing.imported_as, prefixed("CAR's job ", standing.import_job)) +
         ", last reported by " + run_text(standing.confirmed_run);
}

std::string pending_text(const PendingOperation& pending) {
  return run_text(pending.run_id) + " promised CAR the operation " + pending.operation +
         in_brackets(pending.reason, pending.evidence) +
         (pending.handed_over ? ", handed over and not answered for"
                              : ", not sent or not answered for yet");
}

std::string removal_text(const Removal& removal, bool is_edge) {
  const std::string how = removal.operation == "drop"      ? "fell away at the end of a full import"
                          : removal.operation == "disable" ? "disabled"
                          : removal.operation == "lost"    ? "found lost in CAR"
                          : is_edge                        ? "deleted with its asset"
                                                           : "deleted";
  return "gone since " + removal.at + ": " + how + " by " + run_text(removal.run_id) + ", " +
         removal.reason + in_brackets(removal.evidence, prefixed("CAR answered ", removal.answer));
}

std::string standing_text(const ObjectState& standing, bool is_edge) {
  if (standing.state == "active") return "active " + import_text(standing);
  if (standing.state == "leaving") {
    return "active " + import_text(standing) + "; nothing derives it any longer: " +
           (standing.pending ? pending_text(*standing.pending)
            : standing.refused.empty()
                ? "it falls away at the end of the next full import"
                : "CAR refused its removal in " + run_text(standing.refused_run) + ": " +
                      standing.refused);
  }
  if (standing.state == "waiting") {
    return "not in CAR yet: " +
           (standing.pending ? pending_text(*standing.pending) : "the next run looks at it again");
  }
  if (standing.state == "refused") {
    return "not in CAR: CAR refused it in " + run_text(standing.refused_run) + ": " +
           standing.refused;
  }
  if (standing.state == "gone" && standing.removal) {
    return removal_text(*standing.removal, is_edge);
  }
  return "not in CAR: nothing derives it, and the ledger knows of no removal";
}

void write_machine(Page& page, const MachineStory& machine) {
  if (machine.listed) {
    page.line(1, "Defender: " + (machine.name.empty() ? "no name" : machine.name) + ", " +
                     (machine.health_status.empty() ? "no health status" : machine.health_status) +
                     ", last seen " + (machine.last_seen.empty() ? "?" : machine.last_seen));
    page.line(1, "15 days: " + machine.fifteen_days);
    if (machine.in_scope)
      page.line(1, *machine.in_scope ? "in scope" : "out of scope: " + machine.out_of_scope);
  } else {
    page.line(1, "Defender does not list it");
  }
  for (const HeldBack& held : machine.held_back) {
    page.line(1, "held back: " + held.aspect + ", since " + run_text(held.since_run) + ": " +
                     held.reason);
  }
  std::string changes;
  for (const LastChange& change : machine.last_changes)
    changes += (changes.empty() ? "" : ", ") + change.dataset + " " + run_text(change.run_id);
  if (!changes.empty()) page.line(1, "last changed: " + changes);
  for (const IncompleteDataset& one : machine.incomplete) {
    page.line(1, "not complete in " + run_text(one.run_id) + ": " + one.dataset + " " + one.state +
                     prefixed(": ", one.problem));
  }
}

void write_set_aside(Page& page, const SetAside& one) {
  page.line(1, "set aside: " + one.dataset + " " + one.record_key + ", " + one.reason + ", " +
                   run_text(one.first_run) + " to " + run_text(one.last_run) +
                   prefixed(": ", one.record));
}

void write_left_out(Page& page, const LeftOut& one, const std::string& subject) {
  const std::string where =
      one.machine.empty() || one.machine == subject ? "" : " on machine " + one.machine;
  page.line(1, "left out: " + one.field + " " + one.value + where + ": " + one.reason);
}

/// A vertex stays in CAR when nothing derives it any longer.
std::string why_not_text(const Explanation& explanation) {
  const bool in_car =
      std::any_of(explanation.vertices.begin(), explanation.vertices.end(),
                  [](const VertexStory& vertex) { return vertex.standing.state == "leaving"; });
  return (in_car ? "why nothing derives it: " : "why not in CAR: ") + explanation.why_not;
}

void write_vertex(Page& page, const VertexStory& vertex) {
  page.gap();
  page.line(0, vertex.kind + " " + vertex.key);
  page.line(1, standing_text(vertex.standing, false));
  if (!vertex.body.empty()) page.line(1, "in CAR: " + vertex.body);
}

void write_holder(Page& page, const Holder& holder) {
  page.line(1, "held up by machine " + holder.machine + in_brackets(holder.name, "") + ", " +
                   holder.aspect + ", since " + run_text(holder.since_run));
  for (std::size_t i = 0; i < std::min(holder.rows.size(), kRowsShown); ++i)
    page.line(2, holder.rows[i]);
  if (holder.rows.size() > kRowsShown)
    page.line(2, "… and " + std::to_string(holder.rows.size() - kRowsShown) + " rows more");
  if (holder.rows.empty()) page.line(2, "Defender has no such row any longer");
  if (!holder.held_back.empty()) page.line(2, "removals are held back: " + holder.held_back);
}

void write_edge(Page& page, const EdgeStory& edge) {
  page.gap();
  page.line(0, edge.edge + " " + edge.from_key + " -> " + edge.to_key);
  page.line(1, standing_text(edge.standing, true));
  std::set<std::string> shown;
  for (const Holder& holder : edge.holders) {
    write_holder(page, holder);
    shown.insert(holder.machine);
  }
  const auto more = edge.machines - static_cast<std::int64_t>(shown.size());
  if (more <= 0) return;
  page.line(1, "and by " + std::to_string(more) + " other machines" +
                   (edge.machines == kMachinesCounted ? " or more" : ""));
}

}  // namespace

std::string candidates_text(const Explanation& explanation, const std::string& what) {
  Page page;
  page.line(0, what + " may mean any of these; ask again for one:");
  for (const Subject& subject : explanation.subjects)
    page.line(
        1, "explain '" + subject.kind + ":" + subject.key + "'" + in_brackets(subject.about, ""));
  if (explanation.subjects.size() == kCandidatesShown) page.line(1, "… and perhaps more");
  return page.text();
}

std::string explanation_text(const Explanation& explanation, const std::string& what) {
  if (explanation.subjects.size() > 1) return candidates_text(explanation, what);
  Page page;
  if (!explanation.subjects.empty()) {
    const Subject& subject = explanation.subjects.front();
    page.line(0, (subject.kind == "asset" ? "machine" : subject.kind) + " " + subject.key);
  }
  if (explanation.machine) write_machine(page, *explanation.machine);
  if (!explanation.defender_row.empty())
    page.line(1, "Defender's row: " + explanation.defender_row);
  if (!explanation.why_not.empty()) page.line(1, why_not_text(explanation));
  for (const SetAside& one : explanation.set_aside) write_set_aside(page, one);
  for (const LeftOut& one : explanation.left_out)
    write_left_out(page, one, explanation.subjects.front().key);
  for (const VertexStory& vertex : explanation.vertices) write_vertex(page, vertex);
  for (const EdgeStory& edge : explanation.edges) write_edge(page, edge);
  if (explanation.more_edges) {
    page.gap();
    page.line(0, "more edges than the " + std::to_string(kEdgesShown) +
                     " shown: ask for one by 'A -> B', or view audit_explain_edge");
  }
  return page.text();
}

}  // namespace defender_car
