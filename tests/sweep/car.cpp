// CAR misbehaves (issue "Never wrong", sweep 6): whatever it does to the i-th job, PATCH, import or
// answer, nothing is removed wrongly, the run ends in a documented way, a calm one converges, and
// the one after it sends nothing.
#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "harness.h"
#include "sweep.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::RunMode;
using defender_car::RunReport;
using simulator::CarService;
using simulator::Fault;
using simulator::FaultKind;
using simulator::JobFate;
using simulator::JobFault;

namespace {

constexpr const char* kSource = "Microsoft-Windows-Defender-ATP";

sweep::Tally& tally() {
  static sweep::Tally one("CAR misbehaves");
  return one;
}

/// Which run CAR disturbs.
enum class Setup { first, full, incremental };
constexpr Setup kSetups[] = {Setup::first, Setup::full, Setup::incremental};

const char* name_of(Setup setup) {
  return setup == Setup::first ? "first" : setup == Setup::full ? "full" : "incremental";
}

/// A tenant in which no device has left the list: an incremental run cannot know of those.
uint64_t good_seed() {
  static const uint64_t found = [] {
    for (uint64_t seed = 1;; ++seed) {
      Scenario scenario;
      scenario.seed = seed;
      scenario.machines = 16;
      Harness harness(scenario);
      harness.simulator().live(41);
      if (harness.simulator().tenant().retired.empty()) return seed;
    }
  }();
  return found;
}

std::unique_ptr<Harness> set_up(Setup setup, bool account_model = false) {
  Scenario scenario;
  scenario.seed = good_seed();
  scenario.machines = 16;
  scenario.identity = account_model ? oracle::Identity::account : oracle::Identity::user;
  auto harness = std::make_unique<Harness>(scenario);
  harness->settings().car.job_time_limit_ms = 60;
  if (setup == Setup::first) return harness;
  REQUIRE_FALSE(harness->sync(Reading::full).failure);
  harness->simulator().live(40);
  harness->simulator().with_tenant([](simulator::Tenant& tenant) { tenant.touch(8); });
  if (setup == Setup::full) harness->settings().mode = Mode::full;
  return harness;
}

bool is_documented(const RunReport& report) {
  return !report.failure || *report.failure == ErrorKind::car_recoverable ||
         *report.failure == ErrorKind::car_unrecoverable;
}

/// Nothing wrong is held, and what is missing is what was set aside.
bool lacks_only(const std::vector<std::string>& differences) {
  for (const std::string& line : differences)
    if (line.starts_with("unexpected")) return false;
  return true;
}

struct Trial {
  std::function<void(Harness&)> disturb;
  std::function<void(Harness&)> heal = [](Harness&) {};
  bool lives_on = false;  // the tenant, in between
};

/// The disturbed run, then calm ones.
RunReport check(Harness& harness, const Trial& trial) {
  tally().begin_point();
  trial.disturb(harness);
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK(is_documented(report));
  harness.simulator().clear_faults();
  harness.simulator().with_car([](CarService& car) { car.options().job_fault.reset(); });
  trial.heal(harness);
  if (trial.lives_on) harness.simulator().live(1);
  harness.settings().mode = Mode::automatic;
  const RunReport next = harness.sync_either_way();
  INFO("then " << describe(next));
  CHECK_FALSE(next.failure);
  if (report.failure == ErrorKind::car_unrecoverable) CHECK(next.mode == RunMode::full);
  const auto differences = harness.differences();
  const bool converged =
      report.set_aside + next.set_aside > 0 ? lacks_only(differences) : differences.empty();
  CHECK(joined(harness.violations()) == "");
  INFO(joined(differences));
  CHECK(converged);
  const RunReport quiet = harness.sync_either_way();
  INFO("at last " << describe(quiet));
  CHECK(joined(harness.writes_to_car()) == "");
  tally().survived();
  tally().wrong_removals(harness.violations().size());
  if (!converged) tally().not_converged();
  return report;
}

/// How many requests that hold `text` an undisturbed run of this setup makes.
size_t count_requests(Setup setup, const std::string& text) {
  static std::map<std::pair<Setup, std::string>, size_t> known;
  const auto [at, is_new] = known.try_emplace({setup, text}, 0);
  if (!is_new) return at->second;
  const auto harness = set_up(setup);
  harness->sync_either_way();
  for (const auto& request : harness->simulator().requests()) {
    const std::string line = request.method + " /" + request.service + request.target;
    if (line.find(text) != std::string::npos) ++at->second;
  }
  return at->second;
}

/// One in eight of what is not swept by its own number, all at full length.
bool next_in_sample() {
  static size_t count = 0;
  return sweep::full_length() || count++ % 8 == 0;
}

constexpr const char* kImports = "POST /car/api/car/v2/imports";

Fault answer(std::string match, int status, std::string body, int skip = 0, int count = 1) {
  return {.match = std::move(match),
          .kind = FaultKind::status,
          .skip = skip,
          .count = count,
          .status = status,
          .body = std::move(body)};
}

}  // namespace

