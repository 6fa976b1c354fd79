// The short forms of an explanation: a thing as it stands, and as it stood at a past time.
#include <algorithm>
#include <map>
#include <utility>

#include "cli/output/explain_text.h"
#include "cli/output/page_lines.h"

namespace defender_car {
namespace {

constexpr std::size_t kNamesShown = 5;

/// In the order of the answer's lines: the vertices' kinds, and what several of them are called.
constexpr std::pair<std::string_view, std::string_view> kLabels[] = {
    {"asset", "machines"},       {"hostname", "host name"},
    {"os", "platform"},          {"ipaddress", "addresses"},
    {"macaddress", "MACs"},      {"user", "users"},
    {"account", "accounts"},     {"alert", "alerts"},
    {"application", "software"}, {"cve", "CVEs"}};

std::string titled(const std::string& key, const std::string& name) {
  return name.empty() || name == key ? key : name + " (" + key + ")";
}

/// The other ends of a thing's edges by kind.
class Neighbours {
 public:
  void add(const std::string& kind, const std::string& key, const std::string& name) {
    by_kind_[kind].push_back(titled(key, name));
  }

  void write(Page& page) const {
    for (const auto& [kind, label] : kLabels) {
      const auto found = by_kind_.find(std::string(kind));
      if (found != by_kind_.end()) page.line(1, line(std::string(label), found->second));
    }
  }
  bool empty() const { return by_kind_.empty(); }

 private:
  static std::string line(const std::string& label, const std::vector<std::string>& names) {
    std::string text = label + std::string(label.size() < 11 ? 11 - label.size() : 1, ' ');
    if (names.size() > kNamesShown) text += std::to_string(names.size()) + ": ";
    for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
      text += (i == 0 ? "" : ", ") + names[i];
    return names.size() > kNamesShown ? text + " …" : text;
  }

