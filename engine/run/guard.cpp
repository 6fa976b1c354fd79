#include "run/guard.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/fingerprint.h"
#include "base/printable.h"
#include "run/dataset.h"

namespace defender_car {
namespace {

// Bound to the kind, to every object, and to the last permission that was used: so it is gone after
// it.
std::string token_for(Run& run, const std::string& kind, const std::vector<std::string>& objects) {
  std::uint64_t hash =
      fingerprint(kind, fingerprint(run.stored.get(StateSetting::last_permission)));
  for (const std::string& object : objects) hash = fingerprint("\n", fingerprint(object, hash));
  std::string token;
  for (int shift = 60; shift >= 0; shift -= 4) token += "0123456789abcdef"[hash >> shift & 15];
  return token;
}

std::int64_t limit_count(const Limit& limit, std::int64_t held) {
  if (limit.percent <= 0) return limit.count;
  return std::max(limit.at_least, static_cast<std::int64_t>(
                                      std::floor(limit.percent * static_cast<double>(held) / 100)));
}

std::string first_ones(const std::vector<std::string>& objects) {
  std::string text;
  for (std::size_t at = 0; at < objects.size() && at < 3; ++at)
    text += (at == 0 ? "" : ", ") + printable(objects[at], 200);
  return objects.size() > 3 ? text + " …" : text;
}

// Several tokens, all of one length, are one long word: easy to take from a message.
std::string joined(const std::set<std::string>& tokens) {
  std::string word;
  for (const std::string& token : tokens) word += token;
  return word;
}

bool allowed_once(Run& run, const std::string& token) {
  std::string given = run.settings.allow_once;
  std::erase(given, ',');
  for (std::size_t at = 0; at + token.size() <= given.size(); at += token.size()) {
    if (given.compare(at, token.size(), token) != 0) continue;
    run.permissions.insert(token);
    return true;
  }
  return false;
}

// The command with every token that its run needs: those that it has used already, and these.
std::string command_that_allows(const Run& run, const std::set<std::string>& tokens) {
  std::set<std::string> all = run.permissions;
  all.insert(tokens.begin(), tokens.end());
  return run.settings.command + " --allow-once " + joined(all);
}

void report_hold(Run& run, const std::string& what, const std::set<std::string>& tokens) {
  run.session_allowed = false;
  run.held_back = true;
  run.fail(
      ErrorKind::guard,
      "held back: " + what +
          ". Nothing of it was removed, here or in CAR; new things still arrive. If Defender's "
          "answer is right, allow it once: " +
          command_that_allows(run, tokens));
}

// True: held back. False: this very set was allowed for once.
bool hold(Run& run, const std::string& kind, const std::string& what,
          const std::vector<std::string>& objects) {
  const std::string token = token_for(run, kind, objects);
  if (allowed_once(run, token)) {
    spdlog::info("allowed once: {}", what);
    return false;
  }
  report_hold(run, what, {token});
  return true;
}

std::string deletes_text(std::int64_t wanted, std::int64_t recent, std::int64_t limit,
                         std::int64_t held, const std::vector<std::string>& ids) {
  return std::to_string(wanted) + " deletes of " + std::to_string(held) +
         " assets held (limit --max-deletes " + std::to_string(limit) + " in 24 hours, " +
         std::to_string(recent) + " of it used): " + first_ones(ids);
}

std::int64_t recent_deletes(Run& run) {
  return run.state.statement("guard/recent_deletes").bind("now", run.now).number();
}

std::int64_t edges_held(Run& run, const std::string& kind) {
  return run.state.statement("guard/edges_held").bind("kind", kind).number();
}

struct Trip {
  std::string what;
  std::string token;
};

std::optional<Trip> judge(Run& run, const std::string& kind, std::int64_t count) {
  const bool deletes = kind == "delete";
  const Limit& limit = deletes ? run.settings.max_deletes : run.settings.max_disables;
  const std::int64_t recent = deletes ? recent_deletes(run) : 0;
  // What CAR holds is counted only where the floor does not decide it: it is a scan of every edge.
  if (limit.percent > 0 && count + recent <= limit.at_least) return std::nullopt;
  const std::int64_t held = deletes ? run.state.number("guard/assets_held") : edges_held(run, kind);
  const std::int64_t allowed = limit_count(limit, held);
  if (count + recent <= allowed) return std::nullopt;
  const auto objects = run.state.statement("guard/removed_objects").bind("kind", kind).texts();
  const auto was_allowed = [&](const std::string& id) { return run.allowed_ids.contains(id); };
  const auto allowed_before =
      deletes ? std::count_if(objects.begin(), objects.end(), was_allowed) : 0;
  if (count - allowed_before + recent <= allowed) return std::nullopt;
  const std::string what = deletes ? deletes_text(count, recent, allowed, held, objects)
                                   : "disabling " + std::to_string(count) + " of " +
                                         std::to_string(held) + " active " + kind +
                                         " edges (limit --max-disables " + std::to_string(allowed) +
                                         "): " + first_ones(objects);
  return Trip{what, token_for(run, kind, objects)};
}

}  // namespace

bool deletes_allowed(Run& run, const std::vector<std::string>& ids) {
  const std::int64_t held = run.state.number("guard/assets_held");
  const std::int64_t recent = recent_deletes(run);
  const std::int64_t limit = limit_count(run.settings.max_deletes, held);
  if (std::ssize(ids) + recent <= limit) return true;
  if (!hold(run, "missing",
            "machines missing from the full list, " +
                deletes_text(std::ssize(ids), recent, limit, held, ids),
            ids)) {
    run.allowed_ids.insert(ids.begin(), ids.end());
    run.deletes_allowed = true;
    return true;
  }
  set_dataset_state(run, "machines", DatasetState::held, "assets are missing from the full list");
  return false;
}

bool hold_if_empty(Run& run, const std::string& dataset) {
  Statement& query = run.state.statement("fetch/empty_readings");
  std::int64_t known = 0;
  while (query.step()) {
    if (query.text(0) == dataset) known = query.integer(1);
  }
  if (known == 0) return false;
  const std::string what = "the whole reading of " + dataset + " came back empty where " +
                           std::to_string(known) + " are known";
  if (!hold(run, "empty " + dataset, what, {std::to_string(known)})) return false;
  set_dataset_state(run, dataset, DatasetState::held, "came back empty");
  return true;
}

void note_permissions(Run& run) {
  if (run.permissions.empty()) return;
  run.state.statement("run/permission")
      .bind("run_id", run.report.run_id)
      .bind("permission", joined(run.permissions))
      .bind("deletes_allowed", run.deletes_allowed ? 1 : 0)
      .bind("permitted_by",
            run.settings.invoked_by.empty() ? std::nullopt : std::optional(run.settings.invoked_by))
      .run();
}

void use_up_permissions(Run& run) {
  note_permissions(run);
  if (run.permissions.empty() || run.held_back) return;
  run.stored.set(StateSetting::last_permission, std::to_string(run.report.run_id));
}

std::set<std::string> tripped_guards(Run& run, const std::set<std::string>& withheld) {
  std::vector<std::pair<std::string, std::int64_t>> removals;
  Statement& query = run.state.statement("guard/removals");
  while (query.step()) removals.emplace_back(query.text(0), query.integer(1));
  // Each kind has its own token, and the message one command for all that is held back here.
  std::map<std::string, std::string> tripped;  // kind to what is said of it
  std::set<std::string> tokens;
  for (const auto& [kind, count] : removals) {
    if (withheld.contains(kind)) continue;
    const auto trip = judge(run, kind, count);
    if (!trip) continue;
    if (allowed_once(run, trip->token)) {
      run.deletes_allowed |= kind == "delete";
      continue;
    }
    tripped.emplace(kind, trip->what);
    tokens.insert(trip->token);
  }
  std::set<std::string> kinds;
  for (const auto& [kind, what] : tripped) {
    report_hold(run, what, tokens);
    kinds.insert(kind);
  }
  return kinds;
}

void guard_unknown_assets(Run& run) {
  if (!run.full() || !run.session_allowed) return;
  const auto held = run.car.count_assets();
  if (!held) {
    spdlog::info(
        "CAR does not tell how many assets of this source it holds; what it holds and Defender "
        "does not know falls away");
    return;
  }
  // What we know of has been judged already; the rest is somebody else's, or from a lost state
  // file.
  const std::int64_t known =
      std::max(run.state.number("guard/assets_held"), run.state.number("guard/assets_desired"));
  const std::int64_t loss = *held - known;
  const std::int64_t allowed = limit_count(run.settings.max_deletes, *held);
  if (loss <= allowed) return;
  hold(run, "unknown assets",
       "CAR holds " + std::to_string(*held) +
           " assets of this source, of which this state file knows nothing of at least " +
           std::to_string(loss) + "; they would fall away (limit --max-deletes " +
           std::to_string(allowed) + ")",
       {std::to_string(*held), std::to_string(loss)});
}

}  // namespace defender_car
