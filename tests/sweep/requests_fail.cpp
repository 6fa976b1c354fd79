// The i-th request fails: every request of a first, a full and an incremental run, whatever service
// it goes to, in every way, once and from there on for ever.
//
// During it nothing is taken from CAR that Defender still derives, and the run ends in a kind of
// failure that belongs to the trouble. The run after it ends as the oracle says, and the one after
// that sends nothing.
#include <catch2/catch.hpp>

#include "harness.h"
#include "said.h"
#include "sweep.h"
#include "text.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::Fault;
using simulator::FaultKind;
using simulator::RequestRecord;

namespace {

constexpr int limit_ms = 300;             // of the client, where an answer does not come or end
constexpr int beyond_ms = limit_ms + 30;  // late enough for another try, while the run goes on
constexpr const char* a_date = "a second on";  // of Retry-After, by the simulator's clock

enum class Reach { once, route, host };

enum class Sort {
  connection,  // no answer, or half of one
  limit,       // one that does not come or end in time; ordinary requests may be hit as well
  refused,     // nobody is reached any more
  passing,     // a status that asks for another try
  lasting,     // a status that stands
  content,     // an answer that cannot be read
};

struct Trouble {
  std::string name;
  Sort sort;
  Fault fault;
  Reach reach;
  std::set<ErrorKind> kinds;  // of Defender's failures
};

Fault status(int number, std::string retry_after = "") {
  return {.status = number, .retry_after = std::move(retry_after)};
}
Fault broken(FaultKind kind, int ms = 0) { return {.kind = kind, .stall_ms = ms}; }

/// Each once and lasting. A failure of user lists is always one of kind `defender`.
std::vector<Trouble> all_troubles() {
  const std::set<ErrorKind> unreachable{ErrorKind::unreachable, ErrorKind::defender};
  const std::set<ErrorKind> unreadable{ErrorKind::bad_data, ErrorKind::defender};
  const std::set<ErrorKind> failed{ErrorKind::defender};
  std::vector<Trouble> out;
  const auto add = [&](const std::string& name, Sort sort, const Fault& fault,
                       const std::set<ErrorKind>& kinds, Reach lasting = Reach::route) {
    out.push_back({name + " once", sort, fault, Reach::once, kinds});
    out.push_back({name + " from there on", sort, fault, lasting, kinds});
  };
  add("refused", Sort::refused, broken(FaultKind::refused, 2), unreachable, Reach::host);
  out.back().fault.stall_ms = 60'000;
  add("reset before", Sort::connection, broken(FaultKind::reset_before), unreachable);
  add("reset after", Sort::connection, broken(FaultKind::reset_after), unreachable);
  add("truncated", Sort::connection, broken(FaultKind::truncated), unreachable);
  add("length too large", Sort::connection, broken(FaultKind::wrong_length), unreachable);
  add("stalled before", Sort::limit, broken(FaultKind::stall, beyond_ms), unreachable);
  add("stalled after", Sort::limit, broken(FaultKind::slow_answer, beyond_ms), unreachable);
  add("dripping", Sort::limit, broken(FaultKind::drip), unreachable);
  add("length too small", Sort::content, broken(FaultKind::excess), unreadable);
  add("a byte short", Sort::content, broken(FaultKind::short_length), unreadable);
  add("HTML", Sort::content, broken(FaultKind::html200), unreadable);
  add("malformed JSON", Sort::content, broken(FaultKind::malformed_json), unreadable);
  add("empty JSON", Sort::content, broken(FaultKind::empty_json), unreadable);
  add("empty body", Sort::content, broken(FaultKind::empty_body), unreadable);
  for (const int number : {408, 500, 502, 503, 504})
    add(std::to_string(number), Sort::passing, status(number), failed);
  add("429", Sort::passing, status(429), failed);
  add("429, seconds", Sort::passing, status(429, "1"), failed);
  add("429, a date", Sort::passing, status(429, a_date), failed);
  add("400", Sort::lasting, status(400), {ErrorKind::invalid_parameter, ErrorKind::defender});
  add("401", Sort::lasting, status(401), {ErrorKind::authentication, ErrorKind::defender},
      Reach::host);
  add("403", Sort::lasting, status(403), {ErrorKind::forbidden, ErrorKind::defender});
  add("404", Sort::lasting, status(404), {ErrorKind::forbidden, ErrorKind::defender});
  return out;
}

enum class Kind { first, full, incremental };
constexpr std::array kinds{Kind::first, Kind::full, Kind::incremental};
const char* name_of(Kind kind) {
  return kind == Kind::first ? "first" : kind == Kind::full ? "full" : "incremental";
}

/// Of this tenant a run imports, touches, disables and deletes (checked below), and no machine has
/// left the list: whether such a one still counts depends on which runs read everything.
constexpr uint64_t tenant_seed = 51;
constexpr int hours = 48;

std::unique_ptr<Harness> before(Kind kind) {
  Scenario scenario;
  scenario.seed = tenant_seed;
  scenario.machines = 14;
  scenario.identity = oracle::Identity::account;  // not what is taken where no schema says so
  auto harness = std::make_unique<Harness>(scenario);
  // Left to itself the engine would go over to the retiring hunting where Graph refuses.
  harness->settings().hunting_api = defender_car::HuntingApi::graph;
  if (kind == Kind::first) return harness;
  REQUIRE_FALSE(harness->sync(Reading::full).failure);
  harness->simulator().live(hours);
  if (kind == Kind::full) harness->settings().mode = Mode::full;
  return harness;
}

std::vector<RequestRecord> requests_of(Kind kind) {
  const std::unique_ptr<Harness> harness = before(kind);
  REQUIRE_FALSE(harness->sync_either_way().failure);
  REQUIRE(harness->simulator().tenant().retired.empty());
  return harness->simulator().requests();
}

/// A piece of "METHOD /path?query" that all requests of the same kind hold.
std::string route_of(const RequestRecord& request) {
  if (request.target.find("/logonusers") != std::string::npos) return "/logonusers";
  std::string path = request.target.substr(0, request.target.find('?'));
  if (const size_t job = path.find("/jobstatus/"); job != std::string::npos) path.resize(job + 11);
  return request.method + " /" + request.service + path;
}

/// CAR answers a PATCH or DELETE so that was carried out, or that found nothing. Only a full
/// import, which reports everything, makes good what was never done.
bool looks_done(const RequestRecord& request, const Trouble& trouble) {
  if (request.service != "car" || (request.method != "PATCH" && request.method != "DELETE"))
    return false;
  const FaultKind kind = trouble.fault.kind;
  return kind == FaultKind::empty_json || kind == FaultKind::empty_body ||
         (kind == FaultKind::status && trouble.fault.status == 404);
}

Fault aimed(const Trouble& trouble, const RequestRecord& request, int number, int64_t now_ms) {
  Fault fault = trouble.fault;
  if (fault.retry_after == a_date) fault.retry_after = simulator::http_date(now_ms + 1000);
  fault.after = number;
  if (trouble.reach == Reach::once) fault.count = 1;
  if (trouble.reach == Reach::route) fault.match = route_of(request);
  if (trouble.reach == Reach::host && trouble.sort != Sort::refused)
    fault.match = "/" + request.service + "/";
  return fault;
}

void check_failure(const RequestRecord& request, const Trouble& trouble, const RunReport& report) {
  const bool may_be_car =
      request.service == "car" || trouble.sort == Sort::refused || trouble.sort == Sort::limit;
  const bool may_be_defender =
      request.service != "car" || trouble.sort == Sort::refused || trouble.sort == Sort::limit;
  if (report.failure) {
    const bool of_car = *report.failure == ErrorKind::car_recoverable ||
                        *report.failure == ErrorKind::car_unrecoverable;
    CHECK(((may_be_car && of_car) || (may_be_defender && trouble.kinds.contains(*report.failure))));
  }
  // How many assets CAR holds is asked for a guard that does without where there is no answer.
  const bool dispensable = request.target.find("/v3/query") != std::string::npos;
  // The users of a few machines are these machines' own matter: those that are asked last.
  const bool of_one_machine = request.target.find("/logonusers") != std::string::npos;
  if (trouble.reach != Reach::once && trouble.sort != Sort::content &&
      trouble.sort != Sort::lasting && !dispensable && !of_one_machine)
    CHECK(report.failure);
  // The begin of a session is asked for once: see there. An end that was carried out without an
  // answer is not found by the next try, and the next run is full.
  const bool of_session = request.target.find("/full-import-in-progress") != std::string::npos;
  if (trouble.reach == Reach::once && !of_session &&
      (trouble.sort == Sort::passing || trouble.sort == Sort::connection))
    CHECK_FALSE(report.failure);
}

RunReport run_with(Harness& harness, const Trouble& trouble) {
  const auto usual = harness.http_options();
  if (trouble.sort == Sort::limit) {
    harness.http_options().longest_try_ms = limit_ms;
    harness.http_options().stall_ms = limit_ms;
  }
  // Longer than that is not waited for.
  if (trouble.reach != Reach::once) harness.http_options().retry.longest_retry_after_ms = 500;
  const RunReport report = harness.disturbed_sync();
  harness.http_options() = usual;
  harness.simulator().clear_faults();
  harness.simulator().wait_until_idle();  // the last of those that stalled has been carried out
  return report;
}

void check_next_runs(Harness& harness, bool everything, sweep::Tally& tally) {
  harness.settings().mode = everything ? Mode::full : Mode::automatic;
  const RunReport next = harness.sync_either_way();
  INFO("then " << describe(next));
  const std::vector<std::string> wrong = harness.differences();
  CHECK_FALSE(next.failure);
  CHECK(joined(wrong) == "");
  if (next.failure || !wrong.empty()) tally.not_converged();
  harness.settings().mode = Mode::automatic;
  const RunReport quiet = harness.sync_either_way();
  INFO("and then " << describe(quiet));
  CHECK_FALSE(quiet.failure);
  CHECK(joined(harness.writes_to_car()) == "");
}

void try_point(Kind kind, const std::vector<RequestRecord>& requests, int number,
               const Trouble& trouble, sweep::Tally& tally) {
  const RequestRecord& request = requests[static_cast<size_t>(number)];
  INFO(name_of(kind) << " run, request " << number << ", " << request.method << " "
                     << request.service << request.target << ": " << trouble.name);
  const std::unique_ptr<Harness> harness = before(kind);
  harness->simulator().add_fault(aimed(trouble, request, number, harness->simulator().now_ms()));
  const RunReport report = run_with(*harness, trouble);
  INFO(describe(report));
  CHECK(harness->simulator().faults_struck() > 0);
  check_failure(request, trouble, report);
  // What CAR refused comes again by a full import, else not before a day has gone by.
  const bool everything =
      looks_done(request, trouble) || has_refused(harness->settings().working_dir / "state.db");
  check_next_runs(*harness, everything, tally);
  CHECK(joined(harness->violations()) == "");
  tally.wrong_removals(harness->violations().size());
  if (harness->simulator().faults_struck() > 0) tally.survived();
}

}  // namespace