  std::map<std::string, std::vector<std::string>> by_kind_;
};

template <typename Edge>
void add_other_end(const Edge& edge, const std::string& key, const std::string& from_name,
                   const std::string& to_name, Neighbours& neighbours) {
  if (edge.from_key == key) {
    neighbours.add(edge.to_kind, edge.to_key, to_name);
  } else if (edge.to_key == key) {
    neighbours.add(edge.from_kind, edge.from_key, from_name);
  }
}

void write_subject(Page& page, const Explanation& explanation) {
  const Subject& subject = explanation.subjects.front();
  const std::string name = explanation.machine ? explanation.machine->name : "";
  page.line(0,
            (subject.kind == "asset" ? "machine" : subject.kind) + " " + titled(subject.key, name));
}

std::string leaving_text(const ObjectState& state) {
  if (!state.refused.empty())
    return "CAR refused its removal in run " + std::to_string(state.refused_run) + ": " +
           state.refused;
  if (state.pending)
    return "run " + std::to_string(state.pending->run_id) + " promised CAR the operation " +
           state.pending->operation + " (" + state.pending->reason + ")";
  return "nothing derives it any longer; it falls away at the end of the next full import";
}

void write_state(Page& page, const ObjectState& state, const Style& style) {
  const std::string run = std::to_string(state.since_run);
  if (state.state == "active") {
    page.styled(1, style.good("in CAR"), " since " + state.since + ", by run " + run);
  } else if (state.state == "leaving") {
    page.styled(1, style.warning("in CAR"), " since " + state.since + "; " + leaving_text(state));
  } else if (state.state == "gone" && state.removal) {
    page.styled(1, style.bad("gone"),
                " since " + state.removal->at + ", by run " +
                    std::to_string(state.removal->run_id) + ": " + state.removal->reason +
                    (state.removal->evidence.empty() ? "" : " (" + state.removal->evidence + ")"));
  } else if (state.state == "refused") {
    page.styled(
        1, style.bad("not in CAR"),
        ": CAR refused it in run " + std::to_string(state.refused_run) + ": " + state.refused);
  } else {
    page.styled(1, style.warning("not in CAR"),
                state.state == "waiting" ? " yet: the next run sends it" : ": nothing derives it");
  }
}

void write_machine(Page& page, const MachineStory& machine) {
  if (!machine.listed) return page.line(1, "Defender does not list it");
  page.line(1, "Defender: " +
                   (machine.health_status.empty() ? "no health status" : machine.health_status) +
                   ", last seen " + (machine.last_seen.empty() ? "?" : machine.last_seen));
  page.line(1, "15 days: " + machine.fifteen_days);
  for (const HeldBack& held : machine.held_back)
    page.line(1, "removals wait: " + held.aspect + ", since run " + std::to_string(held.since_run) +
                     ": " + held.reason);
}

void write_oddities(Page& page, const Explanation& explanation) {
  if (!explanation.why_not.empty()) page.line(1, "why not: " + explanation.why_not);
  for (const SetAside& one : explanation.set_aside)
    page.line(1, "set aside: " + one.dataset + " " + one.record_key + ", " + one.reason);
  if (!explanation.left_out.empty())
    page.line(1, "left out: " + std::to_string(explanation.left_out.size()) +
                     " values that CAR is not told (--rows)");
}

std::string edge_name(const EdgeStory& edge) {
  return edge.edge + " " + titled(edge.from_key, edge.from_name) + " -> " +
         titled(edge.to_key, edge.to_name);
}

void write_edges(Page& page, const Explanation& explanation, const Style& style) {
  const std::string& key = explanation.subjects.front().key;
  Neighbours neighbours;
  std::size_t between = 0;
  for (const EdgeStory& edge : explanation.edges) {
    const bool in_car = edge.standing.state == "active" || edge.standing.state == "leaving";
    const bool own = edge.from_key == key || edge.to_key == key;
    if (in_car && own) add_other_end(edge, key, edge.from_name, edge.to_name, neighbours);
    between += in_car && !own ? 1 : 0;
  }
  if (!neighbours.empty()) page.gap();
  neighbours.write(page);
  if (between > 0) page.line(1, "between them " + std::to_string(between) + " edges more");
  if (explanation.more_edges)
    page.line(1, "more than the " + std::to_string(kEdgesShown) + " edges counted here");
  for (const EdgeStory& edge : explanation.edges) {
    if (edge.standing.state != "refused" && edge.standing.state != "waiting") continue;
    page.line(1, edge_name(edge) + ":");
    write_state(page, edge.standing, style);
  }
}

void write_recent(Page& page, const Explanation& explanation, const Style& style) {
  if (explanation.recent.empty()) return;
  page.gap();
  page.line(0, "last changes");
  for (const EdgeChange& change : explanation.recent) {
    page.styled(1, change.change == "+" ? style.good("+") : style.bad("-"),
                " " + change.at + "  " + change.edge + " " + change.from_key + " -> " +
                    change.to_key + "  run " + std::to_string(change.run_id) +
                    (change.reason.empty() ? "" : ", " + change.reason));
  }
}

std::string interval_text(const Interval& one) {
  if (one.in_car) {
    return "since " + one.since +
           (one.until.empty()
                ? ", and still is"
                : ", until " + one.until + " (run " + one.last_run + ": " + one.reason + ")");
  }
  return "was not; the nearest time: " + one.since + " to " +
         (one.until.empty() ? "now"
                            : one.until + " (run " + one.last_run + ": " + one.reason + ")");
}

}  // namespace

std::string brief_text(const Explanation& explanation, const Style& style) {
  Page page;
  write_subject(page, explanation);
  for (const VertexStory& vertex : explanation.vertices) write_state(page, vertex.standing, style);
  if (explanation.machine) write_machine(page, *explanation.machine);
  write_oddities(page, explanation);
  write_edges(page, explanation, style);
  write_recent(page, explanation, style);
  page.gap();
  page.line(0, "--rows shows every edge with Defender's rows behind it");
  return page.text();
}

std::string past_text(const ExplanationAt& explanation, const Style& style) {
  Page page;
  page.line(0, "as of " + explanation.at + ": run " + std::to_string(explanation.run_id) +
                   ", finished " + explanation.run_finished_at +
                   (explanation.from_snapshots ? ", rebuilt from snapshots" : ""));
  Neighbours neighbours;
  for (const Interval& vertex : explanation.vertices) {
    page.line(0,
              (vertex.from_kind == "asset" ? "machine" : vertex.from_kind) + " " + vertex.from_key);
    page.styled(1, vertex.in_car ? style.good("in CAR") : style.bad("not in CAR"),
                " " + interval_text(vertex));
  }
  if (explanation.subjects.empty()) {
    for (const Interval& edge : explanation.edges) {
      page.line(0, edge.edge + " " + edge.from_key + " -> " + edge.to_key);
      page.styled(1, edge.in_car ? style.good("in CAR") : style.bad("not in CAR"),
                  " " + interval_text(edge));
    }
    return page.text();
  }
  const std::string& key = explanation.subjects.front().key;
  for (const Interval& edge : explanation.edges) add_other_end(edge, key, "", "", neighbours);
  neighbours.write(page);
  if (explanation.vertices.empty()) page.line(0, "CAR never held it, as far as the ledger goes");
  if (explanation.more_edges)
    page.line(1, "more than the " + std::to_string(kEdgesShown) + " edges counted here");
  return page.text();
}

}  // namespace defender_car
