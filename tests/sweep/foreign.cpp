// Every answer with one foreign element: each list that Defender or Graph answers with in a first,
// a full and an incremental run, whatever way they are read, has one element that is no record, or
// comes by half with an error beside it.
//
// During it nothing is taken from CAR that Defender still derives. It is no failure, but the
// dataset says what came. The run after it ends as the oracle says, and the one after that sends
// nothing.
#include <catch2/catch.hpp>

#include "harness.h"
#include "lies.h"
#include "sweep.h"

using namespace e2e;
using defender_car::LogonSource;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::Lie;
using simulator::LieKind;

namespace {

struct Foreign {
  LieKind kind;
  const char* json;
};

const std::vector<Foreign> foreigns{
    {LieKind::foreign, "null"},
    {LieKind::foreign, "\"a text\""},
    {LieKind::foreign, "17"},
    {LieKind::foreign, R"([{"id":"x"}])"},
    {LieKind::beside, R"({"code":"PartialError","message":"a part did not answer"})"}};

enum class Moment { first, full, incremental };

struct Way {
  Source source;
  LogonSource logon;
};

const std::vector<Way> ways{{Source::graph, LogonSource::automatic},
                            {Source::retiring, LogonSource::hunting},
                            {Source::graph, LogonSource::hunting},
                            {Source::export_chosen, LogonSource::api},
                            {Source::export_only, LogonSource::api}};

struct Point {
  const Way* way;
  Moment moment;
  int answer;  // the number of the request to Defender or Graph
  const Foreign* foreign;
};

/// No machine leaves the list meanwhile: whether such a one still counts depends on which runs read
/// everything. Small pages, so that each list has several.
std::unique_ptr<Harness> before(const Way& way, Moment moment) {
  Scenario scenario;
  scenario.seed = 51;
  scenario.machines = 14;
  scenario.identity = oracle::Identity::account;
  scenario.source = way.source;
  scenario.logon = way.logon;
  auto harness = std::make_unique<Harness>(scenario);
  // Left to itself the engine would go over to the retiring hunting where Graph refuses.
  if (way.source == Source::graph)
    harness->settings().hunting_api = defender_car::HuntingApi::graph;
  harness->settings().defender_limits.page_size = 9;
  if (moment == Moment::first) return harness;
  REQUIRE_FALSE(harness->sync(Reading::full).failure);
  harness->simulator().live(48);
  if (moment == Moment::full) harness->settings().mode = Mode::full;
  return harness;
}

int answers_of(const Way& way, Moment moment) {
  const std::unique_ptr<Harness> harness = before(way, moment);
  const size_t made_before = harness->simulator().requests().size();
  REQUIRE_FALSE(harness->sync_either_way().failure);
  const auto requests = harness->simulator().requests();
  const size_t begin = requests.size() > made_before ? made_before : 0;
  return static_cast<int>(std::count_if(
      requests.begin() + static_cast<std::ptrdiff_t>(begin), requests.end(),
      [](const auto& one) { return one.service == "defender" || one.service == "graph"; }));
}

std::vector<Point> all_points() {
  std::vector<Point> out;
  for (const Way& way : ways)
    for (const Moment moment : {Moment::first, Moment::full, Moment::incremental}) {
      const int answers = answers_of(way, moment);
      for (int answer = 0; answer < answers; ++answer)
        for (const Foreign& foreign : foreigns) out.push_back({&way, moment, answer, &foreign});
    }
  return out;
}

std::string describe(const Point& point) {
  static constexpr std::array moments{"first", "full", "incremental"};
  Scenario scenario;
  scenario.source = point.way->source;
  scenario.logon = point.way->logon;
  return e2e::describe(scenario) + ", " + moments[static_cast<size_t>(point.moment)] +
         " run, answer " + std::to_string(point.answer) + ": " + point.foreign->json;
}

size_t lies_told(Harness& harness) {
  size_t told = 0;
  harness.simulator().with_defender([&](auto& defender) { told = defender.lies().told(); });
  return told;
}

/// The dataset says so, a warning repeats it, and it is no failure.
void check_told(const RunReport& report, const Foreign& foreign) {
  const std::string words = foreign.kind == LieKind::beside ? "PartialError: a part did not answer"
                                                            : "an element of its list is no record";
  const auto has_words = [&](const std::string& text) {
    return text.find(words) != std::string::npos;
  };
  CHECK_FALSE(report.failure);
  CHECK(report.outcome == defender_car::RunOutcome::partial);
  CHECK(std::any_of(report.warnings.begin(), report.warnings.end(), has_words));
  CHECK(std::any_of(report.datasets.begin(), report.datasets.end(), [&](const auto& one) {
    return one.state == defender_car::DatasetState::incomplete && has_words(one.problem);
  }));
}

void check_next_runs(Harness& harness, sweep::Tally& tally) {
  harness.settings().mode = Mode::automatic;
  const RunReport next = harness.sync_either_way();
  INFO("then " << e2e::describe(next));
  const std::string differences = joined(harness.differences());
  CHECK_FALSE(next.failure);
  CHECK(next.outcome == defender_car::RunOutcome::done);
  CHECK(differences == "");
  if (next.failure || !differences.empty()) tally.not_converged();
  const RunReport quiet = harness.sync_either_way();
  INFO("and then " << e2e::describe(quiet));
  CHECK_FALSE(quiet.failure);
  CHECK(joined(harness.writes_to_car()) == "");
}

void try_point(const Point& point, sweep::Tally& tally) {
  INFO(describe(point));
  const std::unique_ptr<Harness> harness = before(*point.way, point.moment);
  harness->simulator().with_defender([&](auto& defender) {
    defender.lies().tell({.kind = point.foreign->kind,
                          .match = "",
                          .skip = point.answer,
                          .count = 1,
                          .json = point.foreign->json});
  });
  const RunReport report = harness->disturbed_sync();
  INFO(e2e::describe(report));
  if (lies_told(*harness) > 0) {  // else that answer was no list
    tally.survived();
    check_told(report, *point.foreign);
  }
  harness->simulator().with_defender([](auto& defender) { defender.lies().stop(); });
  check_next_runs(*harness, tally);
  CHECK(joined(harness->violations()) == "");
  tally.wrong_removals(harness->violations().size());
}

}  // namespace

TEST_CASE("Every answer with one foreign element") {
  sweep::Tally tally("foreign elements");
  const std::vector<Point> all = all_points();
  for (const size_t at : sweep::points(all.size(), 47)) {
    INFO("point " << at << " of " << all.size());
    tally.begin_point();
    try_point(all[at], tally);
  }
}
