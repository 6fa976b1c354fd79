// `defender-car snapshots [list|check|prune]`: what past runs left, and whether it can be replayed.

#include "audit/state.h"
#include "cli/commands/commands.h"
#include "cli/output/output.h"
#include "cli/output/text.h"
#include "run/working_dir.h"
#include "snapshot/chain.h"
#include "snapshot/retention.h"
#include "store/lock.h"

namespace defender_car {
namespace {

constexpr int kDamaged = 55;  // data could not be processed

/// Clock, digest and problem are known to `check` only, which reads the files.
std::string chain_text(const std::vector<ChainLink>& links, const Style& style) {
  if (links.empty()) return "There are no snapshots.\n";
  std::vector<std::vector<std::string>> rows{
      {"file", "run", "kind", "clock", "bytes", "digest", "problem"}};
  for (const ChainLink& link : links) {
    rows.push_back({link.file.path.filename().string(), std::to_string(link.file.run_id),
                    link.file.mode, link.now, std::to_string(link.file.bytes),
                    std::string(shorten(link.digest, 12)), link.problem});
  }
  return table(without_empty_columns(rows), style.width);
}

std::string chain_json(const std::vector<ChainLink>& links, int code) {
  JsonWriter json;
  begin_document(json, "snapshots");
  json.integer("exit_code", code);
  json.list("snapshots", links, [&](const ChainLink& link) {
    json.text("file", link.file.path.filename().string());
    json.integer("run_id", link.file.run_id);
    json.text("kind", link.file.mode);
    json.integer("bytes", link.file.bytes);
    json.text_or_null("now", link.now);
    json.text_or_null("builds_on", link.builds_on);
    json.text_or_null("digest", link.digest);
    json.text_or_null("problem", link.problem);
  });
  json.end_object();
  return json.str() + "\n";
}

std::string action_of(const Options& options) {
  if (options.words.empty()) return "list";
  const std::string& word = options.words[0];
  if (options.words.size() == 1 && (word == "list" || word == "check" || word == "prune"))
    return word;
  throw Error(ErrorKind::usage, "snapshots takes one word: list, check or prune");
}

std::string pruned_text(const std::vector<KeptFile>& files, bool dry_run) {
  if (files.empty()) return "nothing to remove: all is within --keep-days and --keep-space\n";
  std::int64_t bytes = 0;
  std::string text;
  for (const KeptFile& file : files) {
    bytes += file.bytes;
    text += "  " + printable(file.path.filename().string()) + "\n";
  }
  return std::string(dry_run ? "would remove " : "removed ") + std::to_string(files.size()) +
         " files, " + std::to_string(bytes) + " bytes:\n" + text;
}

std::string pruned_json(const std::vector<KeptFile>& files, bool dry_run) {
  JsonWriter json;
  begin_document(json, "snapshots");
  json.integer("exit_code", 0);
  json.boolean("dry_run", dry_run);
  json.list("removed", files, [&](const KeptFile& file) {
    json.text("file", file.path.filename().string());
    json.integer("run_id", file.run_id);
    json.integer("bytes", file.bytes);
  });
  json.list("snapshots", std::vector<ChainLink>{}, [](const ChainLink&) {});
  json.end_object();
  return json.str() + "\n";
}

std::vector<KeptFile> prune(const Options& options) {
  const WorkingDir folder{options.settings.working_dir};
  const Retention limits = retention_of(options.settings);
  if (options.dry_run) return prunable_snapshots(folder.snapshots(), limits);
  StateLock lock(folder.lock());
  auto removed = prune_snapshots(folder.snapshots(), limits);
  lock.leave_as_found();  // the state was not touched
  return removed;
}

}  // namespace

int run_snapshots_command(const Session& session) {
  const auto& dir = session.options.settings.working_dir;
  require_state(WorkingDir{dir});
  const std::string action = action_of(session.options);
  if (action == "prune") {
    const auto files = prune(session.options);
    const bool dry_run = session.options.dry_run;
    write_out(session.options.format == Format::json ? pruned_json(files, dry_run)
                                                     : pruned_text(files, dry_run));
    return 0;
  }
  const auto links = action == "check" ? checked_chain(dir) : listed_chain(dir);
  int code = 0;
  for (const ChainLink& link : links) {
    if (!link.problem.empty()) code = kDamaged;
  }
  write_out(session.options.format == Format::json ? chain_json(links, code)
                                                   : chain_text(links, session.style));
  return code;
}

}  // namespace defender_car