TEST_CASE("The tenant of this sweep makes a run do everything that a run can do") {
  const auto requests = requests_of(Kind::incremental);
  const auto asked_for = [&](const std::string& route, const std::string& query) {
    return std::any_of(requests.begin(), requests.end(), [&](const RequestRecord& request) {
      return route_of(request).find(route) != std::string::npos &&
             request.target.find(query) != std::string::npos;
    });
  };
  CHECK(asked_for("POST /car/api/car/v2/imports", ""));
  CHECK(asked_for("PATCH /car/api/car/v2/asset_ipaddress", ""));
  CHECK(asked_for("PATCH /car/api/car/v2/asset_vulnerability", ""));
  CHECK(asked_for("DELETE /car/api/car/v2/source/", "/asset?external_ids="));
}

TEST_CASE("A session that is begun once more, late, forgets nothing that was reported") {
  const std::unique_ptr<Harness> harness = before(Kind::full);
  harness->http_options().longest_try_ms = limit_ms;
  // Jobs that take their time, so that the late one comes while the run goes on.
  harness->simulator().with_car([](simulator::CarService& car) { car.options().job_polls = 20; });
  harness->simulator().add_fault({.match = "POST /car/api/car/v2/source/",
                                  .kind = FaultKind::stall,
                                  .count = 1,
                                  .stall_ms = limit_ms + 350});
  const RunReport report = harness->disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == ErrorKind::car_recoverable);
  CHECK(joined(harness->violations()) == "");
}