TEST_CASE("The i-th import job fails, is lost, never ends or is named oddly", "[car]") {
  const std::pair<JobFate, const char*> fates[] = {
      {JobFate::fails, "fails"},
      {JobFate::fails_by_server, "fails by server"},
      {JobFate::fails_wordless, "names no record"},
      {JobFate::fails_with_zero, "fails with 0"},
      {JobFate::fails_with_text, "fails with a text"},
      {JobFate::fails_codeless, "fails without a code"},
      {JobFate::lost, "lost"},
      {JobFate::lost_applied, "lost, applied"},
      {JobFate::never_ends, "never ends"},
      {JobFate::named_twice, "named twice"},
      {JobFate::named_nowhere, "named nowhere"}};
  for (const Setup setup : kSetups) {
    for (const auto& [fate, name] : fates) {
      for (const size_t i : sweep::points(count_requests(setup, kImports), 5)) {
        for (const size_t count : {size_t{1}, size_t{1000}}) {
          if (!next_in_sample()) continue;
          INFO(name_of(setup) << ", job " << i << " " << name << " x " << count);
          const JobFault job_fault{fate, i, count};
          const auto harness = set_up(setup, i % 2 == 1);
          check(*harness, {.disturb =
                               [&](Harness& h) {
                                 h.simulator().with_car(
                                     [&](CarService& car) { car.options().job_fault = job_fault; });
                               },
                           .lives_on = i % 3 == 0});
        }
      }
    }
  }
}

TEST_CASE("The i-th import is refused for size or as malformed", "[car]") {
  constexpr const char* kMalformed =
      R"({"errors":[{"code":"data_mal_formed","message":"odd"}],"trace":""})";
  for (const Setup setup : kSetups)
    for (const int status : {413, 400})
      for (const size_t i : sweep::points(count_requests(setup, kImports), 2)) {
        INFO(name_of(setup) << ", import " << i << " answers " << status);
        const auto harness = set_up(setup, i % 2 == 1);
        check(*harness, {.disturb =
                             [&](Harness& h) {
                               h.simulator().add_fault(
                                   answer(kImports, status, kMalformed, static_cast<int>(i)));
                             },
                         .lives_on = i % 2 == 0});
      }
}

TEST_CASE("The i-th PATCH answers 404", "[car]") {
  const size_t patches = count_requests(Setup::incremental, "&from=");
  REQUIRE(patches > 0);
  for (const size_t i : sweep::points(patches, 4)) {
    INFO("patch " << i);
    const auto harness = set_up(Setup::incremental);
    // CAR has lost the edge: what it answers is true.
    tally().begin_point();
    harness->simulator().set_removal_watch({});
    harness->simulator().add_fault(answer("&from=", 404, "", static_cast<int>(i), 2));
    const RunReport report = harness->disturbed_sync();
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    harness->simulator().clear_faults();
    // The fault lied about edges that CAR still holds; a full import is what sets that right.
    harness->settings().mode = Mode::full;
    CHECK_FALSE(harness->sync(Reading::full).failure);
    CHECK(joined(harness->violations()) == "");
    CHECK(joined(harness->differences()) == "");
    tally().survived();
    tally().wrong_removals(harness->violations().size());
    if (!harness->differences().empty()) tally().not_converged();
  }
}

TEST_CASE("An answer that cannot be read is never taken for done", "[car]") {
  const char* calls[] = {"GET /car/api/car/v2/importstatus",
                         "GET /car/api/car/v2/jobstatus",
                         "GET /car/api/car/v2/source/",
                         "GET /car/api/car/v2/databases",
                         "POST /car/api/car/v2/imports",
                         "PATCH /car/api/car/v2/source",
                         "&from=",
                         "full-import-in-progress"};
  const std::pair<int, const char*> answers[] = {
      {200, "<html>sign in</html>"},
      {200, "\n  <!DOCTYPE html><html>sign in</html>"},
      {200, R"({"complete_imports":[{"id")"},
      {200, R"({"other":[]})"},
      {200, R"({"complete_imports":"yes","status":7,"id":null,"job_id":[],"databases":{}})"},
      {500, ""},
      {404, ""},
      {401, ""}};
  for (const Setup setup : kSetups)
    for (const char* call : calls) {
      const size_t requests = count_requests(setup, call);
      for (const auto& [status, body] : answers)
        for (const size_t i : sweep::points(requests, 1)) {
          // These mean what they say: no save point, no such edge (above), saved.
          const bool is_true =
              (std::string_view(call).find("GET /car/api/car/v2/source/") == 0 && status == 404) ||
              (std::string_view(call) == "&from=" && (status == 404 || body[0] == '{'));
          const bool saved = std::string_view(call).find("PATCH") == 0 && body[0] == '{';
          if (is_true || saved || !next_in_sample()) continue;
          INFO(name_of(setup) << ", " << call << " number " << i << ": " << status << " " << body);
          const Fault fault = answer(call, status, body, static_cast<int>(i), 3);
          const auto harness = set_up(setup);
          check(*harness, {.disturb = [&](Harness& h) { h.simulator().add_fault(fault); },
                           .lives_on = i % 2 == 1});
        }
    }
}

