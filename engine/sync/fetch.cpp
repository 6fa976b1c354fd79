#include "sync/fetch.h"

#include <spdlog/spdlog.h>

#include <cstdlib>

#include "base/cancel.h"
#include "base/printable.h"
#include "sync/columns.h"
#include "sync/dataset.h"
#include "sync/fetch_users.h"
#include "sync/fetch_vulnerabilities.h"
#include "sync/guard.h"
#include "sync/hunting_query.h"
#include "sync/phases.h"
#include "sync/stage.h"

namespace defender_car {
namespace {

// The run's "now" is Defender's, so that a wrong clock here removes nothing.
void settle_clock(Run& run) {
  if (!run.now.empty()) return;
  const EpochMs here = system_now();
  const EpochMs there = run.defender.server_date().value_or(here);
  run.now = iso8601(there);
  run.state.statement("fetch/set_now").bind("now", run.now).run();
  run.state.statement("run/clock")
      .bind("clock_at", run.now)
      .bind("run_id", run.report.run_id)
      .run();
  if (std::llabs(here - there) > 5 * 60'000) {
    run.warn("this machine's clock (" + iso8601(here) +
             ") is more than five minutes off Defender's (" + run.now + "); Defender's is used");
  }
}

std::string days_ago(Run& run, int days) {
  return run.state.statement("fetch/days_ago").bind("days", days).value().value_or("");
}

// Of a window the table holds only what tells something new.
void note_rows_read(Run& run, const char* dataset, std::int64_t records) {
  run.state.statement("fetch/rows_read").bind("name", dataset).bind("records", records).run();
}

void read_machine_list(Run& run, const std::optional<std::string>& since) {
  StageTable machines(run.state, since ? "fetch/machine_news" : "fetch/machine", kIpAddresses);
  const ReadResult list = run.defender.read_pages("machines", since ? "lastSeen ge " + *since : "",
                                                  kMachineKeys, machines);
  settle_clock(run);
  if (!since) {
    if (list.not_found) {
      throw Error(ErrorKind::defender,
                  "the whole machine list was answered by 404 (no machines); that is not taken for "
                  "an empty tenant. Check "
                  "the application's device groups and run again");
    }
    return;
  }
  const ReadResult silent = run.defender.read_pages(
      "machines", "healthStatus eq 'Inactive' and lastSeen le " + days_ago(run, 15), kMachineKeys,
      machines);
  note_rows_read(run, "machines", list.records + silent.records);
  if (list.not_found || silent.not_found) keep_cursor(run, "machines");
}

// A list without one of these is no complete list, whatever its status says.
void look_for_canaries(Run& run, bool whole) {
  StageTable machines(run.state, "fetch/machine", kIpAddresses);
  std::string missing;
  for (const std::string& id : run.settings.canaries) {
    const bool there = whole ? run.state.statement("fetch/is_staged").bind("id", id).number() != 0
                             : run.defender.read_machine(id, kMachineKeys, machines);
    if (!there) missing += (missing.empty() ? "" : ", ") + printable(id, 100);
  }
  if (missing.empty()) return;
  throw Error(ErrorKind::defender,
              "Defender does not show the canary " + missing + " (--canary) " +
                  (whole ? "in the whole machine list" : "when asked for it by id (404)") +
                  ". Either the application lost its right to see a part of the tenant (device "
                  "groups, roles), or the machine is gone: then take it out of --canary");
}

// An asset that a full list does not name is asked for by id: only 404 lets it go.
void ask_for_missing_assets(Run& run) {
  const auto missing = run.state.statement("fetch/missing_assets").texts();
  if (missing.empty() || !deletes_allowed(run, missing)) return;
  const Budget::Last last(run.budget);
  StageTable machines(run.state, "fetch/machine", kIpAddresses);
  std::int64_t asked = 0;
  for (const std::string& id : missing) {
    throw_if_cancelled();
    run.progress.report("asking for machines missing from the list", ++asked, std::ssize(missing));
    if (!run.defender.read_machine(id, kMachineKeys, machines)) {
      run.state.statement("fetch/gone").bind("id", id).run();
    }
  }
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
  read_nothing_as_nothing(run);
  if (since || hold_if_empty(run, "machines")) return;
  try {
    ask_for_missing_assets(run);
    read_nothing_as_nothing(run);
  } catch (const Error& error) {
    if (!is_defender_failure(error.kind())) throw;
    // They stay, and the next run reads the whole list anew.
    set_dataset_state(run, "machines", "held", error.what());
    fail_or_put_off(run, error, "machines missing from the list could not all be asked for: ");
  }
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
  if (since) note_rows_read(run, "network", read.records);
}

void use_machines_for_network(Run& run) {
  run.network_source = "machines";
  run.state.statement("fetch/set_network_source").bind("network_source", "machines").run();
  run.state.statement("fetch/begin_dataset")
      .bind("name", "network")
      .bind("whole", 0)
      .bind("since", nullptr)
      .run();
  set_dataset_state(run, "network", "complete", "");
}

// Decided at the first full import and kept; where hunting begins to answer later, auto goes over
// to it.
bool try_hunting(Run& run) {
  try {
    run.state.statement("fetch/begin_dataset")
        .bind("name", "network")
        .bind("whole", 1)
        .bind("since", nullptr)
        .run();
    hunt_network(run, std::nullopt);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::forbidden && error.kind() != ErrorKind::bad_data) throw;
    if (run.setting("network_source").empty()) {
      run.warn("hunting is not to be had (" + std::string(error.what()) +
               "); networks come from the machine list, vulnerabilities from the export");
    }
    use_machines_for_network(run);
    return false;
  }
  if (!run.setting("network_source").empty())
    run.warn("hunting answers now: networks and vulnerabilities are read whole");
  run.network_source = "hunting";
  run.state.statement("fetch/set_network_source").bind("network_source", "hunting").run();
  return true;
}

void fetch_network(Run& run) {
  if (run.settings.network_source == NetworkSource::machines) return use_machines_for_network(run);
  const std::string chosen = run.setting("network_source");
  const bool changed = chosen != "hunting";
  const auto since = changed ? std::optional<std::string>()
                             : window(run, "network", run.settings.row_overlap_hours);
  read_dataset(run, "network", !since, since, [&] {
    if (run.settings.network_source == NetworkSource::automatic && changed) {
      try_hunting(run);
      return;
    }
    run.network_source = "hunting";
    run.state.statement("fetch/set_network_source").bind("network_source", "hunting").run();
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

void fetch_alerts(Run& run) {
  if (!run.settings.alerts) {
    run.state.statement("fetch/begin_dataset")
        .bind("name", "alerts")
        .bind("whole", 0)
        .bind("since", nullptr)
        .run();
    return set_dataset_state(run, "alerts", "excluded", "");
  }
  const auto since = window(run, "alerts", run.settings.row_overlap_hours);
  read_dataset(run, "alerts", !since, since, [&] {
    StageTable alerts(run.state, "fetch/alert");
    const auto read = [&] {
      return run.defender.read_pages("alerts",
                                     since ? "lastUpdateTime ge " + *since : "status ne 'Resolved'",
                                     kAlertKeys, alerts);
    };
    const ReadResult list = read();
    // Pages are counted off a list that moves: where an alert is resolved meanwhile, the first one
    // of the next page is passed over. What is taken for gone must be missing twice.
    if (!since && list.pages > 1) read();
    if (!list.not_found) return;
    keep_cursor(run, "alerts");
    if (!since && run.state.number("derive/open_alerts") > 0) {
      throw Error(ErrorKind::defender,
                  "the whole alert list was answered by 404 while open alerts are known");
    }
  });
}

}  // namespace

// What matters first comes first, where not all can be had; the rest by age.
void fetch(Run& run) {
  {
    PhaseClock clock(run.report, "fetch machines");  // a part of `fetch`, for scripts/bench
    fetch_machines(run);
  }
  fetch_alerts(run);
  fetch_network(run);
  {
    const Budget::Last last(run.budget);
    for (const std::string& name : run.state.statement("fetch/rest_by_age").texts())
      name == "users" ? fetch_users(run) : fetch_vulnerabilities(run);
  }
  for (const char* dataset : {"network", "alerts", "vulnerabilities", "knowledge_base"})
    hold_if_empty(run, dataset);
}

}  // namespace defender_car
