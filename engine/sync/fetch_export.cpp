#include "sync/fetch_export.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>

#include "sync/columns.h"
#include "sync/dataset.h"
#include "sync/stage.h"

namespace defender_car {
namespace {

// More than these are not asked for by name: the list of all there are takes fewer calls.
constexpr std::size_t kCvesByName = 500;
constexpr std::size_t kCvesACall = 50;

void read_all_software(Run& run) {
  StageTable rows(run.state, "fetch/scored_software");
  run.defender.read_software_export(std::nullopt, kExportKeys, rows,
                                    [&] { run.state.statement("fetch/forget_software").run(); });
}

void read_changes(Run& run, const std::string& since) {
  StageTable rows(run.state, "fetch/software_change");
  const ReadResult changes = run.defender.read_software_export(
      since, kChangeKeys, rows, [&] { run.state.statement("fetch/forget_changes").run(); });
  if (changes.not_found) keep_cursor(run, "vulnerabilities");
}

std::string named(std::span<const std::string> cves) {
  std::string filter;
  for (const std::string& cve : cves) {
    std::string quoted;
    for (const char c : cve) quoted.append(c == '\'' ? 2 : 1, c);
    filter += (filter.empty() ? "id eq '" : " or id eq '") + quoted + "'";
  }
  return filter;
}

void list_named(Run& run, const std::vector<std::string>& cves) {
  StageTable rows(run.state, "fetch/knowledge");
  for (std::size_t at = 0; at < cves.size(); at += kCvesACall) {
    const auto part = std::span(cves).subspan(at, std::min(kCvesACall, cves.size() - at));
    run.defender.read_cves(named(part), kCveKeys, rows);
    run.progress.report("reading the knowledge base", static_cast<std::int64_t>(at),
                        std::ssize(cves));
  }
}

void list_all(Run& run) {
  run.state.run_script("schema/fetch/10_our_cves.sql");
  StageTable rows(run.state, "fetch/knowledge_of_ours");
  run.defender.read_cves("", kCveKeys, rows);
}

}  // namespace

std::optional<std::string> export_since(Run& run) {
  if (run.whole) return std::nullopt;
  return run.state.statement("fetch/changes_since").value();
}

void read_software_export(Run& run, const std::optional<std::string>& since) {
  if (!since) return read_all_software(run);
  try {
    return read_changes(run, *since);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_parameter) throw;
    spdlog::info("{}: all rows are read in its place", error.what());
  }
  run.state.statement("fetch/forget_changes").run();
  run.state.statement("fetch/begin_dataset")
      .bind("name", "vulnerabilities")
      .bind("whole", 1)
      .bind("since", nullptr)
      .run();
  read_all_software(run);
}

void list_knowledge(Run& run, const std::optional<std::string>& since) {
  const auto cves = run.state.statement("fetch/unknown_cves").bind("whole", since ? 0 : 1).texts();
  if (cves.size() > kCvesByName) return list_all(run);
  list_named(run, cves);
  if (!since) return;
  StageTable rows(run.state, "fetch/knowledge");
  if (run.defender.read_cves("updatedOn ge " + *since, kCveKeys, rows).not_found)
    keep_cursor(run, "knowledge_base");
  run.state.statement("fetch/drop_strange_knowledge").run();
}

}  // namespace defender_car
