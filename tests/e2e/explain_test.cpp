// explain against the oracle: over some days of life, every edge that CAR holds is explained by a
// machine that the oracle knows to derive it and by the run that brought it, and every edge that
// CAR once held by the run, the time and the operation that took it, as the simulator saw them.
//
//   DEFENDER_CAR_FIRST_SEED=17 DEFENDER_CAR_SEEDS=10 e2e_explain_test   one seed in 19 has a life
#include "audit/explain.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "audit/state.h"
#include "harness.h"
#include "text.h"

using namespace e2e;
using defender_car::EdgeStory;
using defender_car::Explanation;
using defender_car::Holder;
using defender_car::ObjectState;
using defender_car::Removal;
using defender_car::RunReport;

namespace {

struct Edge {
  std::string collection;
  std::string from;
  std::string to;
};

/// nullopt where a key holds a bar, too: the line does not say where it parts.
std::optional<Edge> edge_of(const std::string& line) {
  const auto parts = simulator::split(line, '|');
  if (parts.size() != 3) return std::nullopt;
  return Edge{parts[0], parts[1], parts[2]};
}

/// What happened to a line of CAR's graph last.
struct Event {
  RunReport run;
  std::string kind;  // "came", or the removal watch's word
};

/// Upper case, without what MACs are parted by.
std::string bare(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != ':' && c != '-' && c != '.' && c != ' ')
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

const std::map<std::string, std::set<std::string>>& reasons() {
  static const std::map<std::string, std::set<std::string>> by_collection{
      {"asset_hostname", {"machine changed"}},
      {"asset_ipaddress", {"network changed", "machine changed"}},
      {"asset_macaddress", {"network changed"}},
      {"ipaddress_macaddress", {"network changed"}},
      {"asset_user", {"user no longer logged on"}},
      {"asset_account", {"user no longer logged on"}},
      {"user_account", {"user no longer logged on"}},
      {"user_hostname", {"user or host name changed"}},
      {"account_hostname", {"user or host name changed"}},
      {"asset_vulnerability", {"alert resolved or gone", "software patched or gone"}},
      {"asset_application", {"software patched or gone", "machine changed"}},
      {"application_vulnerability", {"software patched or gone"}}};
  return by_collection;
}

class Life {
 public:
  explicit Life(const Scenario& scenario) : harness_(scenario), random_(scenario.seed) {}

  std::vector<std::string> live(int steps, int longest_hours) {
    run(Reading::full);
    for (int step = 0; step < steps; ++step) {
      harness_.simulator().live(1 +
                                static_cast<int>(random_() % static_cast<unsigned>(longest_hours)));
      const bool full = step + 1 == steps;  // what falls away at its end
      harness_.settings().mode = full ? defender_car::Mode::full : defender_car::Mode::automatic;
      run(full ? Reading::full : Reading::incremental);
      if (step + 2 >= steps) ask_about_everything();
    }
    return problems_;
  }

  const std::map<std::string, int>& asked() const { return asked_; }

 private:
  void run(Reading reading) {
    before_ = held_;
    const RunReport report = harness_.sync(reading);
    if (report.failure) problems_.push_back(describe(report));
    held_ = harness_.held("");
    for (const std::string& line : held_)
      if (!before_.contains(line)) note(line, {report, "came"});
    for (const auto& [kind, line] : harness_.removals())
      if (!held_.contains(line)) note(line, {report, kind});
  }

  /// An asset's line changes with its attributes; its key does not.
  void note(const std::string& line, const Event& event) {
    const bool is_edge = line.find("|{") == std::string::npos;
    if (is_edge) edges_[line] = event;
    if (!line.starts_with("asset|")) return;
    const std::string vertex = oracle::vertex_of_line(line);
    const bool was = assets_.contains(vertex) && assets_[vertex].kind == "came";
    if (event.kind != "came" || !was) assets_[vertex] = event;
  }

