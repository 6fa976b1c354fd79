// The fleet, and the vulnerabilities on it.

#include "cli/output/words.h"
#include "cli/report/chart.h"
#include "cli/report/sections.h"
#include "cli/report/table.h"

namespace defender_car {
namespace {

using Kind = Column::Kind;

double real(std::int64_t number) { return static_cast<double>(number); }

/// As the views and Platform sort them.
std::string_view health_kind(const std::string& name) {
  if (name == "Active") return "good";
  if (name == "Inactive") return "quiet";
  const bool impaired = name == "ImpairedCommunication" || name == "NoSensorData" ||
                        name == "NoSensorDataImpairedCommunication";
  return impaired ? "held" : "partial";
}

void platforms_chart(Html& html, const ReportData& data) {
  Chart chart{"platforms", "Machines by platform and health",
              "One bar a platform, the largest first; the table below has the numbers."};
  for (const Platform& row : data.platforms.rows) {
    chart.bars.push_back({row.name,
                          "",
                          {{"good", real(row.active)},
                           {"held", real(row.impaired)},
                           {"quiet", real(row.inactive)},
                           {"partial", real(row.other())}},
                          grouped(row.machines)});
  }
  chart.legend = {
      {"good", "active"}, {"held", "sensor impaired"}, {"quiet", "inactive"}, {"partial", "other"}};
  bar_chart(html, chart);
  const std::int64_t more = data.platforms.total - std::ssize(data.platforms.rows);
  if (more > 0) {
    html.element("p", "and " + counted(more, "more platform", "more platforms"),
                 {{"class", "more"}});
  }
}

void platforms_table(Html& html, const ReportData& data) {
  Table platforms{"platforms-table",
                  "Machines by platform",
                  {{"Platform"},
                   {"Machines", Kind::number},
                   {"Active", Kind::number},
                   {"Impaired", Kind::number},
                   {"Inactive", Kind::number},
                   {"Other", Kind::number},
                   {"In CAR", Kind::number}},
                  {},
                  data.platforms.total};
  for (const Platform& row : data.platforms.rows) {
    platforms.rows.push_back({row.name, grouped(row.machines), grouped(row.active),
                              grouped(row.impaired), grouped(row.inactive), grouped(row.other()),
                              grouped(row.in_car)});
  }
  folded_table(html, platforms);
}

void chart_with_table(Html& html, const Chart& chart, const Table& numbers) {
  html.open("div");
  bar_chart(html, chart);
  folded_table(html, numbers);
  html.close();
}

void health(Html& html, const ReportData& data) {
  Chart chart{"health", "Machines by Defender's health status",
              "One bar a status, the most frequent first; the table below has the numbers."};
  Table numbers{"health-table",
                "Machines by health status",
                {{"Health"}, {"Machines", Kind::number}, {"In CAR", Kind::number}},
                {},
                data.health.total};
  for (const Health& row : data.health.rows) {
    chart.bars.push_back(
        {row.name, "", {{health_kind(row.name), real(row.machines)}}, grouped(row.machines)});
    numbers.rows.push_back({row.name, grouped(row.machines), grouped(row.in_car)});
  }
  chart_with_table(html, chart, numbers);
}

/// The darker, the worse.
std::string_view severity_kind(const std::string& name) {
  if (name == "critical") return "critical";
  if (name == "high") return "high";
  if (name == "medium") return "medium";
  return name == "low" ? "low" : "quiet";
}

void severities(Html& html, const ReportData& data) {
  Chart chart{"severities", "Different CVEs by severity",
              "One bar a severity, the worst first; the table below has the numbers."};
  Table numbers{"severities-table",
                "CVEs by severity",
                {{"Severity"}, {"CVEs", Kind::number}, {"Findings", Kind::number}},
                {},
                data.severities.total};
  for (const Severity& row : data.severities.rows) {
    chart.bars.push_back(
        {row.name, "", {{severity_kind(row.name), real(row.cves)}}, grouped(row.cves)});
    numbers.rows.push_back({row.name, grouped(row.cves), grouped(row.findings)});
  }
  chart_with_table(html, chart, numbers);
}

void software(Html& html, const ReportData& data) {
  Chart chart{"software", "The software behind most CVEs",
              "One bar a version, the one with most CVEs first; the table below has the numbers."};
  Table numbers{"software-table",
                "The software behind most CVEs",
                {{"Software"},
                 {"CVEs", Kind::number},
                 {"Worst score", Kind::number},
                 {"Machines", Kind::number}},
                {},
                data.software.total};
  for (const Software& row : data.software.rows) {
    chart.bars.push_back({row.name,
                          "",
                          {{"neutral", real(row.cves)}},
                          counted(row.cves, "CVE", "CVEs"),
                          "on " + counted(row.machines, "machine", "machines")});
    numbers.rows.push_back({row.name, grouped(row.cves), tenths(row.worst), grouped(row.machines)});
  }
  chart_with_table(html, chart, numbers);
}

void risks(Html& html, const ReportData& data) {
  if (data.risks.rows.empty()) return;
  Table risks{"risks-table",
              "Machines for CAR by risk and value, as Defender says",
              {{"Risk"}, {"Value"}, {"Machines", Kind::number}},
              {},
              data.risks.total};
  for (const FleetRisk& row : data.risks.rows)
    risks.rows.push_back({row.risk, row.value, grouped(row.machines)});
  folded_table(html, risks);
}

}  // namespace

void fleet_section(Html& html, const ReportData& data) {
  open_section(html, "fleet", "The fleet");
  if (data.platforms.rows.empty()) {
    html.element("p", "No machine is known yet.", {{"class", "empty"}});
    return html.close();
  }
  html.open("div", {{"class", "pair"}});
  html.open("div");
  platforms_chart(html, data);
  platforms_table(html, data);
  html.close();
  health(html, data);
  html.close();
  risks(html, data);
  html.close();
}

void vulnerabilities_section(Html& html, const ReportData& data) {
  open_section(html, "vulnerabilities", "Vulnerabilities");
  if (data.severities.rows.empty()) {
    html.element("p",
                 "None are known. They need hunting (see docs/setup.md) and are left "
                 "out by --vulnerabilities false.",
                 {{"class", "empty"}});
    return html.close();
  }
  html.open("div", {{"class", "pair"}});
  severities(html, data);
  if (!data.software.rows.empty()) software(html, data);
  html.close();
  html.close();
}

}  // namespace defender_car
