// Every dataset told in every lying way, in an incremental run and in one of everything, below the
// guards' limits and above them.
//
// Nothing that Defender still derives is taken from CAR, but for a shorter answer that looks
// complete, of a dataset that has no second question behind it: what such a one leaves out goes
// while it stays below --max-disables (docs/guards-and-plans.md). `lost_below_the_limit` names
// all of these. The run's end is a documented one, the next truthful run converges (one of
// everything where nobody could have noticed), and the one after it sends nothing.
#include <catch2/catch.hpp>

#include "http_server.h"
#include "lying.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::LogonSource;
using defender_car::Mode;
using defender_car::RunReport;
using lying::tally;
using simulator::Lie;
using simulator::LieKind;

namespace {

struct Dataset {
  const char* label;
  const char* name;  // as the report has it
  const char* match;
  bool in_full;
  bool in_incremental;
  bool paged;
  LogonSource logon = LogonSource::automatic;
  size_t page_size = 4;
};

const std::vector<Dataset> datasets{
    {"machines, all", "machines", "GET /defender/api/machines?$top", true, false, true},
    {"machines, window", "machines", "GET /defender/api/machines?$filter=lastSeen", false, true,
     true},
    {"machines, Inactive", "machines", "GET /defender/api/machines?$filter=healthStatus", false,
     true, true, LogonSource::automatic, 2},
    {"network", "network", "DeviceNetworkInfo", true, true, false},
    {"alerts", "alerts", "GET /defender/api/alerts", true, true, true, LogonSource::automatic, 2},
    {"users by API", "users", "/logonusers", true, true, true, LogonSource::api, 2},
    {"users by DeviceInfo", "users", "\"DeviceInfo |", true, true, false, LogonSource::hunting},
    {"users by logon events", "users", "DeviceLogonEvents", true, true, false,
     LogonSource::hunting},
    {"software", "vulnerabilities", "DeviceTvmSoftwareVulnerabilities |", true, true, false},
    {"knowledge base", "knowledge_base", "DeviceTvmSoftwareVulnerabilitiesKB |", true, true,
     false}};

struct Way {
  const char* name;
  LieKind kind;
  bool of_pages = false;
};

const std::vector<Way> ways{{"empty", LieKind::empty},
                            {"a part", LieKind::part},
                            {"a page twice", LieKind::repeat},
                            {"small pages", LieKind::small_pages, true},
                            {"short pages", LieKind::short_pages, true},
                            {"gaps", LieKind::gap, true},
                            {"a circle", LieKind::circle, true},
                            {"another host", LieKind::elsewhere, true},
                            {"no end", LieKind::endless, true}};

struct Point {
  const Dataset* dataset;
  const Way* way;
  bool full;
  bool above_the_limit;
};

std::string describe(const Point& point) {
  return std::string(point.dataset->label) + ": " + point.way->name +
         (point.full ? ", full" : ", incremental") +
         (point.above_the_limit ? ", above the limit" : ", below the limit");
}

std::vector<Point> all_points() {
  std::vector<Point> out;
  for (const Dataset& dataset : datasets)
    for (const Way& way : ways)
      for (const bool full : {true, false})
        for (const bool above : {false, true}) {
          if (way.of_pages && !dataset.paged) continue;
          if (full ? dataset.in_full : dataset.in_incremental)
            out.push_back({&dataset, &way, full, above});
        }
  return out;
}

/// The lies that nobody can tell from the truth and that have no second question behind them:
/// edges, and in a full import the vertices that only they kept.
std::set<std::string> lost_below_the_limit(const Point& point) {
  if (point.above_the_limit) return {};
  const std::string label = point.dataset->label;
  const LieKind kind = point.way->kind;
  const bool shorter = kind == LieKind::part || kind == LieKind::short_pages;
  // An adapter of a report that is left out looks unplugged, in a window as well.
  if (label == "network" && shorter)
    return {"asset_ipaddress", "asset_macaddress", "ipaddress_macaddress", "ipaddress",
            "macaddress"};
  if (label == "alerts" && point.full && shorter) return {"asset_vulnerability", "vulnerability"};
  // Of a single machine an empty answer is an ordinary one; so is one with another machine's users.
  const bool users_less = shorter || kind == LieKind::empty || kind == LieKind::repeat;
  if ((label == "users by API" && users_less) ||
      (label == "users by logon events" && (shorter || kind == LieKind::empty)))
    return {"asset_user", "user_hostname", "user"};
  if (label == "software" && shorter)
    return {"asset_application", "asset_vulnerability", "application_vulnerability", "application",
            "vulnerability"};
  return {};
}

/// Another host, that nothing may ever come to.
class OtherHost {
 public:
  OtherHost()
      : server_(0, [this](simulator::Call&) {
          ++calls_;
          return simulator::Delivery{};
        }) {}
  std::string url() const { return server_.url(); }
  int calls() const { return calls_; }