  void ask_about_everything() {
    defender_car::Database state = defender_car::open_state({harness_.settings().working_dir});
    wanted_ = harness_.oracle().edges();
    for (const auto& [line, event] : edges_) {
      const auto edge = edge_of(line);
      if (!edge) continue;
      const Explanation answer = defender_car::explain(state, edge->from + " -> " + edge->to);
      const auto found =
          std::find_if(answer.edges.begin(), answer.edges.end(),
                       [&](const EdgeStory& story) { return story.edge == edge->collection; });
      if (found == answer.edges.end()) {
        problem(line, "is not explained");
      } else if (event.kind == "came") {
        check_held(line, *edge, *found, event.run);
      } else {
        check_gone(line, *edge, *found, event);
      }
    }
    for (const auto& [vertex, event] : assets_) ask_about_asset(state, vertex, event);
  }

  void check_held(const std::string& line, const Edge& edge, const EdgeStory& story,
                  const RunReport& run) {
    ++asked_["held"];
    check_came(line, story.standing, run);
    const std::set<std::string> machines = deriving(edge);
    if (story.holders.empty()) problem(line, "has nobody behind it");
    const bool several =
        edge.collection == "ipaddress_macaddress" || edge.collection == "application_vulnerability";
    const auto count = static_cast<std::int64_t>(machines.size());
    if (several ? story.machines > count || story.machines == 0 : story.machines != count)
      problem(line, "is held up by " + std::to_string(story.machines) + " machines, not by " +
                        std::to_string(count));
    for (const Holder& holder : story.holders) {
      if (!machines.contains(holder.machine))
        problem(line, "is held up by the wrong machine " + holder.machine);
      if (!speaks_of(holder, edge)) problem(line, "has no row that says so");
    }
  }

  /// The machines that have both ends, by the oracle.
  std::set<std::string> deriving(const Edge& edge) const {
    if (edge.collection.starts_with("asset_")) return {edge.from};
    static const std::map<std::string, std::pair<const char*, const char*>> links{
        {"ipaddress_macaddress", {"asset_ipaddress", "asset_macaddress"}},
        {"user_hostname", {"asset_user", "asset_hostname"}},
        {"account_hostname", {"asset_account", "asset_hostname"}},
        {"user_account", {"asset_account", "asset_account"}},
        {"application_vulnerability", {"asset_application", "asset_vulnerability"}}};
    const auto [from, to] = links.at(edge.collection);
    std::set<std::string> machines;
    for (const std::string& line : harness_.held("asset|")) {
      const std::string id = simulator::split(line, '|')[1];
      if (wanted_.contains(std::string(from) + "|" + id + "|" + edge.from) &&
          wanted_.contains(std::string(to) + "|" + id + "|" + edge.to))
        machines.insert(id);
    }
    return machines;
  }

  /// As it stands within a JSON text.
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  }

  /// Whether one of its rows names the end, and one the machine.
  static bool speaks_of(const Holder& holder, const Edge& edge) {
    std::string rows;
    for (const std::string& row : holder.rows) rows += row;
    std::string end = edge.to;
    if (edge.collection == "asset_application" && end.find(':') != std::string::npos)
      end = end.substr(0, end.find(':'));  // vendor:name:version
    const bool mac = edge.collection.ends_with("_macaddress");
    const bool named = mac ? bare(rows).find(bare(end)) != std::string::npos
                           : rows.find(escaped(end)) != std::string::npos;
    return named && rows.find(holder.machine) != std::string::npos;
  }

  void check_came(const std::string& line, const ObjectState& standing, const RunReport& run) {
    if (standing.state != "active") problem(line, "is " + standing.state + " instead of active");
    if (standing.since_run != run.run_id || standing.since < run.started_at ||
        standing.since > run.finished_at)
      problem(line, "is said to be there since run " + std::to_string(standing.since_run) + " at " +
                        standing.since + ", it is since " + std::to_string(run.run_id));
    if (standing.imported_as.empty() || standing.import_job.empty())
      problem(line, "does not say which import brought it");
  }

