// The child of the sweep over the database's writes: one run, as the harness makes it, on a disk
// that fails. Prints how many changes of the disk there were, when it comes to that.
//
//   run_on_failing_disk SIMULATOR-URL WORKING-DIR auto|full none|kill|power-cut N SEED
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include "failing_disk.h"
#include "harness.h"

using sweep::DiskPlan;

int main(int count, char** words) {
  if (count != 7) return 2;
  const std::map<std::string, DiskPlan::End> ends{{"none", DiskPlan::End::none},
                                                  {"kill", DiskPlan::End::kill},
                                                  {"power-cut", DiskPlan::End::power_cut}};
  sweep::register_failing_disk({.end = ends.at(words[4]),
                                .nth = std::strtoull(words[5], nullptr, 10),
                                .seed = std::strtoull(words[6], nullptr, 10)});
  e2e::quiet_unless_asked();
  defender_car::SyncSettings settings = e2e::settings_for(words[1], {});
  settings.working_dir = words[2];
  settings.vfs = sweep::failing_disk;
  if (words[3] == std::string("full")) settings.mode = defender_car::Mode::full;
  defender_car::SilentProgress progress;
  defender_car::HttpClient http(e2e::http_options(), progress);
  const defender_car::RunReport report = defender_car::run_sync(settings, http, progress);
  if (report.outcome != defender_car::RunOutcome::done) std::cerr << e2e::describe(report) << '\n';
  std::cout << sweep::disk_changes() << '\n';
  return report.outcome == defender_car::RunOutcome::done ? 0 : 1;
}
