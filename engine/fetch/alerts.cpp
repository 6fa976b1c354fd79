#include "fetch/alerts.h"

#include <spdlog/spdlog.h>

#include <functional>
#include <optional>

#include "fetch/stage_table.h"
#include "run/dataset.h"
#include "run/guard.h"

namespace defender_car {
namespace {

constexpr int kReadings = 5;  // of a list that moves while it is read

constexpr const char* kGraphPermission = "SecurityAlert.Read.All";

std::string name_of(AlertsApi way) { return way == AlertsApi::graph ? "graph" : "defender"; }

std::string list_of(AlertsApi way) {
  return way == AlertsApi::graph ? "Graph's alerts_v2" : "Defender's /api/alerts";
}

AlertsApi known_way(Run& run) {
  return run.stored.get(StateSetting::alerts_api) == name_of(AlertsApi::graph)
             ? AlertsApi::graph
             : AlertsApi::defender;
}

// What a whole reading of alerts lacks is taken for gone, and what a window lacks never comes
// again; nobody is asked about single ones. While alerts come and go, an alert may be passed over
// in one reading after the other: but then others come that were not there before. A reading
// without any such ends it.
void read_until_nothing_is_new(Run& run, const std::function<ReadResult()>& read) {
  std::int64_t known = run.state.number("fetch/staged_alerts");
  for (int reading = 2; reading <= kReadings; ++reading) {
    read();
    const std::int64_t now = run.state.number("fetch/staged_alerts");
    if (now == known) return;
    known = now;
  }
  throw Error(
      ErrorKind::defender,
      "the list of alerts moves faster than it can be read: of " + std::to_string(kReadings) +
          " readings each had alerts that those before it lacked. The next run reads it again");
}

void begin_alerts(Run& run, bool whole, const std::optional<std::string>& since) {
  run.state.statement("fetch/begin_dataset")
      .bind("name", "alerts")
      .bind("whole", whole ? 1 : 0)
      .bind("since", since)
      .run();
}

/// False where the service says "none" by a 404.
bool read_by(Run& run, AlertsApi way) {
  const bool changed = way != known_way(run);
  const auto since = changed ? std::nullopt : window(run, "alerts", run.settings.row_overlap_hours);
  run.state.statement("fetch/forget_alerts").run();  // of a list that refused on the way
  begin_alerts(run, !since, since);
  run.alerts_api = name_of(way);
  // So an alert that was resolved meanwhile says so, and is not one that the new list lacks.
  const bool everything = changed && run.state.number("derive/open_alerts") > 0;
  StageTable alerts(run.state, "fetch/alert");
  const auto read = [&] {
    const ReadResult list =
        run.defender.read_alerts(way, {.since = since, .resolved_too = everything}, alerts);
    note_not_understood(run, "alerts", list);
    return list;
  };
  const ReadResult list = read();
  if (list.pages > 1) read_until_nothing_is_new(run, read);
  return !list.not_found;
}

void take_none(Run& run) {
  keep_cursor(run, "alerts");
  const bool whole = run.state.statement("fetch/is_whole").bind("name", "alerts").number() != 0;
  if (whole && run.state.number("derive/open_alerts") > 0)
    throw Error(ErrorKind::defender,
                "the whole alert list was answered by 404 while open alerts are known");
}

/// Whether auto may ask the other list after a refusal; where not, `why_not` says why.
bool may_ask(Run& run, AlertsApi other, bool sure, std::string& why_not) {
  if (other == AlertsApi::defender) return true;
  if (why_not = run.stored.get(StateSetting::alerts_differ); !why_not.empty()) return false;
  try {
    const auto roles = run.defender.graph_roles();
    if (roles ? roles->contains(kGraphPermission) : sure) return true;
    why_not = "the application's Graph token does not carry it";
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::authentication) throw;
    why_not = error.what();
  }
  return false;
}

void read_by_the_other(Run& run, AlertsApi other, ErrorKind kind, const std::string& refusal) {
  try {
    if (!read_by(run, other)) take_none(run);
  } catch (const ListRefused& error) {
    throw Error(kind, refusal + " And the other list: " + error.what());
  }
  run.warn("alerts are read from " + list_of(other) + " from now on, whole this time: " + refusal);
}

// A 404 may say that there are no alerts, or that the list is gone. It is there if it answers
// without a filter.
std::optional<std::string> refusal_by(Run& run, AlertsApi way, ErrorKind& kind) {
  try {
    if (read_by(run, way)) return std::nullopt;
  } catch (const ListRefused& error) {
    kind = error.kind();
    return error.what();
  }
  std::string why_not;
  if (way == AlertsApi::defender && may_ask(run, AlertsApi::graph, false, why_not) &&
      !run.defender.probe("alerts")) {
    kind = ErrorKind::defender;
    return list_of(way) + " answers 404, also without a filter.";
  }
  take_none(run);
  return std::nullopt;
}

void read_automatic(Run& run) {
  const AlertsApi way = known_way(run);
  ErrorKind kind = ErrorKind::defender;
  const auto refusal = refusal_by(run, way, kind);
  if (!refusal) return;
  const AlertsApi other = way == AlertsApi::graph ? AlertsApi::defender : AlertsApi::graph;
  std::string why_not;
  if (may_ask(run, other, true, why_not)) return read_by_the_other(run, other, kind, *refusal);
  throw Error(kind, *refusal + " Alerts can come from Graph's alerts_v2 instead: it needs " +
                        kGraphPermission + " (Microsoft Graph). Not asked now: " + why_not);
}

void read_alerts(Run& run) {
  const AlertsApi wanted = run.settings.alerts_api;
  if (wanted == AlertsApi::automatic) return read_automatic(run);
  if (!read_by(run, wanted)) take_none(run);
}

}  // namespace

void fetch_alerts(Run& run) {
  if (!run.settings.alerts) {
    begin_alerts(run, false, std::nullopt);
    return set_dataset_state(run, "alerts", DatasetState::excluded, "");
  }
  const AlertsApi before = known_way(run);
  const bool complete = read_dataset(run, "alerts", true, std::nullopt, [&] { read_alerts(run); });
  if (complete && run.alerts_api != name_of(before))
    hold_alerts_that_one_list_lacks(
        run, list_of(run.alerts_api == name_of(AlertsApi::graph) ? AlertsApi::graph
                                                                 : AlertsApi::defender));
}

}  // namespace defender_car
