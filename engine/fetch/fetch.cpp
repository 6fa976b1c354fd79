#include "fetch/fetch.h"

#include <spdlog/spdlog.h>

#include <set>

#include "base/cancel.h"
#include "base/printable.h"
#include "fetch/alerts.h"
#include "fetch/columns.h"
#include "fetch/kql.h"
#include "fetch/machine_ids.h"
#include "fetch/stage_table.h"
#include "fetch/users.h"
#include "fetch/vulnerabilities.h"
#include "run/clock.h"
#include "run/dataset.h"
#include "run/guard.h"
#include "run/prepare.h"

namespace defender_car {
namespace {

std::string days_ago(Run& run, int days) {
  return run.state.statement("fetch/days_ago").bind("days", days).value().value_or("");
}

// Of a window the table holds only what tells something new.
void note_rows_read(Run& run, const char* dataset, std::int64_t records) {
  run.state.statement("fetch/rows_read").bind("name", dataset).bind("records", records).run();
}

// A list in pages moves while it is read: where an element goes, the first one of the next page is
// passed over. A second reading has it, since what has moved up once stands in the page before now.
// The next runs' windows read again what this one passed over, unless a window began so long ago
// that they will not reach back as far: then, as in a reading of everything, the list is read
// twice.
bool is_read_once(Run& run, const std::optional<std::string>& since) {
  return since && run.state.statement("fetch/is_recent")
                          .bind("since", *since)
                          .bind("hours", run.settings.machine_overlap_hours)
                          .number() != 0;
}

void read_machine_list(Run& run, const std::optional<std::string>& since) {
  StageTable machines(run.state, "fetch/machine", kMachineLists, since ? "fetch/machine_news" : "");
  const auto read = [&] {
    const ReadResult list = run.defender.read_pages(
        "machines", since ? "lastSeen ge " + *since : "", kMachineKeys, machines);
    note_not_understood(run, "machines", list);
    return list;
  };
  const ReadResult list = read();
  settle_clock(run);
  if (list.pages > 1 && !is_read_once(run, since)) read();
  if (!since) {
    if (list.not_found) {
      throw Error(ErrorKind::defender,
                  "the whole machine list was answered by 404 (no machines); that is not taken for "
                  "an empty tenant. Check "
                  "the application's device groups and run again");
    }
    return;
  }
  // Read whole at every run: what moves while it is read is there the next time.
  const ReadResult silent = run.defender.read_pages(
      "machines", "healthStatus eq 'Inactive' and lastSeen le " + days_ago(run, 15), kMachineKeys,
      machines);
  note_not_understood(run, "machines", silent);
  note_rows_read(run, "machines", list.records + silent.records);
  if (list.not_found || silent.not_found) keep_cursor(run, "machines");
}

// A list without one of these is no complete list, whatever its status says.
void look_for_canaries(Run& run, bool whole) {
  StageTable machines(run.state, "fetch/machine", kMachineLists);
  MachineIds ids(run.state);
  std::string missing;
  for (const std::string& id : run.settings.canaries) {
    const std::string& known = ids.canonical(id);
    const bool there = whole
                           ? run.state.statement("fetch/is_staged").bind("id", known).number() != 0
                           : run.defender.read_machine(known, kMachineKeys, machines);
    if (!there) missing += (missing.empty() ? "" : ", ") + printable(id, 100);
  }
  if (missing.empty()) return;
  throw Error(ErrorKind::defender,
              "Defender does not show the canary " + missing + " (--canary) " +
                  (whole ? "in the whole machine list" : "when asked for it by id (404)") +
                  ". Either the application lost its right to see a part of the tenant (device "
                  "groups, roles), or the machine is gone: then take it out of --canary");
}

// Only Defender's own 404 lets an asset go. One whose question is refused stays, and keeps nobody
// else; but more than 3 and 1 % are the service's failure.
void ask_by_id(Run& run, const std::vector<std::string>& machines) {
  const CallMeter::Last last(run.call_meter);
  StageTable rows(run.state, "fetch/machine", kMachineLists);
  const auto refusing = run.state.statement("fetch/refusing").bind("question", "machine").texts();
  const std::set<std::string> known(refusing.begin(), refusing.end());
  std::set<std::string> all = known;  // that refuse
  std::vector<std::pair<std::string, std::string>> refusals;
  std::int64_t asked = 0;
  for (const std::string& id : machines) {
    throw_if_cancelled();
    run.progress.report("asking for machines missing from the list", ++asked, std::ssize(machines));
    try {
      if (!run.defender.read_machine(id, kMachineKeys, rows))
        run.state.statement("fetch/gone").bind("id", id).run();
    } catch (const Error& error) {
      if (!may_be_one_records(error.kind())) throw;
      const bool first = all.insert(id).second;
      if (first && !are_few(all.size(), machines.size() + known.size())) throw;
      refusals.emplace_back(id, error.what());
    }
  }
  for (const auto& [id, problem] : refusals) note_refusal(run, "machine", id, problem);
}

void ask_for_missing_assets(Run& run) {
  const auto missing = run.state.statement("fetch/missing_assets").texts();
  if (missing.empty() || !deletes_allowed(run, missing)) return;
  ask_by_id(run, missing);
}

// No window shows them: they are asked for by id until Defender tells.
void ask_for_refusing_machines(Run& run) {
  run.state.statement("fetch/machines_refused_no_more").run();
  ask_by_id(run, run.state.statement("fetch/refusing_machines").texts());
}

void ask_machines_by_id(Run& run, bool whole) {
  try {
    whole ? ask_for_missing_assets(run) : ask_for_refusing_machines(run);
  } catch (const Error& error) {
    if (!is_defender_failure(error.kind())) throw;
    // They stay, and the next run reads the whole list anew.
    set_dataset_state(run, "machines", DatasetState::held, error.what());
    fail_or_put_off(run, error, "machines missing from the list could not all be asked for: ");
  }
  run.state.statement("fetch/machines_refused_no_more").run();
  run.state.statement("fetch/note_refused_machines").run();
  warn_of_refusals(run, "machine", "machines by id that are missing from the list,");
}

// The questions that follow (whose users are due, whose software) look at the staged machines.
void read_nothing_as_nothing(Run& run) {
  Transaction transaction(run.state);
  run.state.run_script("schema/phase/08_nothing.sql");
  transaction.commit();
}

void fetch_machines(Run& run) {
  auto since = window(run, "machines", run.settings.machine_overlap_hours);
  const auto read = [&] {
    return read_dataset(run, "machines", !since, since, [&] {
      read_machine_list(run, since);
      look_for_canaries(run, !since);
    });
  };
  bool complete = read();
  // The window's own answer was the first to tell Defender's clock.
  if (complete && since && !window(run, "machines", run.settings.machine_overlap_hours)) {
    run.warn("the last run's time lies ahead of Defender's clock (" + run.now +
             "): everything is read anew");
    since.reset();
    complete = read();
  }
  if (!complete) {
    throw Error(
        run.report.failure.value_or(ErrorKind::budget),
        "the machine list is not complete, so nothing is sent in this run: " +
            run.state.statement("fetch/problem").bind("name", "machines").value().value_or(""));
  }
  const bool understood =
      run.state.statement("fetch/not_understood_in").bind("name", "machines").number() == 0;
  // Where nobody sees the warning: status shows it beside the list that the clock belongs to.
  if (!run.clock_problem.empty() && understood)
    set_dataset_state(run, "machines", DatasetState::complete, run.clock_problem);
  if (!since && (!understood || hold_if_empty(run, "machines"))) return;
  ask_machines_by_id(run, !since);
}

std::string network_query(const std::string& since, int shards, int shard) {
  return "DeviceNetworkInfo | where " + since + shard_filter("DeviceId", shards, shard) +
         " | summarize arg_max(Timestamp, IPAddresses, NetworkAdapterStatus) by DeviceId, "
         "NetworkAdapterName, MacAddress";
}

void hunt_network(Run& run, const std::optional<std::string>& since) {
  const std::string begin =
      since ? "Timestamp >= datetime(" + *since + ")" : "Timestamp >= ago(30d)";
  StageTable rows(run.state, since ? "fetch/network_news" : "fetch/network", kNetworkAddresses);
  const ReadResult read =
      run.defender.hunt({"DeviceNetworkInfo", kNetworkColumns, kNetworkOptional},
                        {.query = [&](std::size_t, int shards,
                                      int shard) { return network_query(begin, shards, shard); },
                         .expected_rows = since ? 0 : run.state.number("fetch/network_rows")},
                        rows);
  note_not_understood(run, "network", read);
  if (since) note_rows_read(run, "network", read.records);
}

void use_network_source(Run& run, NetworkSource source) {
  run.network_source = source;
  run.state.statement("fetch/set_network_source")
      .bind("network_source", kNetworkSources(source))
      .run();
}

void use_machines_for_network(Run& run) {
  use_network_source(run, NetworkSource::machines);
  begin_dataset(run, "network", false, std::nullopt);
  set_dataset_state(run, "network", DatasetState::complete, "");
}

// Decided at the first full import and kept; where hunting begins to answer later, auto goes over
// to it.
void try_hunting(Run& run) {
  try {
    begin_dataset(run, "network", true, std::nullopt);
    hunt_network(run, std::nullopt);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::forbidden && error.kind() != ErrorKind::bad_data) throw;
    if (run.stored.get(StateSetting::network_source).empty()) {
      run.warn("hunting is not to be had (" + std::string(error.what()) +
               "); networks come from the machine list, vulnerabilities from the export");
    }
    return use_machines_for_network(run);
  }
  if (!run.stored.get(StateSetting::network_source).empty())
    run.warn("hunting answers now: networks and vulnerabilities are read whole");
  use_network_source(run, NetworkSource::hunting);
}

void fetch_network(Run& run) {
  if (run.settings.network_source == NetworkSource::machines) return use_machines_for_network(run);
  const bool changed =
      run.stored.get(StateSetting::network_source) != kNetworkSources(NetworkSource::hunting);
  const auto since = changed ? std::optional<std::string>()
                             : window(run, "network", run.settings.row_overlap_hours);
  read_dataset(run, "network", !since, since, [&] {
    if (run.settings.network_source == NetworkSource::automatic && changed) {
      return try_hunting(run);
    }
    use_network_source(run, NetworkSource::hunting);
    try {
      hunt_network(run, since);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::forbidden) throw;
      throw Error(error.kind(),
                  std::string(error.what()) +
                      "; a tenant without hunting can use --network-source machines instead");
    }
  });
}

