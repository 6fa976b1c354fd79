#include "audit/metrics_data.h"

#include "audit/history.h"
#include "audit/state.h"

namespace defender_car {
namespace {

std::vector<MetricCount> counts(Statement& query) {
  std::vector<MetricCount> found;
  while (query.step()) found.push_back({query.text("label"), query.integer("value")});
  return found;
}

std::optional<std::int64_t> time_of(Database& state, const char* name) {
  const auto text = state.statement(name).value();
  if (!text || text->empty()) return std::nullopt;
  return std::stoll(*text);
}

}  // namespace

MetricsData read_metrics(const std::filesystem::path& working_dir) {
  const WorkingDir folder{working_dir};
  Database state = open_state(folder);
  require_written(state);
  const Status status = read_status(state, folder);
  MetricsData data;
  data.last_success = time_of(state, "metrics/last_success");
  data.last_full_import = time_of(state, "metrics/last_full_import");
  data.consecutive_failures = state.number("verdict/consecutive_failures");
  data.dataset_complete = counts(state.statement("metrics/dataset_complete"));
  data.dataset_cursor = counts(state.statement("metrics/dataset_cursor"));
  data.assets = status.assets;
  data.active_edges = counts(state.statement("metrics/active_edges"));
  data.outbox = status.outbox;
  data.held_back = counts(state.statement("metrics/held_back"));
  data.set_aside = status.set_aside;
  if (status.last_run) data.sent = status.last_run->sent;
  for (const CallCount& count : status.calls) {
    data.calls.push_back({count.family, count.last_hour});
    data.quotas.push_back({count.family, count.hour_quota});
  }
  return data;
}

}  // namespace defender_car
