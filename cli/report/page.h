#pragma once
// This folder has the HTML page of `report`, its sections, charts and tables.
//
// The page that `report` writes: one HTML file that needs nothing from anywhere, no script
// included.

#include <string>
#include <string_view>

#include "audit/report_data.h"

namespace defender_car {

/// By which a later page knows this one in its place.
inline constexpr std::string_view page_title = "Defender to CAR: state of the sync";

std::string report_page(const ReportData& data);

/// The same data as JSON: docs/json/report.schema.json.
std::string report_document(const ReportData& data);

}  // namespace defender_car