 private:
  std::atomic<int> calls_ = 0;
  simulator::HttpServer server_;
};

/// Whether the dataset itself was marked: then the next run needs no telling.
bool noticed(const RunReport& report, const std::string& name) {
  for (const auto& dataset : report.datasets)
    if (dataset.name == name) return dataset.state != defender_car::DatasetState::complete;
  return true;  // the run did not come so far
}

void check_end_of(const RunReport& report) {
  static const std::set<ErrorKind> documented{ErrorKind::guard, ErrorKind::defender,
                                              ErrorKind::bad_data, ErrorKind::forbidden};
  if (report.failure) CHECK(documented.contains(*report.failure));
}

void try_point(const Point& point) {
  INFO(describe(point));
  tally().begin_point();
  Scenario scenario;
  scenario.seed = 7;
  scenario.machines = 24;
  scenario.logon = point.dataset->logon;
  const std::unique_ptr<Harness> harness = lying::some_hours_on(scenario);
  OtherHost other_host;
  const auto limits = harness->settings();
  if (point.above_the_limit)
    harness->settings().max_deletes = harness->settings().max_disables = {.count = 0};
  harness->settings().defender_limits.page_cap = 30;
  harness->settings().mode = point.full ? Mode::full : Mode::automatic;
  harness->simulator().with_defender([&](auto& defender) {
    defender.lies().tell({.kind = point.way->kind,
                          .match = point.dataset->match,
                          .count = point.way->kind == LieKind::repeat ? 2 : 1'000'000,
                          .page_size = point.dataset->page_size,
                          .host = other_host.url()});
  });

  const RunReport disturbed = harness->disturbed_sync();
  INFO(e2e::describe(disturbed));
  size_t told = 0;
  harness->simulator().with_defender([&](auto& defender) { told = defender.lies().told(); });
  if (told > 0) tally().survived();
  const std::set<std::string> lost = lost_below_the_limit(point);
  CHECK(lying::wrong_removals(*harness, lost) == "");
  CHECK(other_host.calls() == 0);
  check_end_of(disturbed);
  const bool leads_astray = point.way->kind == LieKind::circle ||
                            point.way->kind == LieKind::elsewhere ||
                            point.way->kind == LieKind::endless;
  if (leads_astray && told > 0) CHECK(disturbed.failure);

  lying::tell_the_truth(*harness);
  harness->settings() = limits;
  // New alerts are taken from an incomplete reading as well; invented ones no window takes back.
  const bool invented =
      point.way->kind == LieKind::endless && std::string(point.dataset->name) == "alerts";
  lying::check_convergence(*harness, invented || !noticed(disturbed, point.dataset->name), lost);
}

}  // namespace

TEST_CASE("Each dataset in each lying way", "[lies]") {
  const std::vector<Point> points = all_points();
  for (const size_t at : sweep::points(points.size(), 25)) {
    INFO("point " << at << " of " << points.size());
    try_point(points[at]);
  }
}