// `status` warns of them when their end is near.
void note_retiring(Run& run) {
  std::string used;
  for (const std::string& service : run.defender.retiring_used())
    used += (used.empty() ? "" : " ") + service;
  if (used == run.stored.get(StateSetting::retiring_used)) return;
  used.empty() ? run.stored.unset(StateSetting::retiring_used)
               : run.stored.set(StateSetting::retiring_used, used);
}

// Where the calls do not suffice for all, the datasets that matter most have been read; the rest by
// age.
void fetch_datasets(Run& run) {
  {
    PhaseClock clock(run.report, "fetch machines");  // a part of `fetch`, for scripts/bench
    fetch_machines(run);
    read_nothing_as_nothing(run);
  }
  fetch_alerts(run);
  fetch_network(run);
  {
    const CallMeter::Last last(run.call_meter);
    for (const std::string& name : run.state.statement("fetch/rest_by_age").texts())
      name == "users" ? fetch_users(run) : fetch_vulnerabilities(run);
  }
  for (const char* dataset : {"network", "alerts", "vulnerabilities", "knowledge_base"})
    hold_if_empty(run, dataset);
  note_retiring(run);
}

}  // namespace

void fetch(Run& run) {
  try {
    fetch_datasets(run);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted || !deadline_passed()) throw;
    throw Error(ErrorKind::unreachable,
                std::string("Defender did not answer all questions in time: ") + error.what());
  }
}

}  // namespace defender_car
