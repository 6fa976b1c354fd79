// `defender-car check`: tests both connections and every permission by really asking; changes
// nothing anywhere, but for a note in the state file where the two lists of alerts differ.

#include "cli/commands/checks.h"
#include "cli/commands/commands.h"
#include "cli/output/exit_code.h"
#include "cli/output/output.h"
#include "cli/output/progress.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

std::string check_text(const CheckResult& check) {
  std::string text = check.state == CheckState::failed ? "FAILED" : kCheckStates.text(check.state);
  text.resize(9, ' ');
  text += printable(check.name);
  if (!check.detail.empty()) text += ": " + printable(check.detail);
  text += "\n";
  if (!check.remedy.empty()) text += "         -> " + printable(check.remedy) + "\n";
  return text;
}

std::string check_json(const std::vector<CheckResult>& checks, std::optional<ErrorKind> failure) {
  JsonWriter json;
  begin_document(json, "check");
  json.integer("exit_code", exit_code(failure));
  json.text_or_null("failure", failure ? kind_name(*failure) : "");
  json.list("checks", checks, [&](const CheckResult& check) {
    json.text("name", check.name);
    json.text("state", kCheckStates(check.state));
    json.text_or_null("detail", check.detail);
    json.text_or_null("remedy", check.remedy);
  });
  json.end_object();
  return json.str() + "\n";
}

std::vector<CheckResult> run_checks(const Session& session, Progress& progress,
                                    const OnCheck& on_check) {
  const SyncSettings& settings = session.options.settings;
  HttpOptions http_options;
  http_options.ca_file = settings.ca_file;
  http_options.retry.max_tries = 2;  // somebody is waiting for the answer
  HttpClient http(http_options, progress);
  std::vector<CheckResult> checks;
  const OnCheck keep = [&](CheckResult check) {
    on_check(check);
    checks.push_back(std::move(check));
  };
  check_defender(settings, http, keep);
  check_car(settings, http, keep);
  return checks;
}

std::optional<ErrorKind> first_failure(const std::vector<CheckResult>& checks) {
  for (const CheckResult& check : checks) {
    if (check.state == CheckState::failed) return check.failure;
  }
  return std::nullopt;
}

std::string conclusion(const std::vector<CheckResult>& checks, bool failed) {
  if (failed) return "\nNot everything that a sync needs works.\n";
  std::string without;
  for (const CheckResult& check : checks) {
    if (!check.without.empty()) without += (without.empty() ? "" : ", ") + check.without;
  }
  return without.empty() ? "\nEverything that a sync needs works.\n"
                         : "\nWorks, but without: " + without + ".\n";
}

}  // namespace

int run_check_command(const Session& session) {
  const bool json = session.options.format == Format::json;
  TerminalProgress shown;
  SilentProgress silent;
  Progress& progress = session.terminal ? static_cast<Progress&>(shown) : silent;
  const LineHook hook(session.log, [&] { shown.clear(); });
  const auto checks = run_checks(session, progress, [&](const CheckResult& check) {
    shown.clear();
    if (!json) write_out(check_text(check));
  });
  const auto failure = first_failure(checks);
  write_out(json ? check_json(checks, failure) : conclusion(checks, failure.has_value()));
  return exit_code(failure);
}

}  // namespace defender_car
