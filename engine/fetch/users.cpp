#include "fetch/users.h"

#include <algorithm>

#include "base/cancel.h"
#include "fetch/columns.h"
#include "fetch/kql.h"
#include "fetch/stage_table.h"
#include "run/dataset.h"

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

void mark_asked(Run& run, const std::vector<std::string>& machines, LogonSource source) {
  Transaction transaction(run.state);
  for (const std::string& machine : machines) {
    run.state.statement("fetch/ask_users")
        .bind("machine", machine)
        .bind("source", kLogonSources(source))
        .run();
  }
  transaction.commit();
}

// Completeness is per machine: this one keeps its users, and is asked again at the next run.
void note_machine_not_understood(Run& run, const std::string& machine, const std::string& what) {
  run.state.statement("fetch/users_not_understood").bind("machine", machine).bind("count", 1).run();
  note_not_understood(run, "users", 1, what);
}

// Whose users it was that hunting's answer did not say is not known.
void note_hunt_not_understood(Run& run, const ReadResult& read) {
  if (read.not_understood == 0) return;
  run.state.statement("fetch/hunted_users_not_understood").bind("count", read.not_understood).run();
  note_not_understood(run, "users", read);
}

/// The users of one machine after the other.
class ApiReading {
 public:
  explicit ApiReading(Run& run) : run_(run), users_(run.state, "fetch/user") {}

  void ask(const std::vector<std::string>& machines) {
    mark_asked(run_, machines, LogonSource::api);
    for (std::size_t at = 0; at < machines.size() && !ended_; at += kMachinesATime) {
      // 1,500 calls an hour are allowed: a large fleet needs several runs, and each shall deliver.
      if (deadline_half_over()) return fail("half of the run's time (--deadline) has gone by");
      const auto part =
          std::span(machines).subspan(at, std::min(kMachinesATime, machines.size() - at));
      run_.defender.read_logon_users(
          {part.begin(), part.end()}, kUserKeys, users_,
          [&](const std::string& machine) { users_.set_first(machine); },
          [&](const std::string& machine, AskOutcome outcome, const std::string& why) {
            take(machine, outcome, why);
            run_.progress.report("asking for logon users", asked_, std::ssize(machines));
          });
    }
  }

  /// Returns the words of the first failure, "" when there was none.
  std::string judge() {
    ask_another();
    const bool few =
        run_.state.statement("fetch/users_refusals_are_few").bind("asked", asked_).number() != 0;
    if (!few || (!is_there_ && refused_first() > 0)) {
      run_.state.statement("fetch/users_refusals_fail").run();
      fail(refusal_);
    } else {
      note_refusals();
    }
    return failure_;
  }

 private:
  void take(const std::string& machine, AskOutcome outcome, const std::string& why) {
    if (outcome == AskOutcome::not_asked || outcome == AskOutcome::not_now) {
      ended_ = true;
      if (outcome == AskOutcome::not_now) fail(why);
      return;
    }
    ++asked_;
    const bool read = outcome == AskOutcome::ok || outcome == AskOutcome::partly;
    is_there_ |=
        read || outcome == AskOutcome::not_found || outcome == AskOutcome::refused_for_good;
    if (outcome == AskOutcome::partly) note_machine_not_understood(run_, machine, why);
    const char* state = read                               ? "read"
                        : outcome == AskOutcome::not_found ? "absent"
                        : outcome == AskOutcome::failed    ? "failed"
                                                           : "refused";
    if (outcome == AskOutcome::failed) fail(why);
    if (!read && refusal_.empty()) refusal_ = why;
    run_.state.statement("fetch/users_state")
        .bind("machine", machine)
        .bind("state", state)
        .bind("problem", why.empty() ? std::optional<std::string>() : why)
        .run();
  }

  void fail(const std::string& why) {
    if (failure_.empty()) failure_ = why;
  }

  std::int64_t refused_first() { return run_.state.number("fetch/users_refused_first"); }

