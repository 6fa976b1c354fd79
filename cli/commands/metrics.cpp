#include "cli/commands/metrics.h"

#include <spdlog/spdlog.h>

#include <cmath>
#include <fstream>
#include <optional>
#include <vector>

#include "audit/metrics_data.h"
#include "base/error.h"
#include "base/time.h"
#include "base/version.h"
#include "cli/output/text.h"
#include "cli/output/whole_file.h"

namespace defender_car {
namespace {

constexpr std::string_view kHead = "# HELP defender_car_build_info";

using Labels = std::vector<std::pair<const char*, std::string>>;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : valid_utf8(text)) {
    if (c == '\\' || c == '"') out += '\\';
    c == '\n' ? out += "\\n" : out += c;
  }
  return out + "\"";
}

class Metrics {
 public:
  explicit Metrics(Labels common) : common_(std::move(common)) {}

  /// Begins a metric; all are gauges.
  void metric(const std::string& name, const char* help) {
    name_ = "defender_car_" + name;
    text_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " gauge\n";
  }

  void sample(const Labels& labels, const std::string& value) {
    text_ += name_ + "{";
    bool first = true;
    for (const Labels* list : {&labels, static_cast<const Labels*>(&common_)}) {
      for (const auto& [label, text] : *list) {
        text_.append(first ? "" : ",").append(label).append("=").append(quoted(text));
        first = false;
      }
    }
    text_ += "} " + value + "\n";
  }
  void sample(const Labels& labels, std::int64_t value) { sample(labels, std::to_string(value)); }

  void one(const std::string& name, const char* help, std::optional<std::int64_t> value) {
    if (!value) return;
    metric(name, help);
    sample({}, *value);
  }

  void many(const std::string& name, const char* help, const char* label,
            const std::vector<MetricCount>& counts) {
    if (counts.empty()) return;
    metric(name, help);
    for (const MetricCount& count : counts) sample({{label, count.label}}, count.value);
  }

  const std::string& text() const { return text_; }

 private:
  Labels common_;
  std::string name_;
  std::string text_;
};

void add_state(Metrics& metrics, const MetricsData& data) {
  metrics.one("last_success_timestamp_seconds", "End of the last run with outcome done.",
              data.last_success);
  metrics.one("last_full_import_timestamp_seconds", "End of the last good full import.",
              data.last_full_import);
  metrics.one("consecutive_failures", "Last finished runs in a row that were not done.",
              data.consecutive_failures);
  metrics.many("dataset_complete", "Whether the last run that read it read all of it.", "dataset",
               data.dataset_complete);
  metrics.many("dataset_cursor_timestamp_seconds", "Read completely up to there.", "dataset",
               data.dataset_cursor);
  metrics.one("assets", "Assets that CAR has acknowledged.", data.assets);
  metrics.many("active_edges", "Active edges that CAR has acknowledged.", "collection",
               data.active_edges);
  metrics.one("outbox_operations", "Operations promised to CAR and not acknowledged yet.",
              data.outbox);
  metrics.many("held_back_operations", "Machines whose removals wait, by what of them.", "kind",
               data.held_back);
  metrics.one("records_set_aside", "Records of the last finished run that could not be used.",
              data.set_aside);
  metrics.many("calls_last_hour", "Calls to Defender within the last hour.", "family", data.calls);
  metrics.many("call_quota_hour", "Calls that Defender allows an hour.", "family", data.quotas);
  if (data.sent.empty()) return;
  metrics.metric("sent_operations", "What the last run sent to CAR.");
  for (const SentCount& sent : data.sent)
    metrics.sample({{"operation", std::string(kOperations.text(sent.operation))},
                    {"collection", sent.collection}},
                   sent.count);
}

std::string metrics_text(const SyncSettings& settings, int exit_code, double seconds) {
  Metrics metrics({{"tenant", settings.defender.tenant_id}, {"source", settings.car.source}});
  metrics.metric("build_info", "The program's version.");
  metrics.sample({{"version", kVersion}}, std::int64_t{1});
  metrics.one("last_run_timestamp_seconds", "When the last run ended.", system_now() / 1000);
  metrics.metric("last_run_duration_seconds", "How long it took.");
  metrics.sample({}, std::to_string(std::round(seconds * 1000) / 1000));
  metrics.one("last_run_exit_code", "Its exit code.", exit_code);
  try {
    add_state(metrics, read_metrics(settings.working_dir));
  } catch (const Error& error) {
    spdlog::debug("the metrics tell nothing of the state: {}", error.what());
  }
  return metrics.text();
}

/// A slip of the pen must not replace a file of others.
void check_target(const std::filesystem::path& file) {
  std::error_code fault;
  const auto there = std::filesystem::symlink_status(file, fault);
  if (there.type() == std::filesystem::file_type::not_found) return;
  std::string head(kHead.size(), '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (there.type() == std::filesystem::file_type::regular &&
      (head == kHead || stream.gcount() == 0))
    return;
  throw Error(ErrorKind::usage, printable(file.string()) +
                                    " holds something else than metrics of this program; name "
                                    "another file, or remove this one");
}

}  // namespace

void write_metrics(const std::filesystem::path& file, const SyncSettings& settings, int exit_code,
                   double seconds) {
  try {
    check_target(file);
    replace_file(file, metrics_text(settings, exit_code, seconds), 0644);
  } catch (const Error& error) {
    spdlog::warn("no metrics: {}", error.what());
  }
}

}  // namespace defender_car