  void check_gone(const std::string& line, const Edge& edge, const EdgeStory& story,
                  const Event& event) {
    if (!check_went(line, story.standing, event)) return;
    if (!story.holders.empty()) problem(line, "is gone and held up");
    const Removal& removal = *story.standing.removal;
    const bool with_machine = removal.reason == "inactive-15" || removal.reason == "gone";
    if (!with_machine && !reasons().at(edge.collection).contains(removal.reason))
      problem(line, "is gone for the reason " + removal.reason);
    if (!removal.evidence.starts_with("machine "))
      return problem(line, "is gone without a machine: " + removal.evidence);
    const std::string machine = removal.evidence.substr(8, removal.evidence.find(':') - 8);
    const auto known = assets_.find("asset|" + machine);
    if (known == assets_.end() || (edge.collection.starts_with("asset_") && machine != edge.from))
      problem(line, "is gone by the wrong machine: " + removal.evidence);
    if (with_machine && known->second.kind == "came" && known->second.run.run_id < removal.run_id)
      problem(line, "is gone with a machine that is there: " + removal.evidence);
  }

  bool check_went(const std::string& line, const ObjectState& standing, const Event& event) {
    static const std::map<std::string, std::string> operations{
        {"edge disabled", "disable"},
        {"vertex deleted", "delete"},
        {"edge of deleted vertex", "delete"},
        {"fell away at session end", "drop"}};
    ++asked_[event.kind];
    if (standing.state != "gone" || !standing.removal) {
      problem(line, "is " + standing.state + " instead of gone");
      return false;
    }
    const Removal& removal = *standing.removal;
    if (removal.run_id != event.run.run_id || removal.at < event.run.started_at ||
        removal.at > event.run.finished_at)
      problem(line, "is said to be gone since run " + std::to_string(removal.run_id) + " at " +
                        removal.at + ", it is since " + std::to_string(event.run.run_id));
    if (removal.operation != operations.at(event.kind))
      problem(line, event.kind + ", but is said to be gone by " + removal.operation);
    if (removal.operation != "drop" && removal.answer != "200")
      problem(line, "is gone by CAR's answer " + removal.answer);
    return true;
  }

  void ask_about_asset(defender_car::Database& state, const std::string& vertex,
                       const Event& event) {
    const std::string id = vertex.substr(vertex.find('|') + 1);
    const Explanation answer = defender_car::explain(state, id);
    if (answer.vertices.size() != 1 || answer.vertices.front().kind != "asset" || !answer.machine)
      return problem(vertex, "is no machine");
    const ObjectState& standing = answer.vertices.front().standing;
    if (event.kind == "came") {
      check_came(vertex, standing, event.run);
      if (!answer.machine->is_asset) problem(vertex, "should be an asset");
    } else if (check_went(vertex, standing, event)) {
      const bool inactive = standing.removal->reason == "inactive-15" ||
                            standing.removal->evidence.find("Inactive") != std::string::npos;
      if (inactive != answer.machine->listed)
        problem(vertex, "went for " + standing.removal->reason);
    }
  }

  void problem(const std::string& line, const std::string& what) {
    if (problems_.size() < 20) problems_.push_back(line + " " + what);
  }

  Harness harness_;
  std::mt19937_64 random_;
  std::set<std::string> held_, before_, wanted_;
  std::map<std::string, Event> edges_, assets_;
  std::map<std::string, int> asked_;
  std::vector<std::string> problems_;
};

}  // namespace

TEST_CASE("explain tells of every edge what the oracle and the simulator know", "[explain]") {
  const Seeds seeds = seeds_to_run();
  std::map<std::string, int> asked;
  for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed += 19) {
    Scenario scenario = scenario_of(seed);
    scenario.machines = 24;
    scenario.software_rows = 5;
    Life life(scenario);
    const auto problems = life.live(6, 100);
    INFO(describe(scenario) << joined(problems));
    CHECK(problems.empty());
    for (const auto& [kind, count] : life.asked()) asked[kind] += count;
  }
  if (seeds.count < 100) return;
  for (const char* kind : {"held", "edge disabled", "vertex deleted", "edge of deleted vertex",
                           "fell away at session end"}) {
    INFO(kind);
    CHECK(asked[kind] > 0);
  }
}
