#pragma once
// The page that `report` writes: one HTML file that needs nothing from anywhere, no script
// included.

#include <string>

#include "audit/report_data.h"

namespace defender_car {

std::string report_page(const ReportData& data);

/// The same data as JSON: docs/json/report.schema.json.
std::string report_document(const ReportData& data);

}  // namespace defender_car
