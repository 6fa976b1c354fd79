#include "snapshot/chain.h"

#include "base/error.h"
#include "base/files.h"
#include "run/working_dir.h"
#include "snapshot/file.h"

namespace defender_car {
namespace {

std::string gap(const ChainLink& link, const SnapshotInfo& info, const std::string& before) {
  if (info.kind != "incremental" || info.builds_on == before) return "";
  return before.empty() ? "no full import and no checkpoint stands before it"
                        : "it builds on digest " + info.builds_on.substr(0, 12) +
                              "…, which no file before run " + std::to_string(link.file.run_id) +
                              " leaves: a run's snapshot is missing";
}

}  // namespace

std::vector<ChainLink> listed_chain(const std::filesystem::path& working_dir) {
  std::vector<ChainLink> links;
  for (const KeptFile& file : kept_files(WorkingDir{working_dir}.snapshots()))
    links.push_back({file, {}, {}, {}, {}});
  return links;
}

std::vector<ChainLink> checked_chain(const std::filesystem::path& working_dir) {
  const TemporaryFolder scratch;
  std::vector<ChainLink> links = listed_chain(working_dir);
  std::string before;
  for (std::size_t at = 0; at < links.size(); ++at) {
    ChainLink& link = links[at];
    try {
      const SnapshotInfo info = read_snapshot(link.file.path, scratch.path());
      link.now = info.now;
      link.builds_on = info.builds_on;
      link.digest = info.digest;
      // Where retention begins a chain anew, the checkpoint stands for the snapshot of its run.
      const bool begins_anew = before.empty() && at + 1 < links.size() &&
                               links[at + 1].file.run_id == link.file.run_id &&
                               links[at + 1].file.mode == "checkpoint";
      if (!begins_anew) link.problem = gap(link, info, before);
      if (link.problem.empty()) before = info.digest;
    } catch (const Error& error) {
      link.problem = error.what();
    }
  }
  return links;
}

}  // namespace defender_car
