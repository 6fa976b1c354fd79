// `defender-car plan`: what a run would send, and why; nothing is sent.

#include "cli/commands/command_progress.h"
#include "cli/commands/commands.h"
#include "cli/output/exit_code.h"
#include "cli/output/output.h"
#include "cli/output/text.h"
#include "sync/plan.h"

namespace defender_car {
namespace {

constexpr int kSomethingToDo = 3;
constexpr int kMachinesShown = 20;
constexpr int kRemovalsShown = 10;

/// Failures of Defender and CAR keep their codes; a guard and the work to do show on demand.
int code_of(const Plan& plan, bool asked) {
  const RunReport& report = plan.report();
  if (report.failure && *report.failure != ErrorKind::guard) return exit_code(report.failure);
  if (!asked) return 0;
  if (report.failure) return exit_code(report.failure);
  return plan.has_something_to_do() ? kSomethingToDo : 0;
}

std::string words_of(Operation operation) {
  switch (operation) {
    case Operation::vertex:
      return "import";
    case Operation::edge:
      return "import edge";
    case Operation::touch:
      return "mark edge updated";
    case Operation::disable:
      return "disable edge";
    case Operation::drop:
      return "falls away";
    default:
      return kOperations.text(operation);
  }
}

std::string failure_text(const Plan& plan) {
  const RunReport& report = plan.report();
  if (!report.failure) return "";
  const std::string what = *report.failure == ErrorKind::guard
                               ? (plan.has_list() ? "a guard would hold" : "a guard stops the run")
                               : (plan.has_list() ? "INCOMPLETE" : "FAILED");
  return what + ", exit code of a sync " + std::to_string(exit_code(report.failure)) + ": " +
         printable(report.error) + "\n";
}

std::string head(const Plan& plan) {
  const RunReport& report = plan.report();
  const std::string state = plan.state_run() == 0
                                ? "no state yet"
                                : "the state after run " + std::to_string(plan.state_run());
  std::string text = "plan on " + state;
  if (!plan.now().empty()) text += ", as of " + plan.now();
  text += "\n";
  if (!report.reason.empty())
    text += "  " + kRunModes.text(report.mode) + " because: " + printable(report.reason) + "\n";
  if (report.set_aside > 0)
    text += "  " + std::to_string(report.set_aside) + " records could not be used\n";
  return text + "  calls: " + std::to_string(report.defender_calls) + " to Defender, " +
         std::to_string(report.car_calls) + " to CAR\n";
}

std::string counts_text(const std::vector<SentCount>& counts) {
  std::vector<std::vector<std::string>> rows{{"would be sent", "collection", "reason", "count"}};
  for (const SentCount& one : counts)
    rows.push_back(
        {words_of(one.operation), one.collection, one.reason, std::to_string(one.count)});
  return table(rows);
}

/// The reason, and the row behind it: the machine's name stands above.
std::string why(const PlannedMachine& machine, const PlannedOperation& removal) {
  std::string_view evidence = removal.evidence;
  if (const std::string own = "machine " + machine.machine; evidence.starts_with(own)) {
    evidence.remove_prefix(own.size());
    if (evidence.starts_with(": ")) evidence.remove_prefix(2);
  }
  return removal.reason + (evidence.empty() ? "" : " (" + std::string(evidence) + ")");
}

std::string removals_text(const PlannedMachine& machine, const Style& style) {
  std::string text;
  for (const PlannedOperation& one : machine.first_removals)
    text += "    " + style.bad("-") + " " +
            printable(one.collection + " " + one.object + ": " + words_of(one.operation) + ", " +
                      why(machine, one)) +
            "\n";
  const std::int64_t more = machine.removals - std::ssize(machine.first_removals);
  if (more > 0) text += "    " + style.bad("-") + " and " + std::to_string(more) + " more\n";
  return text;
}

std::string machine_text(const PlannedMachine& machine, const Style& style) {
  std::string text = machine.machine.empty() ? "of no machine"
                     : machine.name.empty()
                         ? printable(machine.machine)
                         : printable(machine.name) + " (" + printable(machine.machine) + ")";
  text += "\n" + removals_text(machine, style);
  for (const SentCount& one : machine.imports) {
    const bool updated = one.operation == Operation::touch;
    text += "    " + (updated ? style.warning("~") : style.good("+")) + " " +
            printable(one.collection) + " " + std::to_string(one.count) + "\n";
  }
  return text;
}

std::int64_t count_of(const Plan& plan, Operation operation) {
  std::int64_t count = 0;
  for (const SentCount& one : plan.report().sent)
    count += one.operation == operation ? one.count : 0;
  return count;
}

std::string last_line(const Plan& plan) {
  std::string text = "Plan: " + std::to_string(count_of(plan, Operation::edge)) +
                     " edges to add, " + std::to_string(count_of(plan, Operation::disable)) +
                     " to disable, " + std::to_string(count_of(plan, Operation::delete_asset)) +
                     " assets to delete";
  const std::int64_t updated = count_of(plan, Operation::touch);
  const std::int64_t dropped = count_of(plan, Operation::drop);
  if (updated > 0) text += ", " + std::to_string(updated) + " edges to mark updated";
  if (dropped > 0) text += ", " + std::to_string(dropped) + " records to fall away";
  return text + "\n";
}

std::string list_text(const Plan& plan, const Style& style) {
  if (!plan.has_list()) return "";
  if (!plan.has_something_to_do()) return "\nThere is nothing to do.\n";
  std::string text = "\n" + counts_text(plan.report().sent);
  if (plan.with_car() > 0)
    text += std::to_string(plan.with_car()) +
            " of these are with CAR from an earlier run: a sync asks after them first, and sends "
            "what is not done.\n";
  text += "\nby machine, removals first\n\n";
  const auto machines = plan.machines(kMachinesShown, kRemovalsShown);
  for (const PlannedMachine& machine : machines) text += machine_text(machine, style);
  const std::int64_t more = plan.machine_count() - std::ssize(machines);
  if (more > 0)
    text += "… and " + std::to_string(more) + " more machines (--format json has them all)\n";
  return text;
}

std::string plan_text(const Session& session, const Plan& plan) {
  const auto shown = [&](const std::string& text) { return session.log.has_shown(text); };
  std::string text = failure_text(plan) + problem_lines(plan.report(), shown) + head(plan);
  text += list_text(plan, session.style);
  const std::string& save = session.options.save;
  if (!save.empty())
    text += plan.has_list() ? "\nKept in " + printable(save) + ": defender-car sync --plan " +
                                  printable(save) + " delivers this list.\n"
                            : "\nNot kept: there is no list.\n";
  return text + (plan.has_list() ? "\n" + last_line(plan) : "");
}

void write_operation(JsonWriter& json, const PlannedOperation& one) {
  json.begin_object();
  json.text("operation", kOperations(one.operation));
  json.text("collection", one.collection);
  json.text("object", one.object);
  json.text_or_null("machine", one.machine);
  json.text_or_null("machine_name", one.machine_name);
  json.text("reason", one.reason);
  json.text_or_null("evidence", one.evidence);
  json.boolean("with_car", one.with_car);
  json.end_object();
}

/// A full import of a large fleet is not held whole.
void write_operations(JsonWriter& json, const Plan& plan) {
  json.begin_array("operations");
  std::size_t count = 0;
  if (plan.has_list()) {
    plan.each_operation([&](const PlannedOperation& one) {
      write_operation(json, one);
      if (++count % 4096 == 0) write_out(json.take());
    });
  }
  json.end_array();
}

void write_plan(const Session& session, const Plan& plan, int code) {
  const RunReport& report = plan.report();
  JsonWriter json;
  begin_document(json, "plan");
  json.integer("exit_code", code);
  json.boolean("complete", plan.has_list());
  json.boolean("something_to_do", plan.has_something_to_do());
  json.integer("state_run", plan.state_run());
  json.text_or_null("now", plan.now());
  json.text_or_null("mode", kRunModes.text(report.mode));
  json.text_or_null("reason", report.reason);
  json.text_or_null("failure", report.failure ? kind_name(*report.failure) : "");
  json.text_or_null("error", report.error);
  write_warnings(json, report);
  write_datasets(json, report);
  json.integer("set_aside", report.set_aside);
  json.integer("defender_calls", report.defender_calls);
  json.integer("car_calls", report.car_calls);
  json.text_or_null("saved_as", plan.has_list() ? session.options.save : "");
  json.integer("with_car", plan.with_car());
  write_sent(json, report.sent);
  write_operations(json, plan);
  json.end_object();
  write_out(json.take() + "\n");
}

}  // namespace

int run_plan_command(const Session& session) {
  const SyncSettings& settings = session.options.settings;
  return with_services(session, [&](HttpClient& http, Progress& progress) {
    const Plan plan(settings, session.options.save, http, progress);
    const int code = code_of(plan, session.options.plan_exit_code);
    if (session.options.format == Format::json) {
      write_plan(session, plan, code);
    } else {
      write_out(plan_text(session, plan));
    }
    return code;
  });
}

}  // namespace defender_car
