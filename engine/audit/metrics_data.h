#pragma once
// What --metrics-file tells of a state file. Reads only, works beside a run.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run/report.h"

namespace defender_car {

struct MetricCount {
  std::string label;
  std::int64_t value = 0;
};

/// Times are seconds since the epoch, UTC; nothing where there was none yet.
struct MetricsData {
  std::optional<std::int64_t> last_success;
  std::optional<std::int64_t> last_full_import;
  std::int64_t consecutive_failures = 0;
  std::vector<MetricCount> dataset_complete;  ///< 0 or 1
  std::vector<MetricCount> dataset_cursor;
  std::int64_t assets = 0;
  std::vector<MetricCount> active_edges;  ///< by CAR's collection
  std::int64_t outbox = 0;
  std::vector<MetricCount> held_back;  ///< by aspect
  std::int64_t set_aside = 0;
  std::vector<SentCount> sent;  ///< by the last run
  std::vector<MetricCount> calls;
  std::vector<MetricCount> quotas;
};

/// Throws Error where there is no state that can be read.
MetricsData read_metrics(const std::filesystem::path& working_dir);

}  // namespace defender_car
