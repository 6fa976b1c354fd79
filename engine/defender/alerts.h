#pragma once
// Alerts by either of their two ways, with one shape of record: Defender's own list and Graph's
// alerts_v2. Facts: docs/services/defender.md.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "defender/defender_client.h"

namespace defender_car {

/// The fields of an alert, by Defender's names.
inline constexpr std::array<std::string_view, 10> kAlertKeys = {
    "id",     "machineId",         "title",          "description",    "severity",
    "status", "alertCreationTime", "firstEventTime", "lastUpdateTime", "resolvedTime"};

/// The fields that are asked of Graph's records.
inline constexpr std::array<std::string_view, 10> kGraphAlertKeys = {"id",
                                                                     "evidence",
                                                                     "title",
                                                                     "description",
                                                                     "severity",
                                                                     "status",
                                                                     "createdDateTime",
                                                                     "firstActivityDateTime",
                                                                     "lastUpdateDateTime",
                                                                     "resolvedDateTime"};

/// One record with kGraphAlertKeys becomes one with kAlertKeys. A value of a wrong type stays one;
/// so does a machine that cannot be read out of the evidence.
void read_graph_alert(std::span<Field> fields);

/// `$filter` for what is wanted of either list.
std::string defender_alerts_filter(const AlertsWanted& wanted);
std::string graph_alerts_filter(const AlertsWanted& wanted);

/// Hands Graph's records on as Defender's.
class GraphAlertSink final : public PageSink {
 public:
  explicit GraphAlertSink(PageSink& sink) : sink_(sink) {}

  void begin() override { sink_.begin(); }
  void record(std::span<const Field> fields) override;
  void keep() override { sink_.keep(); }
  void drop() override { sink_.drop(); }

 private:
  PageSink& sink_;
};

}  // namespace defender_car
