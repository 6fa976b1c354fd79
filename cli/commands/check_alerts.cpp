#include "cli/commands/check_alerts.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>

#include "audit/state.h"
#include "base/printable.h"
#include "base/progress.h"
#include "run/lifecycle.h"

namespace defender_car {
namespace {

using Ids = std::set<std::string>;

class IdSink final : public PageSink {
 public:
  void begin() override {}
  void record(std::span<const Field> fields) override {
    if (fields.front().type == Field::Type::text) ids.insert(fields.front().text);
  }
  void keep() override {}
  void drop() override {}

  Ids ids;
};

std::string first_ones(const Ids& ids) {
  std::string text;
  int shown = 0;
  for (const std::string& id : ids) {
    if (++shown > 3) return text + " …";
    text += (text.empty() ? "" : ", ") + printable(id, 200);
  }
  return text;
}

Ids without(const Ids& ids, const Ids& others) {
  Ids rest;
  std::set_difference(ids.begin(), ids.end(), others.begin(), others.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

class Check {
 public:
  Check(const SyncSettings& settings, HttpClient& http, DefenderClient& client,
        const OnCheck& on_check, const AskList& ask)
      : settings_(settings), http_(http), client_(client), on_check_(on_check), ask_(ask) {}

  // Graph first: what it shows has come to Defender's list by then.
  bool run() {
    const bool only_graph = settings_.alerts_api == AlertsApi::graph;
    const auto by_graph = ids(AlertsApi::graph, "Graph alerts_v2", only_graph);
    if (only_graph) return false;
    const auto by_defender = ids(AlertsApi::defender, "Defender /api/alerts", !by_graph);
    if (by_graph && by_defender) compare(*by_graph, *by_defender);
    return by_defender && stored(StateSetting::alerts_api) != "graph";
  }

 private:
  std::optional<Ids> ids(AlertsApi way, const std::string& list, bool needed) {
    IdSink sink;
    if (!ask_(list, needed, way, [&] { client_.read_alerts(way, {}, sink); })) return std::nullopt;
    return std::move(sink.ids);
  }

  void compare(const Ids& graph, const Ids& defender) {
    const std::string name = "alerts by both lists";
    const Ids only_graph = without(graph, defender);
    const Ids only_defender = without(defender, graph);
    if (!only_graph.empty()) {
      const std::string what = "they differ: of " + std::to_string(graph.size()) +
                               " open alerts in Graph's alerts_v2 " +
                               std::to_string(only_graph.size()) + " are not in Defender's list (" +
                               std::to_string(defender.size()) + "): " + first_ones(only_graph);
      on_check_({name,
                 CheckState::warning,
                 what,
                 "an alert with another id would stand in CAR twice, so --alerts-api auto stays "
                 "with Defender's list; look at these alerts, then run check again",
                 {}});
      return note(what);
    }
    note("");
    if (only_defender.empty()) return on_check_({name, CheckState::ok, "the same ids", "", {}});
    on_check_({name,
               CheckState::warning,
               "Graph's alerts_v2 lacks " + std::to_string(only_defender.size()) + " of " +
                   std::to_string(defender.size()) +
                   " open alerts in Defender's list: " + first_ones(only_defender),
               "Graph does not show alerts that tuning suppresses or that belong to no incident; "
               "after a change of the list a guard withholds their removal",
               {}});
  }

  bool has_state() const {
    return std::filesystem::exists(WorkingDir{settings_.working_dir}.state());
  }

  std::string stored(StateSetting name) const {
    if (!has_state()) return "";
    Database state = open_state(WorkingDir{settings_.working_dir});
    return StateSettings(state).get(name);
  }

  /// For the next runs; where there was none yet, nothing can go over from one list to the other.
  void note(const std::string& what) {
    try {
      if (!has_state() || stored(StateSetting::alerts_differ) == what) return;
      SilentProgress progress;
      with_run(settings_, http_, progress, [&](Run& run, const WorkingDir&, StateLock&) {
        what.empty() ? run.stored.unset(StateSetting::alerts_differ)
                     : run.stored.set(StateSetting::alerts_differ, what);
      });
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::interrupted) throw;
      on_check_({"note on the lists of alerts",
                 CheckState::warning,
                 "not written into the state file: " + std::string(e.what()),
                 "run check again, or set --alerts-api defender",
                 {}});
    }
  }

  const SyncSettings& settings_;
  HttpClient& http_;
  DefenderClient& client_;
  const OnCheck& on_check_;
  const AskList& ask_;
};

}  // namespace

bool check_alerts(const SyncSettings& settings, HttpClient& http, DefenderClient& client,
                  const OnCheck& on_check, const AskList& ask) {
  return Check(settings, http, client, on_check, ask).run();
}

}  // namespace defender_car
