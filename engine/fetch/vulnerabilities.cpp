#include "fetch/vulnerabilities.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "fetch/columns.h"
#include "fetch/kql.h"
#include "fetch/stage_table.h"
#include "fetch/vulnerability_export.h"
#include "run/dataset.h"

namespace defender_car {
namespace {

constexpr std::string_view kKnowledgeProject =
    " | project CveId, CvssScore, VulnerabilityDescription, PublishedDate, LastModifiedTime";
constexpr StateSetting kAnswers = StateSetting::vulnerability_export;

using Parts = std::vector<std::span<const std::string>>;

/// Of those machines; `parts` empty: of all.
void hunt_software(Run& run, const Parts& parts) {
  StageTable rows(run.state, "fetch/software");
  const ReadResult read = run.defender.hunt(
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
  note_not_understood(run, "vulnerabilities", read);
}

/// A query for each of the filters.
void hunt_knowledge(Run& run, std::size_t count,
                    const std::function<std::string(std::size_t)>& filter) {
  StageTable rows(run.state, "fetch/knowledge");
  const ReadResult read = run.defender.hunt(
      {"DeviceTvmSoftwareVulnerabilitiesKB", kKnowledgeColumns},
      {.count = count,
       .query =
           [&](std::size_t part, int shards, int shard) {
             return "DeviceTvmSoftwareVulnerabilitiesKB" + filter(part) +
                    shard_filter("CveId", shards, shard) + std::string(kKnowledgeProject);
           }},
      rows);
  note_not_understood(run, "knowledge_base", read);
}

// More rows than one hunting answer holds: then the machines seen since at every run, and all of
// them every four hours.
bool read_all(Run& run, const std::optional<std::string>& since) {
  const std::int64_t cap = run.settings.defender_limits.row_cap;
  return !since || run.state.statement("fetch/has_software_rows").bind("rows", cap).number() == 0 ||
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

void hunt_knowledge_since(Run& run, const std::optional<std::string>& since) {
  const auto cves = run.state.statement("fetch/unknown_cves").bind("whole", since ? 0 : 1).texts();
  const Parts parts = parts_by_names(cves);
  run.call_meter.require(CallFamily::hunting, std::ssize(parts), "the knowledge base");
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

void leave_out(Run& run, DatasetState state, const char* problem) {
  begin_dataset(run, "vulnerabilities", false, std::nullopt);
  set_dataset_state(run, "vulnerabilities", state, problem);
}

enum class Reading { complete, incomplete, left_out };

bool was_ever_read(Run& run, const char* dataset) {
  return run.state.statement("fetch/cursor").bind("name", dataset).value().has_value();
}

bool by_export(const Run& run) {
  if (run.settings.vulnerability_source != VulnerabilitySource::automatic)
    return run.settings.vulnerability_source == VulnerabilitySource::exported;
  return run.network_source == NetworkSource::machines;
}

// A tenant that never answered has none; what auto chose once is no longer given up by itself.
bool may_be_left_out(Run& run) {
  return run.settings.vulnerability_source == VulnerabilitySource::automatic &&
         run.stored.get(kAnswers) != "yes";
}

Reading without_vulnerabilities(Run& run, const std::string& refused) {
  run.state.statement("fetch/forget_software").run();  // a page before the refusal
  leave_out(run, DatasetState::unavailable, refused.c_str());
  if (run.stored.get(kAnswers).empty()) {
    run.warn(
        "neither hunting nor the vulnerability export is to be had, so vulnerabilities are left "
        "out: " +
        refused);
    run.stored.set(kAnswers, "no");
  }
  return Reading::left_out;
}

Reading read_by_export(Run& run) {
  const auto since = export_since(run);
  std::string refused;  // and left out for it
  const bool complete = read_dataset(run, "vulnerabilities", !since, since, [&] {
    try {
      read_software_export(run, since);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::forbidden) throw;
      if (may_be_left_out(run)) {
        refused = error.what();
        return;
      }
      throw Error(error.kind(), std::string(error.what()) +
                                    ". --vulnerability-source hunting reads them by hunting, "
                                    "--vulnerabilities false leaves them out");
    }
  });
  if (!refused.empty()) return without_vulnerabilities(run, refused);
  if (!complete) return Reading::incomplete;
  if (run.stored.get(kAnswers) != "yes") run.stored.set(kAnswers, "yes");
  return Reading::complete;
}

// A table that the licence does not hold is no failure where the export has its rows, or where it
// never was there: what auto read by hunting before is no longer given up by itself.
bool may_go_over_to_export(Run& run) {
  return run.settings.vulnerability_source == VulnerabilitySource::automatic &&
         (!was_ever_read(run, "vulnerabilities") || run.stored.get(kAnswers) == "yes");
}

// Without a window of its own: the tables are a snapshot of now. The cursor only tells whether it
// was ever read.
Reading read_by_hunting(Run& run) {
  const auto since = window(run, "vulnerabilities", 0);
  const bool whole = read_all(run, since);
  bool no_table = false;
  const bool complete = read_dataset(run, "vulnerabilities", whole, std::nullopt, [&] {
    try {
      read_software(run, whole);
    } catch (const NoTable& error) {
      if (!may_go_over_to_export(run))
        throw Error(error.kind(), std::string(error.what()) +
                                      ". --vulnerability-source export reads them by the export, "
                                      "--vulnerabilities false leaves them out");
      no_table = true;
      if (run.stored.get(kAnswers).empty())
        run.warn(std::string("vulnerabilities come from the export: ") + error.what());
    }
  });
  if (!no_table) return complete ? Reading::complete : Reading::incomplete;
  run.state.statement("fetch/forget_software_reading").run();
  return read_by_export(run);
}

// Where hunting has no such table, the list of CVEs stands in for it. A tenant that has neither,
// and never had, knows software without scores.
void read_knowledge(Run& run, bool by_list, const std::optional<std::string>& since,
                    std::string& not_here) {
  if (by_list) return list_knowledge(run, since);
  try {
    return hunt_knowledge_since(run, since);
  } catch (const NoTable& error) {
    if (run.settings.vulnerability_source != VulnerabilitySource::automatic) throw;
    spdlog::info("{}: the list of CVEs is asked in its place", error.what());
  }
  try {
    list_knowledge(run, since);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::forbidden || was_ever_read(run, "knowledge_base")) throw;
    not_here = error.what();
  }
}

}  // namespace

void fetch_vulnerabilities(Run& run) {
  if (!run.settings.vulnerabilities) return leave_out(run, DatasetState::excluded, "");
  const Reading reading = by_export(run) ? read_by_export(run) : read_by_hunting(run);
  if (reading == Reading::left_out) return;
  const bool by_list = by_export(run) && run.network_source == NetworkSource::machines;
  const auto kb_since = window(run, "knowledge_base", run.settings.row_overlap_hours);
  std::string not_here;
  const bool known = read_dataset(run, "knowledge_base", !kb_since, kb_since,
                                  [&] { read_knowledge(run, by_list, kb_since, not_here); });
  if (!not_here.empty()) {
    set_dataset_state(run, "knowledge_base", DatasetState::unavailable, not_here);
    run.warn(
        "neither hunting nor the list of CVEs is to be had, so software is known without its "
        "vulnerabilities: " +
        not_here);
  }
  const bool understood =
      run.state.statement("fetch/not_understood_in").bind("name", "knowledge_base").number() == 0;
  if (!(known && understood) && reading == Reading::complete)
    set_dataset_state(run, "vulnerabilities", DatasetState::incomplete,
                      known ? "the knowledge base was not understood whole"
                            : "the knowledge base could not be read");
}

}  // namespace defender_car
