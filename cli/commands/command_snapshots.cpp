// `defender-car snapshots [list|check|prune]`: what past runs left, and whether it can be replayed.

#include "audit/state.h"
#include "cli/commands/commands.h"
#include "cli/output/output.h"
#include "cli/output/text.h"
#include "run/working_dir.h"
#include "snapshot/chain.h"
#include "store/lock.h"

namespace defender_car {
namespace {

constexpr int kDamaged = 55;  // data could not be processed

std::string chain_text(const std::vector<ChainLink>& links) {
  std::vector<std::vector<std::string>> rows{
      {"file", "run", "kind", "clock", "bytes", "digest", "problem"}};
  for (const ChainLink& link : links) {
    rows.push_back({link.file.path.filename().string(), std::to_string(link.file.run_id),
                    link.file.mode, link.now, std::to_string(link.file.bytes),
                    std::string(shorten(link.digest, 12)), link.problem});
  }
  return links.empty() ? "There are no snapshots.\n" : table(rows);
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

void prune(const Session& session) {
  const SyncSettings& settings = session.options.settings;
  StateLock lock(WorkingDir{settings.working_dir}.lock());
  prune_snapshots(settings);
  lock.leave_as_found();  // the state was not touched
}

}  // namespace

int run_snapshots_command(const Session& session) {
  const auto& dir = session.options.settings.working_dir;
  require_state(WorkingDir{dir});
  const std::string action = action_of(session.options);
  if (action == "prune") prune(session);
  const auto links = action == "check" ? checked_chain(dir) : listed_chain(dir);
  int code = 0;
  for (const ChainLink& link : links) {
    if (!link.problem.empty()) code = kDamaged;
  }
  write_out(session.options.format == Format::json ? chain_json(links, code) : chain_text(links));
  return code;
}

}  // namespace defender_car
