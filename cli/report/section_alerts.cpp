// Open alerts: how many, how old, on which machines.

#include "cli/output/words.h"
#include "cli/report/chart.h"
#include "cli/report/sections.h"
#include "cli/report/table.h"

namespace defender_car {
namespace {

using Kind = Column::Kind;

void by_severity(Html& html, const ReportData& data) {
  const auto real = [](std::int64_t number) { return static_cast<double>(number); };
  Chart chart{"alerts-chart", "Open alerts by severity and age",
              "One bar a severity, the worst first; the table below has the numbers."};
  Table numbers{"alerts-table",
                "Open alerts by severity and age",
                {{"Severity"},
                 {"Open", Kind::number},
                 {"Under a day", Kind::number},
                 {"Under a week", Kind::number},
                 {"Under 30 days", Kind::number},
                 {"Older", Kind::number},
                 {"In CAR", Kind::number}},
                {},
                data.open_alerts.total};
  for (const OpenAlerts& row : data.open_alerts.rows) {
    chart.bars.push_back({row.severity,
                          "",
                          {{"critical", real(row.older)},
                           {"high", real(row.month)},
                           {"medium", real(row.week)},
                           {"low", real(row.day)}},
                          grouped(row.alerts)});
    numbers.rows.push_back({row.severity, grouped(row.alerts), grouped(row.day), grouped(row.week),
                            grouped(row.month), grouped(row.older), grouped(row.in_car)});
  }
  chart.legend = {{"critical", "30 days or older"},
                  {"high", "under 30 days"},
                  {"medium", "under a week"},
                  {"low", "under a day"}};
  bar_chart(html, chart);
  folded_table(html, numbers);
}

void machines(Html& html, const ReportData& data) {
  Table most{
      "alert-machines-table",
      "Machines with most open alerts",
      {{"Machine"}, {"Open", Kind::number}, {"High", Kind::number}, {"Last news", Kind::brief}},
      {},
      data.alert_machines.total};
  for (const AlertMachine& row : data.alert_machines.rows) {
    most.rows.push_back({row.name.empty() ? row.machine : row.name, grouped(row.alerts),
                         grouped(row.high), moment(row.last_update)});
  }
  table(html, most);
}

}  // namespace

void alerts_section(Html& html, const ReportData& data) {
  open_section(html, "alerts", "Open alerts");
  if (data.open_alerts.rows.empty()) {
    html.element("p", "None are known. --alerts false leaves them out.", {{"class", "empty"}});
    return html.close();
  }
  by_severity(html, data);
  if (!data.alert_machines.rows.empty()) machines(html, data);
  html.close();
}

}  // namespace defender_car