TEST_CASE("The i-th call is answered by a 404 of somebody else's", "[car]") {
  for (const Setup setup : kSetups)
    for (const char* call : {"GET /car/api/car/v2/importstatus", "GET /car/api/car/v2/jobstatus",
                             "GET /car/api/car/v2/source/", "GET /car/api/car/v2/databases",
                             "GET /car/api/car/v3/importSchema", "POST /car/api/car/v3/query",
                             "POST /car/api/car/v2/imports", "PATCH /car/api/car/v2/source",
                             "&from=", "full-import-in-progress", "asset?external_ids="})
      for (const char* body : {"<html>not here</html>", "404 page not found", " ", "[]", "{}"})
        for (const size_t i : sweep::points(count_requests(setup, call), 1)) {
          if (!next_in_sample()) continue;
          INFO(name_of(setup) << ", " << call << " number " << i << ": " << body);
          const Fault fault = answer(call, 404, body, static_cast<int>(i), 3);
          const auto harness = set_up(setup);
          const RunReport report =
              check(*harness, {.disturb = [&](Harness& h) { h.simulator().add_fault(fault); },
                               .lives_on = i % 2 == 1});
          CHECK((!report.failure || *report.failure == ErrorKind::car_recoverable));
        }
}

TEST_CASE("The i-th change is refused for good and comes again after a day", "[car]") {
  constexpr const char* kRefusal = R"({"errors":[{"code":"kept","message":"no"}],"trace":""})";
  for (const int status : {400, 405, 409, 410, 422}) {
    const size_t changes = count_requests(Setup::incremental, "&from=");
    for (const size_t i : sweep::points(changes, 2)) {
      INFO("change " << i << " answers " << status);
      tally().begin_point();
      const auto harness = set_up(Setup::incremental);
      harness->simulator().add_fault(answer("&from=", status, kRefusal, static_cast<int>(i)));
      const RunReport report = harness->sync(Reading::incremental);
      INFO(describe(report));
      CHECK_FALSE(report.failure);
      CHECK(report.set_aside == 1);
      CHECK(harness->differences().size() <= 1);
      harness->sync(Reading::incremental);
      CHECK(joined(harness->writes_to_car()) == "");
      harness->simulator().live(25);
      CHECK_FALSE(harness->sync(Reading::incremental).failure);
      CHECK(joined(harness->violations()) == "");
      CHECK(joined(harness->differences()) == "");
      tally().survived();
      tally().wrong_removals(harness->violations().size());
      if (!harness->differences().empty()) tally().not_converged();
    }
  }
}

TEST_CASE("A CAR that was set back or lost its data is filled again", "[car]") {
  for (const bool lost : {true, false})
    for (const bool aggregate : {true, false}) {
      INFO((lost ? "lost its data" : "set back to the save point before"));
      tally().begin_point();
      const auto harness = set_up(Setup::incremental);
      harness->simulator().with_car(
          [&](CarService& car) { car.options().query.knows_aggregate = aggregate; });
      simulator::CarGraph::Sources before;
      harness->simulator().with_car([&](CarService& car) { before = car.graph().backup(); });
      CHECK_FALSE(harness->sync(Reading::incremental).failure);
      harness->simulator().live(1);
      harness->simulator().with_car([&](CarService& car) {
        lost ? car.graph().lose_data(kSource) : car.graph().restore(before);
      });
      const RunReport report = harness->sync(Reading::full);
      INFO(describe(report));
      CHECK_FALSE(report.failure);
      CHECK(report.mode == RunMode::full);
      CHECK(joined(harness->violations()) == "");
      CHECK(joined(harness->differences()) == "");
      tally().survived();
      if (!harness->differences().empty()) tally().not_converged();
    }
}

TEST_CASE("401 with good credentials for a while only postpones", "[car]") {
  for (const Setup setup : kSetups)
    for (const size_t i : sweep::points(count_requests(setup, "/car/"), 3)) {
      INFO(name_of(setup) << ", from request " << i);
      const auto harness = set_up(setup);
      const RunReport report =
          check(*harness,
                {.disturb =
                     [&](Harness& h) {
                       h.simulator().add_fault(answer("/car/", 401, "", static_cast<int>(i), 9));
                     },
                 .lives_on = i % 2 == 0});
      CHECK((!report.failure || *report.failure == ErrorKind::car_recoverable));
    }
}