TEST_CASE("A PATCH that got half an answer is not taken for done") {
  const std::unique_ptr<Harness> harness = before(Kind::incremental);
  harness->simulator().add_fault(
      {.match = "PATCH /car/api/car/v2/asset_ipaddress", .kind = FaultKind::malformed_json});
  const RunReport report = harness->disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == ErrorKind::car_recoverable);
  harness->simulator().clear_faults();
  CHECK_FALSE(harness->sync(Reading::incremental).failure);
  CHECK(joined(harness->differences()) == "");
}

TEST_CASE("Alerts that were not found at first are read whole by the next run") {
  const std::unique_ptr<Harness> harness = before(Kind::first);
  harness->simulator().add_fault({.match = "GET /defender/api/alerts", .status = 404});
  harness->disturbed_sync();
  harness->simulator().clear_faults();
  CHECK_FALSE(harness->sync_either_way().failure);
  CHECK(joined(harness->differences()) == "");
}

namespace {

struct Point {
  Kind kind;
  int number;
  const Trouble* trouble;
};

/// A trouble that lasts is tried from the first and from the last request of a route on: between
/// them it strikes the same requests.
std::vector<Point> points_of(Kind kind, const std::vector<RequestRecord>& requests,
                             const std::vector<Trouble>& troubles) {
  std::map<std::string, std::pair<size_t, size_t>> ends;
  for (size_t at = 0; at < requests.size(); ++at)
    ends.try_emplace(route_of(requests[at]), at, at).first->second.second = at;
  std::vector<Point> out;
  for (size_t at = 0; at < requests.size(); ++at) {
    const auto& [first, last] = ends.at(route_of(requests[at]));
    for (const Trouble& trouble : troubles)
      if (trouble.reach == Reach::once || at == first || at == last)
        out.push_back({kind, static_cast<int>(at), &trouble});
  }
  return out;
}

}  // namespace

TEST_CASE("The i-th request fails") {
  sweep::Tally tally("the i-th request fails");
  const std::vector<Trouble> troubles = all_troubles();
  std::map<Kind, std::vector<RequestRecord>> requests;
  std::vector<Point> all;
  for (const Kind kind : kinds) {
    requests[kind] = requests_of(kind);
    for (const Point& point : points_of(kind, requests[kind], troubles)) all.push_back(point);
  }
  for (const size_t at : sweep::points(all.size(), 40)) {
    const Point& point = all[at];
    INFO("point " << at);
    tally.begin_point();
    try_point(point.kind, requests[point.kind], point.number, *point.trouble, tally);
  }
  CHECK(tally.faults_survived() == tally.tried());
}
