#include "harness.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "certificate.h"

namespace e2e {
namespace {

using defender_car::HttpClient;
using defender_car::RunMode;
using defender_car::RunReport;
using defender_car::SyncSettings;

/// In memory where that can be had: what is tested here is not the disk, and it waits at every
/// commit.
std::filesystem::path place_for_folders() {
  const std::filesystem::path memory = "/dev/shm";
  return access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

const Certificate& certificate() {
  static const Certificate made;
  return made;
}

simulator::Options options_of(const Scenario& scenario) {
  simulator::Options options = simulator_options(scenario);
  if (scenario.tls) options.tls = {certificate().file(), certificate().key()};
  return options;
}

}  // namespace

void quiet_unless_asked() {
  spdlog::set_level(std::getenv("DEFENDER_CAR_LOG") != nullptr ? spdlog::level::debug
                                                               : spdlog::level::off);
}

SyncSettings settings_for(const std::string& simulator_url, const Scenario& scenario) {
  SyncSettings out;
  const simulator::LoginOptions login;
  out.defender.tenant_id = login.tenant_id;
  out.defender.client_id = login.client_id;
  out.defender.client_secret = login.client_secret;
  out.defender.login_url = simulator_url + "/login";
  out.defender.defender_url = simulator_url + "/defender";
  out.defender.graph_url = simulator_url + "/graph";
  const simulator::CarOptions car;
  out.car.url = simulator_url + "/car/api/car/v2";
  out.car.key = car.key;
  out.car.password = car.password;
  out.car.source = "Microsoft-Windows-Defender-ATP";
  out.car.poll_ms = 5;
  choose_ways(out, scenario);
  return out;
}

defender_car::HttpOptions http_options() {
  defender_car::HttpOptions out;
  out.retry.max_tries = 3;
  out.retry.first_wait_ms = 1;
  out.retry.longest_wait_ms = 5;
  return out;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (place_for_folders() / "defender-car-e2e-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed for " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (std::getenv("DEFENDER_CAR_KEEP") == nullptr) std::filesystem::remove_all(path_, ignored);
}

Harness::Harness(const Scenario& scenario)
    : scenario_(scenario),
      simulator_(options_of(scenario)),
      folder_(std::make_unique<TemporaryFolder>()),
      oracle_(oracle_options(scenario)) {
  quiet_unless_asked();
  settings_ = settings_for(simulator_.url(), scenario);
  settings_.working_dir = folder_->path();
  http_options_ = e2e::http_options();
  if (scenario.tls) http_options_.ca_file = settings_.ca_file = certificate().file();
}

RunReport Harness::sync(Reading reading) {
  oracle::Oracle next = observed(reading);
  const oracle::Graph wanted = next.graph();
  RunReport report = run(wanted, wanted);
  oracle_ = std::move(next);
  return report;
}

RunReport Harness::sync_either_way() {
  oracle::Oracle full = observed(Reading::full);
  oracle::Oracle incremental = observed(Reading::incremental);
  RunReport report = run(full.graph(), incremental.graph());
  oracle_ = std::move(report.mode == RunMode::full ? full : incremental);
  return report;
}

RunReport Harness::disturbed_sync() {
  return run(observed(Reading::full).graph(), observed(Reading::incremental).graph());
}

void Harness::disturbed(const std::function<void()>& run) {
  watched(observed(Reading::full).graph(), observed(Reading::incremental).graph(), run);
}

oracle::Oracle Harness::observed(oracle::Oracle by, Reading reading) const {
  simulator::Tenant tenant = simulator_.tenant();
  if (meaning_) meaning_(tenant);
  by.observe(tenant, reading == Reading::full);
  return by;
}

RunReport Harness::run(const oracle::Graph& wanted, const oracle::Graph& also_wanted) {
  RunReport report;
  watched(wanted, also_wanted, [&] {
    HttpClient http(http_options_, progress_);
    report = defender_car::run_sync(settings_, http, progress_);
  });
  if (witness_)
    witness_ = observed(std::move(*witness_),
                        report.mode == RunMode::full ? Reading::full : Reading::incremental);
  return report;
}

void Harness::watched(const oracle::Graph& wanted, const oracle::Graph& also_wanted,
                      const std::function<void()>& run) {
  const auto is_wanted = [](const oracle::Graph& graph, const std::string& line) {
    return line.find("|{") == std::string::npos
               ? graph.edges.contains(line)
               : graph.vertices.contains(oracle::vertex_of_line(line));
  };
  std::vector<oracle::Graph> all{wanted, also_wanted};
  if (witness_)
    for (const Reading reading : {Reading::full, Reading::incremental})
      all.push_back(observed(*witness_, reading).graph());
  removals_.clear();
  simulator_.set_removal_watch([&](std::string_view kind, std::string_view text) {
    const std::string line(text);
    removals_.emplace_back(kind, line);
    const bool never_deleted = kind == "vertex deleted" && !line.starts_with("asset|");
    if (never_deleted || std::all_of(all.begin(), all.end(), [&](const oracle::Graph& graph) {
          return is_wanted(graph, line);
        }))
      violations_.push_back(std::string(kind) + ": " + line);
  });
  simulator_.clear_requests();
  try {
    run();
  } catch (...) {
    simulator_.set_removal_watch({});
    throw;
  }
  simulator_.set_removal_watch({});
}

void Harness::forget_everything() {
  folder_ = std::make_unique<TemporaryFolder>();
  settings_.working_dir = folder_->path();
  oracle_ = oracle::Oracle(oracle_options(scenario_));
  witness_.reset();
}

std::set<std::string> Harness::held(const std::string& beginning) const {
  std::set<std::string> out;
  for (const std::string& line : simulator_.car_graph())
    if (line.starts_with(beginning)) out.insert(line);
  return out;
}

std::vector<std::string> Harness::differences() const {
  const auto edges = simulator_.car_edges();
  const auto vertices = simulator_.car_vertices();
  if (!witness_) return oracle::differences(oracle_.graph(), edges, vertices);
  constexpr size_t all = 100'000;
  std::vector<std::string> out = oracle::differences(oracle_.graph(), edges, vertices, all);
  const auto also = oracle::differences(witness_->graph(), edges, vertices, all);
  std::erase_if(out, [&](const std::string& line) {
    return std::find(also.begin(), also.end(), line) == also.end();
  });
  return out;
}

std::vector<std::string> Harness::writes_to_car() const {
  std::vector<std::string> out;
  int saves = 0;
  for (const simulator::RequestRecord& request : simulator_.requests()) {
    if (request.service != "car" || request.method == "GET") continue;
    if (request.target.ends_with("/v3/query")) continue;  // asks only
    const bool saves_state =
        request.method == "PATCH" && request.target.find("/source?key=") != std::string::npos;
    if (saves_state && ++saves == 1) continue;
    out.push_back(request.method + " " + request.target);
  }
  return out;
}

std::string describe(const RunReport& report) {
  std::string out = "run " + std::to_string(report.run_id) + " " +
                    defender_car::kRunModes.text(report.mode) + " (" + report.reason + ") " +
                    defender_car::kRunOutcomes.text(report.outcome) + " " + report.error;
  for (const std::string& warning : report.warnings) out += "\n  warning: " + warning;
  for (const auto& dataset : report.datasets)
    out += "\n  " + dataset.name + " " + defender_car::kDatasetStates.text(dataset.state) + " " +
           std::to_string(dataset.rows) + (dataset.problem.empty() ? "" : ": " + dataset.problem);
  for (const auto& sent : report.sent)
    out += "\n  sent " + defender_car::kOperations.text(sent.operation) + " " + sent.collection +
           " (" + sent.reason + ") " + std::to_string(sent.count);
  return out;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "\n  " + line;
  return out;
}

}  // namespace e2e