TEST_CASE("Envelopes are halved until they fit whatever CAR's limit", "[car]") {
  for (const Setup setup : kSetups)
    for (const size_t limit : {1'500U, 2'500U, 8'000U, 40'000U}) {
      INFO(name_of(setup) << ", at most " << limit << " bytes");
      const auto harness = set_up(setup);
      std::string too_large;
      harness->simulator().with_tenant([&](simulator::Tenant& tenant) {
        for (auto& [id, alert] : tenant.alerts) {
          if (alert.status == "Resolved" || !alert.machine_id || !tenant.find(*alert.machine_id))
            continue;
          too_large = id;
          alert.description = std::string(60'000, 'x');
          alert.last_update_ms = tenant.now_ms;
          return;
        }
      });
      REQUIRE_FALSE(too_large.empty());
      const RunReport report = check(*harness, {.disturb = [&](Harness& h) {
        h.simulator().with_car([&](CarService& car) { car.options().max_body = limit; });
      }});
      CHECK_FALSE(report.failure);
      CHECK(report.set_aside == 1);
    }
}

TEST_CASE("A session left open or refused at its end loses nothing", "[car]") {
  for (const Setup setup : kSetups) {
    INFO(name_of(setup) << ", left open");
    const auto harness = set_up(setup);
    check(*harness, {.disturb = [](Harness& h) {
      h.simulator().with_car([](CarService& car) { car.graph().begin_session(kSource); });
    }});
  }
  for (const Setup setup : {Setup::first, Setup::full})
    for (const char* call : {"POST /car/api/car/v2/source/", "DELETE /car/api/car/v2/source/"})
      for (const int status : {302, 400, 403, 404, 405, 409, 429, 500, 501, 503}) {
        if (!next_in_sample()) continue;
        INFO(name_of(setup) << ", " << call << " answers " << status);
        const auto harness = set_up(setup);
        const RunReport report = check(
            *harness,
            {.disturb =
                 [&](Harness& h) { h.simulator().add_fault(answer(call, status, "", 0, 1000)); },
             .lives_on = status % 2 == 1});
        CHECK(report.failure);
      }
}

TEST_CASE("A database that is new, unready or fails to become ready", "[car]") {
  using simulator::DatabaseState;
  for (const DatabaseState state :
       {DatabaseState::absent, DatabaseState::without_graph_name, DatabaseState::without_indexes})
    for (const char* job : {"as usual", R"({"status":"ERROR"})", R"({"status":"INPROGRESS"})"})
      for (const Setup setup : kSetups) {
        if (!next_in_sample()) continue;
        INFO(name_of(setup) << ", state " << static_cast<int>(state) << ", job " << job);
        const auto harness = set_up(setup);
        const bool is_new = state != DatabaseState::without_indexes;
        const RunReport report = check(*harness, {.disturb = [&](Harness& h) {
          h.simulator().with_car([&](CarService& car) {
            if (is_new) car.graph().clear();
            car.options().database = state;
          });
          if (job[0] == '{')
            h.simulator().add_fault(answer("GET /car/api/car/v2/jobstatus", 200, job, 0, 1000));
        }});
        CHECK(report.failure.has_value() == (job[0] == '{'));
        if (!report.failure && is_new) CHECK(report.mode == RunMode::full);
      }
}

TEST_CASE("A foreign save point means full, and at the third in a day a stop", "[car]") {
  tally().begin_point();
  const auto harness = set_up(Setup::incremental);
  const auto write = [&] {
    harness->simulator().with_car(
        [](CarService& car) { car.graph().source(kSource).model_state_id = "4711"; });
  };
  for (int time = 1; time <= 2; ++time) {
    write();
    const RunReport report = harness->sync(Reading::full);
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(report.mode == RunMode::full);
    CHECK(joined(harness->differences()) == "");
  }
  write();
  const RunReport third = harness->disturbed_sync();
  CHECK(third.failure == ErrorKind::guard);
  CHECK(joined(harness->writes_to_car()) == "");
  CHECK(joined(harness->violations()) == "");
  tally().survived();
}

TEST_CASE("A service that changes its mind about addresses is followed", "[car]") {
  const auto harness = set_up(Setup::incremental);
  bool prefixed = false;
  for (int day = 0; day < 4; ++day) {
    tally().begin_point();
    INFO("day " << day);
    const RunReport report = harness->sync(Reading::incremental);
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(joined(harness->differences()) == "");
    if (!harness->differences().empty()) tally().not_converged();
    prefixed = !prefixed;
    harness->simulator().with_car(
        [&](CarService& car) { car.options().prefixed_addresses = prefixed; });
    harness->simulator().live(10);
    tally().survived();
  }
  CHECK(joined(harness->violations()) == "");
}
