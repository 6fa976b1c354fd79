#include "sync/fetch_users.h"

#include <algorithm>

#include "base/cancel.h"
#include "sync/columns.h"
#include "sync/dataset.h"
#include "sync/hunting_query.h"
#include "sync/stage.h"

namespace defender_car {
namespace {

constexpr std::size_t kMachinesByApi = 100;  // auto asks the API for no more than these a run
constexpr std::size_t kMachinesByName =
    2'000;  // more are not named in a query: everything is asked for
constexpr std::size_t kMachinesATime = 200;

// Of those that hunting no longer knows, each a call, so many are asked in a run. A full import
// shall stay within 40 calls per 10,000 machines; hunting takes some 12 of them.
std::size_t unknown_a_run(std::size_t machines) {
  if (machines <= kMachinesByName) return kMachinesByApi;
  return std::clamp<std::size_t>(machines / 400, 25, kMachinesByApi);
}
constexpr std::size_t kFailuresInARow = 24;

void mark_asked(Run& run, const std::vector<std::string>& machines, const char* source) {
  Transaction transaction(run.state);
  for (const std::string& machine : machines) {
    run.state.statement("fetch/ask_users").bind("machine", machine).bind("source", source).run();
  }
  transaction.commit();
}

// Those that did not tell give way to others at the next run.
void note_unanswered(Run& run) {
  Transaction transaction(run.state);
  run.state.statement("fetch/users_answered").run();
  run.state.statement("fetch/users_unanswered").run();
  run.state.statement("fetch/users_still_absent").run();
  transaction.commit();
}

// Returns the words of the first failure, "" when there was none.
std::string ask_api(Run& run, const std::vector<std::string>& machines) {
  mark_asked(run, machines, "api");
  StageTable users(run.state, "fetch/user");
  std::string failure;
  bool put_off = false;
  std::int64_t answered = 0;
  std::size_t failed_in_a_row = 0;
  const auto before = [&](const std::string& machine) { users.set_first(machine); };
  const auto done = [&](const std::string& machine, AskOutcome outcome, const std::string& why) {
    if (outcome == AskOutcome::not_asked) {
      put_off = true;
      return;
    }
    const char* state = outcome == AskOutcome::ok          ? "read"
                        : outcome == AskOutcome::not_found ? "absent"
                                                           : "failed";
    failed_in_a_row = outcome == AskOutcome::failed ? failed_in_a_row + 1 : 0;
    if (outcome == AskOutcome::failed && failure.empty()) failure = why;
    run.state.statement("fetch/users_state").bind("machine", machine).bind("state", state).run();
    run.progress.report("asking for logon users", ++answered, std::ssize(machines));
  };
  for (std::size_t at = 0; at < machines.size(); at += kMachinesATime) {
    // 1,500 calls an hour are allowed: a large fleet needs several runs, and each shall deliver.
    if (deadline_half_over()) {
      failure = "half of the run's time (--deadline) has gone by";
      break;
    }
    const auto part =
        std::span(machines).subspan(at, std::min(kMachinesATime, machines.size() - at));
    run.defender.read_logon_users({part.begin(), part.end()}, kUserKeys, users, before, done);
    if (put_off || failed_in_a_row >= kFailuresInARow) break;  // or it is not there today
  }
  note_unanswered(run);
  return failure;
}

// Fewer rows on the way. Who is nobody is decided by schema/view/05_nobody.sql: it knows more.
constexpr const char* kNobodiesLeftOut =
    " | where AccountSid != \"S-1-5-18\" | where AccountSid != \"S-1-5-19\""
    " | where AccountSid != \"S-1-5-20\" | where AccountSid != \"S-1-5-7\""
    " | where AccountSid !startswith \"S-1-5-90-0-\""
    " | where AccountSid !startswith \"S-1-5-96-0-\"";

/// Of those machines; of all for none.
void hunt_users(Run& run, const std::vector<std::string>& machines, std::size_t due) {
  const auto parts = parts_by_names(machines);
  const auto named = [&](std::size_t part) {
    return parts.empty() ? "" : in_filter("DeviceId", parts[part]);
  };
  const std::size_t count = std::max<std::size_t>(parts.size(), 1);
  StageTable devices(run.state, "fetch/device_info", kLoggedOnUsers);
  run.defender.hunt(
      {"DeviceInfo", kDeviceInfoColumns},
      {.count = count,
       .query =
           [&](std::size_t part, int shards, int shard) {
             return "DeviceInfo | where Timestamp >= ago(30d) | where isnotempty(OSPlatform)" +
                    named(part) + shard_filter("DeviceId", shards, shard) +
                    " | summarize arg_max(Timestamp, LoggedOnUsers) by DeviceId";
           },
       .expected_rows = parts.empty() ? static_cast<std::int64_t>(due) : 0},
      devices);
  StageTable logons(run.state, "fetch/user");
  run.defender.hunt(
      {"DeviceLogonEvents", kLogonColumns, kLogonOptional},
      {.count = count,
       .query =
           [&](std::size_t part, int shards, int shard) {
             return std::string(
                        "DeviceLogonEvents | where Timestamp >= ago(30d) | where ActionType == "
                        "\"LogonSuccess\""
                        " | where LogonType != \"Service\" | where isnotempty(AccountName)"
                        " | where AccountName !endswith \"$\" | where AccountName !startswith "
                        "\"DWM-\""
                        " | where AccountName !startswith \"UMFD-\"") +
                    kNobodiesLeftOut + named(part) + shard_filter("DeviceId", shards, shard) +
                    " | summarize arg_max(Timestamp, AccountSid) by DeviceId, AccountName, "
                    "AccountDomain";
           },
       .expected_rows = parts.empty() ? run.state.number("fetch/user_rows") : 0},
      logons);
}

std::string ask_hunting(Run& run, const std::vector<std::string>& machines) {
  mark_asked(run, machines, "hunting");
  hunt_users(run, machines.size() > kMachinesByName ? std::vector<std::string>() : machines,
             machines.size());
  run.state.statement("fetch/users_by_hunting").run();
  // Not seen for 30 days: hunting no longer knows them.
  run.state.statement("fetch/users_forget_known").run();
  run.state.statement("fetch/users_forget_left").run();
  auto left = run.state.statement("fetch/users_left").texts();
  if (left.empty()) return "";
  left.resize(std::min(left.size(), unknown_a_run(machines.size())));
  return ask_api(run, left);
}

bool by_hunting(const Run& run, std::size_t machines) {
  if (run.settings.logon_source != LogonSource::automatic)
    return run.settings.logon_source == LogonSource::hunting;
  return machines > kMachinesByApi && run.network_source == "hunting";
}

// Each machine has a reading of its own, so the next run goes on where this one's share ended.
void leave_to_later_runs(Run& run, std::size_t machines) {
  const std::int64_t left = run.state.number("fetch/users_not_asked");
  if (left == 0) return;
  const std::string share = run.budget.put_off(CallFamily::users, left);
  throw Error(ErrorKind::budget,
              std::to_string(left) + " of " + std::to_string(machines) +
                  " machines were not asked for their logon users: " +
                  (share.empty() ? "hunting does not know them (not seen for 30 days), so each "
                                   "takes a call; the next runs ask them, at most " +
                                       std::to_string(unknown_a_run(machines)) + " a run"
                                 : share));
}

void read_users(Run& run) {
  const auto machines =
      run.state.statement("fetch/users_due").bind("whole", run.whole ? 1 : 0).texts();
  if (machines.empty()) return;
  const std::string failure =
      by_hunting(run, machines.size()) ? ask_hunting(run, machines) : ask_api(run, machines);
  if (failure.empty()) return leave_to_later_runs(run, machines.size());
  Statement& failed = run.state.statement("fetch/users_failed");
  failed.step();
  const std::string text =
      std::to_string(failed.integer(0)) + " of " + std::to_string(machines.size()) +
      " machines did not tell their logon users, " + failed.text(1) + " first: " + failure;
  failed.reset();
  throw Error(ErrorKind::defender, text);
}

}  // namespace

void fetch_users(Run& run) {
  read_dataset(run, "users", run.whole, std::nullopt, [&] { read_users(run); });
  run.state.statement("fetch/users_give_up").run();
}

}  // namespace defender_car