  // A few machines were asked and all refuse, maybe since nothing answers today: one more tells.
  void ask_another() {
    if (is_there_ || ended_ || refused_first() == 0) return;
    const auto other = run_.state.statement("fetch/users_control").value();
    if (other) ask({*other});
  }

  // They are asked less and less often.
  void note_refusals() {
    Statement& query = run_.state.statement("fetch/users_refused");
    std::vector<std::pair<std::string, std::string>> refused;
    while (query.step()) refused.emplace_back(query.text(0), query.text(1));
    Transaction transaction(run_.state);
    for (const auto& [machine, problem] : refused) note_refusal(run_, "users", machine, problem);
    transaction.commit();
  }

  Run& run_;
  StageTable users_;
  std::int64_t asked_ = 0;
  bool is_there_ = false;  ///< some answer told that the service does its work
  bool ended_ = false;     ///< nobody else is asked in this run
  std::string refusal_;    ///< the first one
  std::string failure_;
};

// Those that did not tell give way to others at the next run.
void note_unanswered(Run& run) {
  Transaction transaction(run.state);
  for (const char* statement :
       {"fetch/users_answered", "fetch/users_unanswered", "fetch/users_still_absent",
        "fetch/users_still_refusing", "fetch/users_refused_no_more"})
    run.state.statement(statement).run();
  transaction.commit();
}

// Of those that are marked as to be asked, `most` at the most.
std::string ask_api(Run& run, std::size_t most) {
  run.state.statement("fetch/users_refuse_still").run();
  auto machines = run.state.statement("fetch/users_left").texts();
  machines.resize(std::min(machines.size(), most));
  ApiReading reading(run);
  reading.ask(machines);
  std::string failure = reading.judge();
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
  ReadResult read = run.defender.hunt(
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
  note_hunt_not_understood(run, read);
  StageTable logons(run.state, "fetch/user");
  read = run.defender.hunt(
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
  note_hunt_not_understood(run, read);
}

std::string ask_each(Run& run, const std::vector<std::string>& machines) {
  mark_asked(run, machines, LogonSource::api);
  return ask_api(run, machines.size());
}

// Without one of the tables hunting does not tell all users: the API does.
std::string ask_each_without(Run& run, const std::vector<std::string>& machines,
                             const NoTable& error) {
  if (run.settings.logon_source == LogonSource::hunting)
    throw Error(error.kind(),
                std::string(error.what()) + "; --logon-source api asks for each machine's users");
  run.warn(std::string("hunting cannot tell logon users, so each machine is asked for its own: ") +
           error.what());
  run.state.statement("fetch/users_forget_hunted").run();
  run.state.statement("fetch/users_forget_devices").run();
  return ask_each(run, machines);
}

std::string ask_hunting(Run& run, const std::vector<std::string>& machines) {
  mark_asked(run, machines, LogonSource::hunting);
  try {
    hunt_users(run, machines.size() > kMachinesByName ? std::vector<std::string>() : machines,
               machines.size());
  } catch (const NoTable& error) {
    return ask_each_without(run, machines, error);
  }
  run.state.statement("fetch/users_by_hunting").run();
  // Not seen for 30 days: hunting no longer knows them.
  run.state.statement("fetch/users_forget_known").run();
  run.state.statement("fetch/users_forget_left").run();
  return ask_api(run, unknown_a_run(machines.size()));
}

bool by_hunting(const Run& run, std::size_t machines) {
  if (run.settings.logon_source != LogonSource::automatic)
    return run.settings.logon_source == LogonSource::hunting;
  return machines > kMachinesByApi && run.network_source == NetworkSource::hunting;
}

// Each machine has a reading of its own, so the next run goes on where this one's share ended.
void leave_to_later_runs(Run& run, std::size_t machines) {
  const std::int64_t left = run.state.number("fetch/users_not_asked");
  if (left == 0) return;
  const std::string share = run.call_meter.put_off(CallFamily::users, left);
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
      by_hunting(run, machines.size()) ? ask_hunting(run, machines) : ask_each(run, machines);
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
  warn_of_refusals(run, "users", "the logon users of machines");
}

}  // namespace defender_car
