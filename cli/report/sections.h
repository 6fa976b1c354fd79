#pragma once
// The parts of the page, in its order. Each writes one element.

#include "audit/report_data.h"
#include "cli/report/html.h"

namespace defender_car {

/// The state of the sync, in a word, a sentence and a colour.
void headline(Html& html, const ReportData& data);
void key_figures(Html& html, const ReportData& data);

void runs_section(Html& html, const ReportData& data);
void trouble_section(Html& html, const ReportData& data);
void removals_section(Html& html, const ReportData& data);
void leaving_section(Html& html, const ReportData& data);
void fleet_section(Html& html, const ReportData& data);
void alerts_section(Html& html, const ReportData& data);
void vulnerabilities_section(Html& html, const ReportData& data);
void set_aside_section(Html& html, const ReportData& data);

/// <section> with its heading; the caller closes it.
void open_section(Html& html, const char* id, const char* title);

}  // namespace defender_car
