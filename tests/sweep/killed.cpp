#include "killed.h"

#include <stdexcept>

#include "audit/history.h"
#include "defender/call_budget.h"

namespace sweep {

using defender_car::Mode;
using defender_car::RunReport;
using e2e::Harness;
using e2e::Reading;

namespace {

e2e::Scenario small_tenant() {
  e2e::Scenario out;
  out.seed = 4;
  out.machines = 10;
  return out;
}

std::string whats_wrong(const Harness& harness, const RunReport& report) {
  std::string out;
  if (report.failure || report.outcome != defender_car::RunOutcome::done) out += "\n  not done";
  out += e2e::joined(harness.differences());
  return out.empty() ? out : e2e::describe(report) + out;
}

}  // namespace

const char* name_of(Kind kind) {
  static constexpr const char* names[] = {"the first run", "an incremental run", "a full run",
                                          "a run that changes the list of alerts"};
  return names[static_cast<std::size_t>(kind)];
}

std::unique_ptr<Harness> before(Kind kind) {
  auto out = std::make_unique<Harness>(small_tenant());
  if (kind == Kind::first) return out;
  if (out->sync(Reading::full).failure) throw std::runtime_error("the first run failed");
  out->simulator().live(24 * 3);
  if (kind == Kind::full) out->settings().mode = Mode::full;
  if (kind == Kind::other_list) {
    out->simulator().with_login([](auto& login) {
      login.options().graph_roles.emplace_back("SecurityAlert.Read.All");
      login.forget_tokens();
    });
    out->simulator().with_defender([](auto& defender) { defender.options().alerts = false; });
  }
  return out;
}

int tick(std::size_t point) { return 1 + static_cast<int>(point % 6); }

Calls counted_calls(const Harness& harness) {
  Calls out;
  const auto& folder = harness.settings().working_dir;
  if (!std::filesystem::exists(folder / "state.db")) return out;
  for (const auto& count : defender_car::read_status(folder).calls)
    out[count.family] = count.last_hour;
  return out;
}

Calls seen_calls(Harness& harness) {
  Calls out;
  const auto& hosts = harness.settings().defender;
  for (const auto& request : harness.simulator().requests()) {
    const std::string& url = request.service == "graph" ? hosts.graph_url : hosts.defender_url;
    if (request.service != "graph" && request.service != "defender") continue;
    if (const auto family = defender_car::family_of(url + request.target, hosts))
      ++out[std::string(defender_car::family_name(*family))];
  }
  return out;
}

std::vector<std::string> not_recovered(Harness& harness) {
  harness.settings().mode = Mode::automatic;
  std::vector<std::string> out;
  const RunReport next = harness.sync_either_way();
  if (std::string wrong = whats_wrong(harness, next); !wrong.empty())
    out.push_back("the next run: " + wrong);
  const RunReport quiet = harness.sync_either_way();
  std::string wrong = whats_wrong(harness, quiet) + e2e::joined(harness.writes_to_car());
  if (!wrong.empty()) out.push_back("the run after that sent: " + wrong);
  return out;
}

}  // namespace sweep
