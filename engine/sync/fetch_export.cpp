#include "sync/fetch_export.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <utility>

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
  note_not_understood(run, "vulnerabilities",
                      run.defender.read_software_export(std::nullopt, kExportKeys, rows, [&] {
                        run.state.statement("fetch/forget_software").run();
                      }));
}

void read_changes(Run& run, const std::string& since) {
  StageTable rows(run.state, "fetch/software_change");
  const ReadResult changes = run.defender.read_software_export(
      since, kChangeKeys, rows, [&] { run.state.statement("fetch/forget_changes").run(); });
  note_not_understood(run, "vulnerabilities", changes);
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

/// Asks for CVEs by name. Where a call is refused, its halves are asked for, until the one that is
/// refused stands alone.
class NamedCves {
 public:
  explicit NamedCves(Run& run) : run_(run), rows_(run.state, "fetch/knowledge") {}

  void ask(std::span<const std::string> cves) {
    try {
      note_not_understood(run_, "knowledge_base",
                          run_.defender.read_cves(named(cves), kCveKeys, rows_));
      asked_ += cves.size();
      is_there_ |= !cves.empty();
      return;
    } catch (const Error& error) {
      if (!may_be_one_records(error.kind())) throw;
      if (cves.size() == 1) {
        refused_.emplace_back(cves.front(), error.what());
        is_there_ |= error.kind() == ErrorKind::invalid_parameter;
        if (!are_few(refused_.size(), ++asked_)) throw;
        return;
      }
    }
    ask(cves.first(cves.size() / 2));
    ask(cves.subspan(cves.size() / 2));
  }

  /// Throws where nothing told that the service does its work: then it was not the names.
  void note_refusals() {
    if (!refused_.empty() && !is_there_) throw Error(ErrorKind::defender, refused_.front().second);
    for (const auto& [cve, problem] : refused_) note_refusal(run_, "cve", cve, problem);
    run_.state.statement("fetch/cves_refused_no_more").run();
    warn_of_refusals(run_, "cve", "CVEs by name,");
  }

 private:
  Run& run_;
  StageTable rows_;
  std::size_t asked_ = 0;
  bool is_there_ = false;
  std::vector<std::pair<std::string, std::string>> refused_;  // CVE, problem
};

void list_named(Run& run, const std::vector<std::string>& cves) {
  NamedCves all(run);
  for (std::size_t at = 0; at < cves.size(); at += kCvesACall) {
    all.ask(std::span(cves).subspan(at, std::min(kCvesACall, cves.size() - at)));
    run.progress.report("reading the knowledge base", static_cast<std::int64_t>(at),
                        std::ssize(cves));
  }
  all.note_refusals();
}

void list_all(Run& run) {
  run.state.run_script("schema/fetch/10_our_cves.sql");
  StageTable rows(run.state, "fetch/knowledge_of_ours");
  note_not_understood(run, "knowledge_base", run.defender.read_cves("", kCveKeys, rows));
  // A list in pages moves while it is read. What it lacks of ours is asked for by name; where that
  // is much, by the next run.
  const auto missing = run.state.statement("fetch/cves_not_listed").texts();
  if (missing.size() <= kCvesByName) return list_named(run, missing);
  keep_cursor(run, "knowledge_base");
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
  const auto read = [&] {
    const ReadResult list = run.defender.read_cves("updatedOn ge " + *since, kCveKeys, rows);
    note_not_understood(run, "knowledge_base", list);
    return list;
  };
  const ReadResult changed = read();
  if (changed.pages > 1) read();  // such a list moves, too, and no later window has these
  if (changed.not_found) keep_cursor(run, "knowledge_base");
  run.state.statement("fetch/drop_strange_knowledge").run();
}

}  // namespace defender_car
