// Killed at the n-th request, for every n of every kind of run, each three ways: before the service
// saw it, after it was carried out but before the answer, after the answer. The run is the real
// program, and SIGKILL ends it. The next run converges, at once and after a tick of the tenant; the
// dead one's calls to Defender are counted.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>

#include "killed.h"
#include "program.h"
#include "sweep.h"

using namespace sweep;
using e2e::Harness;
using simulator::RequestStage;

namespace {

constexpr RequestStage stages[] = {RequestStage::arrived, RequestStage::carried_out,
                                   RequestStage::answered};

/// Kills the program when its n-th request has come to a stage. Whatever else of it is under way
/// then is cut off: nothing of a dead run comes late.
class Killer {
 public:
  Killer(Harness& harness, RequestStage stage, std::size_t nth)
      : simulator_(harness.simulator()), stage_(stage), nth_(nth) {
    simulator_.set_request_watch([this](RequestStage at) { return goes_on(at); });
  }
  ~Killer() { simulator_.set_request_watch({}); }
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;

  void aim(pid_t pid) {
    pid_ = pid;
    pid_.notify_all();
  }

 private:
  bool goes_on(RequestStage at) {
    if (killed_) return false;
    if (at != stage_ || count_++ != nth_) return true;
    pid_.wait(0);  // the first request may be quicker than aim()
    kill_and_see_dead(pid_);
    killed_ = true;
    return false;
  }

  simulator::Simulator& simulator_;
  RequestStage stage_;
  std::size_t nth_;
  std::size_t count_ = 0;  // this and the next: under the simulator's lock
  bool killed_ = false;
  std::atomic<pid_t> pid_ = 0;
};

/// One way to kill: all that a point stands for.
struct Way {
  Kind kind;
  RequestStage stage;
  bool tick;
  std::size_t nth;
};

std::string describe(const Way& way) {
  static constexpr const char* names[] = {"before it arrived", "before its answer", "after it"};
  return std::string(name_of(way.kind)) + " killed at request " + std::to_string(way.nth) + ", " +
         names[static_cast<std::size_t>(way.stage)] + (way.tick ? ", then a tick" : "");
}

/// What an undisturbed run of the program asks.
std::vector<simulator::RequestRecord> requests_of(Kind kind) {
  const std::unique_ptr<Harness> harness = before(kind);
  harness->disturbed([&] {
    SyncProgram program(*harness);
    const int code = program.wait().exit_code;
    INFO(program.output());
    REQUIRE(code == 0);
  });
  return harness->simulator().requests();
}

std::vector<Way> all_ways() {
  std::vector<Way> out;
  for (const Kind kind : all_kinds) {
    const std::size_t count = requests_of(kind).size();
    for (const RequestStage stage : stages)
      for (const bool tick : {false, true})
        for (std::size_t nth = 0; nth < count; ++nth) out.push_back({kind, stage, tick, nth});
  }
  return out;
}

Ending killed_run(Harness& harness, const Way& way) {
  Ending ending;
  harness.disturbed([&] {
    Killer killer(harness, way.stage, way.nth);
    SyncProgram program(harness);
    killer.aim(program.pid());
    ending = program.wait();
  });
  return ending;
}

void check_point(const Way& way, std::size_t point, Tally& tally) {
  tally.begin_point();
  const std::unique_ptr<Harness> harness = before(way.kind);
  Calls counted = counted_calls(*harness);
  if (killed_run(*harness, way).signal == SIGKILL) tally.survived();
  INFO("point " << point << ": " << describe(way));
  Calls counted_now = counted_calls(*harness);
  for (const auto& [family, calls] : seen_calls(*harness)) {
    INFO(family);
    CHECK(counted_now[family] >= counted[family] + calls);
    // The rest of a block, and those side by side that did not arrive.
    CHECK(counted_now[family] < counted[family] + calls + 20 + 8);
  }
  if (way.tick) harness->simulator().live(tick(point));
  const std::vector<std::string> problems = not_recovered(*harness);
  tally.wrong_removals(harness->violations().size());
  if (!problems.empty()) tally.not_converged();
  CHECK(e2e::joined(problems) == "");
  CHECK(e2e::joined(harness->violations()) == "");
}

/// The sweep found this one, so it is tried always: what falls away in a full import stands in no
/// outbox.
Way between_derivation_and_session() {
  const auto requests = requests_of(Kind::full);
  const auto asks_what_car_holds =
      std::find_if(requests.begin(), requests.end(),
                   [](const auto& request) { return request.target.ends_with("/v3/query"); });
  REQUIRE(asks_what_car_holds != requests.end());
  return {Kind::full, RequestStage::arrived, false,
          static_cast<std::size_t>(asks_what_car_holds - requests.begin())};
}

}  // namespace

TEST_CASE("Killed at any request the next run converges", "[kill]") {
  Tally tally("killed at the n-th request");
  const std::vector<Way> ways = all_ways();
  for (const std::size_t point : points(ways.size(), 20)) check_point(ways[point], point, tally);
  check_point(between_derivation_and_session(), ways.size(), tally);
  // Requests side by side may be one more or less from run to run, so the very last may not come.
  CHECK(tally.faults_survived() + tally.tried() / 50 + 1 >= tally.tried());
}
