// The state of the sync, and the few numbers that one looks for first.

#include "cli/output/words.h"
#include "cli/report/sections.h"

namespace defender_car {
namespace {

struct VerdictSign {
  const char* word;
  const char* path;  ///< of the sign beside it, in a square of 24
};

/// In the order of SyncState.
constexpr VerdictSign verdicts[] = {
    {"No run has come to its end yet", "M7 12h10"}, {"Late", "M12 6v6l4 2.5"},
    {"Held back by a guard", "M9 7v10M15 7v10"},    {"Failing", "M7 7l10 10M17 7L7 17"},
    {"Partly in step", "M12 6v7.5M12 17v.5"},       {"In step", "M6 12.5l4 4 8-9"},
};

std::string last_run(const ReportData& data) {
  return "Run " + std::to_string(data.last_finished->run_id) + " (" +
         (data.last_finished->mode.empty() ? "mode not decided" : data.last_finished->mode) + ", " +
         moment(data.last_finished->started_at) + ")";
}

std::string in_a_row(const ReportData& data) {
  if (data.status.same_failure_count < 2) return "";
  return " The same failure " + grouped(data.status.same_failure_count) +
         " times in a row, since " + moment(data.status.same_failure_since) + ".";
}

std::string sentence(const ReportData& data) {
  switch (data.standing) {
    case SyncState::good:
      return last_run(data) + " ended well: CAR holds what Defender said.";
    case SyncState::partial:
      return last_run(data) +
             " sent what it had, but could not read everything. Nothing of what was not read was "
             "removed." +
             in_a_row(data);
    case SyncState::held:
      return last_run(data) +
             " wanted to remove unusually much, and a guard held that back until a person decides. "
             "New things still arrive." +
             in_a_row(data);
    case SyncState::late:
      return "No run has started since " + moment(data.status.last_run->started_at) +
             "; one was due " + span_of(data.overdue) + " ago. Is cron at work?";
    case SyncState::failing:
      return last_run(data) + " did not come through; the next one goes on from there." +
             in_a_row(data);
    case SyncState::none:
      break;
  }
  return "The first run is still at work, or was killed. A full import may take its time.";
}

std::string expectation(const ReportData& data) {
  if (data.usual_gap < 0) return "it takes two runs to tell";
  const std::string usual = "usually every " + span_of(data.usual_gap);
  if (!data.status.running.empty() || data.overdue < 60) return usual;
  return "overdue by " + span_of(data.overdue) + ", " + usual;
}

/// "97 % of the 288 runs in 14 days were good"; "" before the second run.
std::string share_of_good(const ReportData& data) {
  std::int64_t runs = 0, good = 0;
  for (const DaySent& day : data.days.rows) {
    runs += day.runs;
    good += day.done;
  }
  if (runs < 2) return "";
  return std::to_string(good * 100 / runs) + " % of the " + grouped(runs) +
         " runs in 14 days were good";
}

void sign(Html& html, const char* path) {
  html.open("svg", {{"class", "sign"},
                    {"viewBox", "0 0 24 24"},
                    {"width", "40"},
                    {"height", "40"},
                    {"aria-hidden", "true"},
                    {"focusable", "false"}});
  html.empty("circle", {{"cx", "12"}, {"cy", "12"}, {"r", "11"}});
  html.empty("path", {{"d", path}});
  html.close();
}

void figure(Html& html, const char* name, const std::string& value, const std::string& note) {
  html.open("div");
  html.element("dt", name);
  html.open("dd");
  html.element("strong", value);
  html.element("span", note);
  html.close();
  html.close();
}

}  // namespace

void headline(Html& html, const ReportData& data) {
  const VerdictSign words = verdicts[static_cast<std::size_t>(data.standing)];
  html.open("header", {{"class", "standing-" + kSyncStates.text(data.standing)}});
  html.element("p", "Microsoft Defender to IBM CAR", {{"class", "eyebrow"}});
  html.open("h1");
  sign(html, words.path);
  html.element("span", words.word);
  html.close();
  if (const std::string share = share_of_good(data); !share.empty())
    html.element("p", share, {{"class", "note"}});
  html.element("p", sentence(data), {{"class", "lead"}});
  if (!data.last_error.empty()) html.element("p", data.last_error, {{"class", "error"}});
  if (!data.status.running.empty()) {
    html.element("p", "A run is at work now: " + data.status.running + ".", {{"class", "note"}});
  }
  html.element("p", "Tenant " + data.status.tenant + ", source " + data.status.source,
               {{"class", "note"}});
  html.close();
}

void key_figures(Html& html, const ReportData& data) {
  const Status& status = data.status;
  const bool once = data.last_success_age >= 0;
  const bool known = data.usual_gap >= 0;
  html.open("dl", {{"class", "figures"}});
  figure(html, "Last success", once ? span_of(data.last_success_age) + " ago" : "never",
         once ? moment(status.last_success_at) : "no run has ended well yet");
  figure(html, "Next run expected", known ? clock_of(data.next_expected_at) + " UTC" : "not known",
         expectation(data));
  figure(html, "Machines in CAR", grouped(status.assets),
         "of " + grouped(data.known_machines) + " that Defender knows");
  figure(html, "Active edges", grouped(status.edges), "in CAR, acknowledged");
  figure(html, "Waiting to be sent", grouped(status.outbox),
         status.outbox == 0 ? "nothing waits" : "the next run sends it");
  figure(html, "Set aside", grouped(status.set_aside),
         status.set_aside == 0 ? "none in the last run" : "records, by the last run");
  html.close();
}

}  // namespace defender_car
