#include "trial.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "compare.h"

namespace sweep {
namespace {

constexpr int kHours = 30;
constexpr int kLoaderFailed = 127;  // no memory even for the libraries: nothing of ours ran

simulator::Options options() {
  simulator::Options out;
  out.tenant.machines = 40;
  out.tenant.seed = 7;
  out.car.job_polls = 0;
  return out;
}

std::string program() {
  const char* path = std::getenv("DEFENDER_CAR_PROGRAM");
  if (path == nullptr) throw std::runtime_error("DEFENDER_CAR_PROGRAM names no program");
  return path;
}

std::map<std::string, std::string> environment() {
  const simulator::LoginOptions login;
  const simulator::CarOptions car;
  std::map<std::string, std::string> out{{"CONFIGURATION_AUTH_TENANT", login.tenant_id},
                                         {"CONFIGURATION_AUTH_CLIENTID", login.client_id},
                                         {"CONFIGURATION_AUTH_CLIENTSECRET", login.client_secret},
                                         {"CAR_SERVICE_KEY", car.key},
                                         {"CAR_SERVICE_PASSWORD", car.password},
                                         {"no_proxy", "127.0.0.1"}};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TMPDIR"})
    if (const char* value = std::getenv(name)) out[name] = value;
  return out;
}

/// A line of an edge, or `asset|ID`: what a vertex says may change.
std::string bare(const std::string& line) {
  return line.find("|{") == std::string::npos ? line : oracle::vertex_of_line(line);
}

/// Edges, assets, and what edges end at. Other vertices may stay behind, and fall away only in a
/// full import.
std::set<std::string> seen(const simulator::Simulator& simulator) {
  std::set<std::string> out = simulator.car_edges();
  std::string edges;
  for (const std::string& line : out) edges += line + "|\n";
  for (const std::string& line : simulator.car_vertices()) {
    const std::string vertex = bare(line);
    const std::string key = vertex.substr(vertex.find('|')) + "|";
    if (vertex.starts_with("asset|") || edges.find(key) != std::string::npos) out.insert(line);
  }
  return out;
}

struct Twin {
  explicit Twin(const simulator::Simulator& simulator) : graph(seen(simulator)) {
    for (const std::string& line : graph) bare_lines.insert(bare(line));
  }
  std::set<std::string> graph;
  std::set<std::string> bare_lines;
};

Command sync_of(const simulator::Simulator& simulator, const std::filesystem::path& folder) {
  return {{program(), "sync", "--working-dir", folder.string(), "--login-url",
           simulator.login_url(), "--defender-url", simulator.defender_url(), "--graph-url",
           simulator.graph_url(), "--car-url", simulator.car_url()},
          environment(),
          {},
          {}};
}

void must_run(const Command& command) {
  const Ended ended = run(command);
  if (ended.code != 0) throw std::runtime_error("an undisturbed run failed: " + ended.err);
}

const Twin& twin(Moment moment) {
  static const std::vector<Twin> twins = [] {
    simulator::Simulator simulator(options());
    const e2e::TemporaryFolder folder;
    must_run(sync_of(simulator, folder.path()));
    std::vector<Twin> out{Twin(simulator)};
    simulator.live(kHours);
    must_run(sync_of(simulator, folder.path()));
    out.emplace_back(simulator);
    return out;
  }();
  return twins[static_cast<size_t>(moment)];
}

}  // namespace

Trial::Trial(Moment moment, const std::function<void(const std::filesystem::path&)>& prepare)
    : moment_(moment), simulator_(options()) {
  twin(moment);
  if (prepare) prepare(folder());
  if (moment == Moment::incremental) {
    must_run(sync());
    simulator_.live(kHours);
  }
  watch();
}

Command Trial::sync() const { return sync_of(simulator_, folder()); }

void Trial::watch() {
  simulator_.set_removal_watch([this](std::string_view kind, std::string_view line) {
    if (twin(moment_).bare_lines.contains(bare(std::string(line))))
      violations_.push_back(std::string(kind) + ": " + std::string(line));
  });
}

bool Trial::as_twin() const { return seen(simulator_) == twin(moment_).graph; }

std::string Trial::run_well() {
  simulator_.clear_requests();
  const Ended ended = run(sync());
  if (ended.code == 0) return "";
  return "exit code " + std::to_string(ended.code) + ": " + ended.err;
}

std::string Trial::converge() {
  if (std::string problem = run_well(); !problem.empty()) return "undisturbed run: " + problem;
  if (!as_twin()) return "CAR differs from the undisturbed twin's";
  if (std::string problem = run_well(); !problem.empty()) return "quiet run: " + problem;
  const auto written = writes();
  return written.empty() ? "" : "the quiet run wrote:" + e2e::joined(written);
}

std::vector<std::string> Trial::writes() const {
  std::vector<std::string> out;
  for (const simulator::RequestRecord& request : simulator_.requests()) {
    const bool saves = request.target.find("/source?key=") != std::string::npos;
    const bool asks = request.method == "GET" || request.target.ends_with("/v3/query");
    if (request.service == "car" && !asks && !saves)
      out.push_back(request.method + " " + request.target);
  }
  return out;
}

std::string wrong_with(const Ended& ended) {
  static const std::set<int> documented{0, 1, 2, 10, 11, 12, 20, 50, 51, 52, 53, 54, 55};
  if (ended.signal != 0) return "ended by signal " + std::to_string(ended.signal);
  if (!documented.contains(ended.code)) return "exit code " + std::to_string(ended.code);
  if (ended.code == 0) return "";
  static const char* const kWhatNext[] = {"run again", "next run",     "check ", "estore", "free ",
                                          "make room", "name another", "use ",   "give "};
  for (const char* words : kWhatNext)
    if (ended.err.find(words) != std::string::npos) return "";
  return "the message does not say what to do";
}

void judge(Trial& trial, const Ended& ended, Tally& tally) {
  if (ended.code == kLoaderFailed) return;
  INFO("exit code " << ended.code << ", signal " << ended.signal << "\n" << ended.err);
  CHECK(wrong_with(ended) == "");
  if (ended.code != 0) tally.survived();
  const std::string problem = trial.converge();
  if (!problem.empty()) tally.not_converged();
  tally.wrong_removals(trial.wrong_removals());
  CHECK(problem == "");
  CHECK(e2e::joined(trial.violations()) == "");
}

}  // namespace sweep
