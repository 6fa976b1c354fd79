#include "sync/fetch_vulnerabilities.h"

#include <algorithm>

#include "sync/columns.h"
#include "sync/dataset.h"
#include "sync/hunting_query.h"
#include "sync/stage.h"

namespace defender_car {
namespace {

constexpr std::string_view kKnowledgeProject =
    " | project CveId, CvssScore, VulnerabilityDescription, PublishedDate, LastModifiedTime";
constexpr std::size_t kNamesAQuery = 500;

void hunt_software(Run& run, std::span<const std::string> machines) {
  StageTable rows(run.state, "fetch/software");
  const std::string named = in_filter("DeviceId", machines);
  run.defender.hunt(
      {"DeviceTvmSoftwareVulnerabilities", kSoftwareColumns},
      [&](int shards, int shard) {
        return "DeviceTvmSoftwareVulnerabilities" + named +
               shard_filter("DeviceId", shards, shard) +
               " | project DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion, CveId";
      },
      rows);
}

void hunt_knowledge(Run& run, const std::string& filter) {
  StageTable rows(run.state, "fetch/knowledge");
  run.defender.hunt(
      {"DeviceTvmSoftwareVulnerabilitiesKB", kKnowledgeColumns},
      [&](int shards, int shard) {
        return "DeviceTvmSoftwareVulnerabilitiesKB" + filter +
               shard_filter("CveId", shards, shard) + std::string(kKnowledgeProject);
      },
      rows);
}

template <typename Ask>
void in_parts(const std::vector<std::string>& names, const Ask& ask) {
  for (std::size_t at = 0; at < names.size(); at += kNamesAQuery) {
    ask(std::span(names).subspan(at, std::min(kNamesAQuery, names.size() - at)));
  }
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
  in_parts(machines, [&](std::span<const std::string> part) { hunt_software(run, part); });
}

void read_knowledge(Run& run, const std::optional<std::string>& since) {
  const auto cves = run.state.statement("fetch/unknown_cves").bind("whole", since ? 0 : 1).texts();
  run.budget.require(CallFamily::hunting,
                     static_cast<std::int64_t>((cves.size() + kNamesAQuery - 1) / kNamesAQuery),
                     "the knowledge base");
  std::size_t asked = 0;
  in_parts(cves, [&](std::span<const std::string> part) {
    hunt_knowledge(run, in_filter("CveId", part));
    asked += part.size();
    run.progress.report("reading the knowledge base", static_cast<std::int64_t>(asked),
                        std::ssize(cves));
  });
  if (!since) return;
  hunt_knowledge(run, " | where LastModifiedTime >= datetime(" + *since + ")");
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
