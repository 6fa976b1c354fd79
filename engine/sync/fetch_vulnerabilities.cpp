#include "sync/fetch_vulnerabilities.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "sync/columns.h"
#include "sync/dataset.h"
#include "sync/hunting_query.h"
#include "sync/stage.h"

namespace defender_car {
namespace {

constexpr std::string_view kKnowledgeProject =
    " | project CveId, CvssScore, VulnerabilityDescription, PublishedDate, LastModifiedTime";

using Parts = std::vector<std::span<const std::string>>;

/// Of those machines; `parts` empty: of all.
void hunt_software(Run& run, const Parts& parts) {
  StageTable rows(run.state, "fetch/software");
  run.defender.hunt(
      {"DeviceTvmSoftwareVulnerabilities", kSoftwareColumns},
      {.count = std::max<std::size_t>(parts.size(), 1),
       .query =
           [&](std::size_t part, int shards, int shard) {
             return "DeviceTvmSoftwareVulnerabilities" +
                    (parts.empty() ? "" : in_filter("DeviceId", parts[part])) +
                    shard_filter("DeviceId", shards, shard) +
                    " | project DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId";
           },
       .expected_rows = parts.empty() ? run.state.number("fetch/software_rows") : 0},
      rows);
}

/// A query for each of the filters.
void hunt_knowledge(Run& run, std::size_t count,
                    const std::function<std::string(std::size_t)>& filter) {
  StageTable rows(run.state, "fetch/knowledge");
  run.defender.hunt({"DeviceTvmSoftwareVulnerabilitiesKB", kKnowledgeColumns},
                    {.count = count,
                     .query =
                         [&](std::size_t part, int shards, int shard) {
                           return "DeviceTvmSoftwareVulnerabilitiesKB" + filter(part) +
                                  shard_filter("CveId", shards, shard) +
                                  std::string(kKnowledgeProject);
                         }},
                    rows);
}

// More rows than one hunting answer holds: then the machines seen since at every run, and all of
// them every four hours.
bool read_all(Run& run, const std::optional<std::string>& since) {
  return !since || run.state.number("fetch/software_rows") < run.settings.defender_limits.row_cap ||
         run.state.number("fetch/software_whole_is_due") != 0;
}

void read_software(Run& run, bool whole) {
  if (whole) return hunt_software(run, {});
  const auto machines = run.state.statement("fetch/software_due").texts();
  Transaction transaction(run.state);
  for (const std::string& machine : machines) {
    run.state.statement("fetch/ask_software").bind("machine", machine).run();
  }
  transaction.commit();
  const Parts parts = parts_by_names(machines);
  if (!parts.empty()) hunt_software(run, parts);
}

void read_knowledge(Run& run, const std::optional<std::string>& since) {
  const auto cves = run.state.statement("fetch/unknown_cves").bind("whole", since ? 0 : 1).texts();
  const Parts parts = parts_by_names(cves);
  if (!parts.empty())
    hunt_knowledge(run, parts.size(), [&](std::size_t part) {
      run.progress.report("reading the knowledge base", static_cast<std::int64_t>(part),
                          std::ssize(parts));
      return in_filter("CveId", parts[part]);
    });
  if (!since) return;
  hunt_knowledge(
      run, 1, [&](std::size_t) { return " | where LastModifiedTime >= datetime(" + *since + ")"; });
  run.state.statement("fetch/drop_strange_knowledge").run();
}

void leave_out(Run& run, const char* state, const char* problem) {
  run.state.statement("fetch/begin_dataset")
      .bind("name", "vulnerabilities")
      .bind("whole", 0)
      .bind("since", nullptr)
      .run();
  set_dataset_state(run, "vulnerabilities", state, problem);
}

}  // namespace

void fetch_vulnerabilities(Run& run) {
  if (!run.settings.vulnerabilities) return leave_out(run, "excluded", "");
  if (run.network_source == "machines")
    return leave_out(run, "unavailable", "there is no hunting in this tenant");
  // Without a window of its own: the tables are a snapshot of now. The cursor only tells whether it
  // was ever read.
  const auto since = window(run, "vulnerabilities", 0);
  const bool whole = read_all(run, since);
  const bool complete =
      read_dataset(run, "vulnerabilities", whole, std::nullopt, [&] { read_software(run, whole); });
  const auto kb_since = window(run, "knowledge_base", run.settings.row_overlap_hours);
  if (!read_dataset(run, "knowledge_base", !kb_since, kb_since,
                    [&] { read_knowledge(run, kb_since); }) &&
      complete) {
    set_dataset_state(run, "vulnerabilities", "incomplete", "the knowledge base could not be read");
  }
}

}  // namespace defender_car
