#include "cli/report/page.h"

#include "base/version.h"
#include "cli/output/words.h"
#include "cli/report/html.h"
#include "cli/report/page_css.h"
#include "cli/report/sections.h"

namespace defender_car {
namespace {

struct Link {
  const char* target;
  const char* words;
};

constexpr Link links[] = {{"#runs", "Runs"},
                          {"#trouble", "Trouble"},
                          {"#removals", "Removals"},
                          {"#leaving", "Leaving"},
                          {"#fleet", "Fleet"},
                          {"#alerts", "Alerts"},
                          {"#vulnerabilities", "Vulnerabilities"},
                          {"#set-aside", "Set aside"}};

/// The policy forbids all but the one style sheet, known by its hash: whatever slipped through the
/// escaper could neither run nor load anything.
void head(Html& html) {
  html.open("head");
  html.empty("meta", {{"charset", "utf-8"}});
  html.empty("meta", {{"http-equiv", "Content-Security-Policy"},
                      {"content", "default-src 'none'; style-src '" + std::string(page_css_hash) +
                                      "'; base-uri 'none'; form-action 'none'"}});
  html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  html.empty("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  html.element("title", page_title);
  html.style(page_css);
  html.close();
}

void navigation(Html& html) {
  html.open("nav", {{"aria-label", "Sections"}});
  html.open("ul");
  for (const Link& link : links) {
    html.open("li");
    html.element("a", link.words, {{"href", link.target}});
    html.close();
  }
  html.close();
  html.close();
}

void foot(Html& html, const ReportData& data) {
  html.open("footer");
  html.element("p", "Written " + moment(data.now) + " by " + kProgram +
                        ". Ages go by this machine's clock; all else is from the state file, all "
                        "times are UTC.");
  html.element("p",
               "Each figure can be asked again in the sqlite3 shell: the views whose names begin "
               "with audit_.");
  html.close();
}

}  // namespace

void open_section(Html& html, const char* id, const char* title) {
  const std::string heading = std::string(id) + "-heading";
  html.open("section", {{"id", id}, {"aria-labelledby", heading}});
  html.element("h2", title, {{"id", heading}});
}

std::string report_page(const ReportData& data) {
  Html html;
  html.open("html", {{"lang", "en"}});
  head(html);
  html.open("body");
  headline(html, data);
  html.open("main");
  key_figures(html, data);
  navigation(html);
  runs_section(html, data);
  trouble_section(html, data);
  removals_section(html, data);
  leaving_section(html, data);
  fleet_section(html, data);
  alerts_section(html, data);
  vulnerabilities_section(html, data);
  set_aside_section(html, data);
  html.close();
  foot(html, data);
  return html.take();
}

}  // namespace defender_car
