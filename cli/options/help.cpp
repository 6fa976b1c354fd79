#include "cli/options/help.h"

#include <algorithm>
#include <string_view>

#include "cli/options/option_table.h"

namespace defender_car {
namespace {

constexpr std::string_view introduction =
    R"(defender-car keeps IBM's Connected Assets and Risk service (CAR) in step with a
Microsoft Defender for Endpoint tenant. cron starts it every five minutes; each run
reads what Defender says, works out in SQLite what is new, changed or gone, and sends
CAR only that.

Usage: defender-car COMMAND [OPTION…]

  check              tests both connections and permissions; begin here
  sync               one run (what cron calls)
  plan               what a run would do; sends nothing
  status             where the sync stands
  runs               the history
  explain WHAT       why CAR holds what it holds, or why no longer
  diff A B           what changed between two states
  report             an HTML page
  verify             reads CAR back and compares
  replay SNAPSHOT…   runs from snapshot files
  snapshots          lists, checks and prunes the snapshots

Without a command word the ancestor's command line is meant (-tenantID, -clientID …): a
sync, full unless -incremental_update True stands there.

The command line wins over the environment, that over the INI file (--config FILE).
)";

constexpr std::string_view examples = R"(
Examples

  /etc/defender-car.ini, readable by its user only (chmod 600):
      tenant-id = 11111111-2222-3333-4444-555555555555
      client-id = 66666666-7777-8888-9999-000000000000
      client-secret-file = /etc/defender-car/client-secret
      car-url = https://cp4s.example.com/api/car/v2
      car-key = KEY
      car-password-file = /etc/defender-car/car-password

  defender-car check --config /etc/defender-car.ini
  defender-car sync --config /etc/defender-car.ini

  A crontab line; cron mails what a run that was not good had to say:
      */5 * * * *  defender-car sync --config /etc/defender-car.ini
)";

constexpr std::string_view exit_codes = R"(
Exit codes

   0  done                                   20  CAR failed; the next run is full
   1  internal error                         50  Defender failed
   2  wrong parameters                       51  Defender cannot be reached
   3  plan: there is something to do         52  Defender refused the login
   4  verify, replay: a difference           53  a permission in Defender is missing
  10  CAR failed; the next run goes on       54  Defender refused a parameter
  11  another run holds the state            55  data could not be processed
  12  stopped by a guard
)";

constexpr std::string_view check_text =
    R"(Usage: defender-car check [OPTION…]

Logs in to Defender and to Microsoft Graph, says which permissions the app registration
has and where to grant those it lacks, asks Defender for one machine and one alert (where
both lists of alerts may be asked, it compares their open ones), tries hunting both ways,
and asks CAR for its health, save point and import schema. Changes nothing anywhere, but
for a note in the state file where the two lists differ. The exit code is that of the
first failure that matters.
)";

constexpr std::string_view sync_text =
    R"(Usage: defender-car sync [OPTION…]

One run: reads Defender, works out what is new, changed or gone, and sends CAR that. A
good run that nobody watches (standard error is no terminal) prints nothing; any other
prints one summary, failures first. What failed is taken up again by the next run.
With --plan FILE it delivers what a plan lists, all of it and no more; exit code 12 where
the state, or CAR, has moved since, naming what moved.
)";

constexpr std::string_view status_text =
    R"(Usage: defender-car status [--working-dir DIR] [--format json]

Where the sync stands: the last run, the last success, what CAR holds, what still waits to
be sent, and how far each dataset has been read. Asks no service.
)";

constexpr std::string_view runs_text =
    R"(Usage: defender-car runs [--limit N] [--working-dir DIR] [--format json]

The history, newest run first: when, which mode and why, what came of it, what was sent.
Asks no service.
)";

constexpr std::string_view plan_text =
    R"(Usage: defender-car plan [--save FILE] [--exit-code] [OPTION…]

Takes the way of a run (reads Defender, derives, compares, asks the guards) up to the
point where it would send something, and prints that instead: counted, then machine by
machine with the reason of each removal. Works on a copy of the state under TMPDIR: changes
nothing here and nothing in CAR, needs no lock, and works beside a run. What is kept by
--save, sync --plan delivers; what a guard holds is let through by plan --allow-once.
)";

constexpr std::string_view replay_text =
    R"(Usage: defender-car replay SNAPSHOT… --working-dir DIR [--until RUN] [--car-url URL …]

Runs from snapshot files in place of Defender, each with its own clock and parameters, into
an empty folder or on top of a copy of a state file, and says whether each came to the graph
that it came to then (exit code 4 when not, with the lines that differ). CAR is a sink that
takes everything, unless --car-url names a real one. All files are read before anything is
changed. Asks nothing of Defender.
)";

constexpr std::string_view verify_text =
    R"(Usage: defender-car verify [--repair] [--sample N] [OPTION…]

Reads back what CAR holds of our source (by its GraphQL, in pages) and compares it with
what the state file has as acknowledged: what is missing in CAR, what is unexpected there
and which attributes differ, by type, with the machines behind them. Exit code 0: equal,
4: CAR differs, 10: CAR cannot be read back. Writes nothing and works beside a run.

With --repair the differences are put right in CAR, as a run of its own and under the same
guards; Defender is not asked. With --sample N only the assets and own edges of N machines
are looked at, the same ones all day.
)";

constexpr std::string_view explain_text =
    R"(Usage: defender-car explain WHAT [--working-dir DIR] [--format json]

Why CAR holds what it holds, or why it does no longer: since when, by which run, from which
rows of Defender, held up by which machines; or when it went, why, and what CAR answered.
Asks no service.

  WHAT   a machine (id or name), an address, a MAC, an account, a CVE, an alert's id, a host
         name, software (vendor:name:version), or an edge: 'A -> B', in quotes. KIND:WHAT
         where a word means several things: hostname:pc-1, account:bob.
)";

constexpr std::string_view diff_text =
    R"(Usage: defender-car diff A B [--acknowledged] [--working-dir DIR] [--format json]

What changed between two states, machine by machine: in Defender (machines, addresses,
users, open alerts, software) and in the graph. A and B are each a run's number, a snapshot
(the state after its run) or a state file: state.db itself or a copy of it. Asks no
service and writes nothing to the working folder. Long lists are cut; --format json has
all.
)";

constexpr std::string_view report_text =
    R"(Usage: defender-car report [--output FILE] [--working-dir DIR] [--format json]

One HTML page about the sync, from the state file alone: where it stands, the fleet, runs
and what they sent, removals and why, machines that will leave, failures, guard stops,
records set aside, vulnerabilities. It needs nothing from anywhere, holds no script, and
may be mailed. The file is made whole or not at all, for its owner's eyes only; it
replaces an earlier page and nothing else. Asks no service.
)";

constexpr std::string_view snapshots_text =
    R"(Usage: defender-car snapshots [list|check|prune] [--working-dir DIR] [--format json]

list names the snapshots and checkpoints that runs left behind; check reads every one whole
and says where the chain has a gap (exit code 55); prune removes what --keep-days and
--keep-space no longer keep.
)";

constexpr std::size_t page_width = 88;

/// Words of `text` on lines of at most page_width characters behind `indent` blanks.
std::string paragraph(std::string_view text, std::size_t indent) {
  std::string out;
  std::string line(indent, ' ');
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (line.size() > indent && line.size() + 1 + word.size() > page_width) {
      out += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent) line += ' ';
    line += word;
  }
  return out + line + "\n";
}

std::string option_entry(const OptionSpec& option) {
  std::string out = "  --" + std::string(option.name);
  if (!option.argument.empty()) out.append(" ").append(option.argument);
  std::string text(option.text);
  if (!option.environment.empty()) text += " Environment: " + std::string(option.environment) + ".";
  return out.append("\n").append(paragraph(text, 6));
}

/// Commands that connect to nothing read the folder and print.
bool concerns(const OptionSpec& option, std::optional<Command> command) {
  if (!command) return true;
  if (!option.commands.empty()) return goes_with(option, command_word(*command));
  constexpr Command connecting[] = {Command::sync, Command::plan, Command::check, Command::verify,
                                    Command::replay};
  if (std::find(std::begin(connecting), std::end(connecting), *command) != std::end(connecting)) {
    return true;
  }
  constexpr std::string_view local[] = {"working-dir", "config",     "format",
                                        "log-level",   "log-format", "help"};
  return std::find(std::begin(local), std::end(local), option.name) != std::end(local);
}

std::string option_list(std::optional<Command> command) {
  std::string out;
  std::string_view group;
  for (const OptionSpec& option : option_table()) {
    if (!concerns(option, command)) continue;
    if (option.group != group) out.append("\n").append(option.group).append("\n\n");
    group = option.group;
    out += option_entry(option);
  }
  return out;
}

std::string_view command_text(Command command) {
  switch (command) {
    case Command::sync:
      return sync_text;
    case Command::plan:
      return plan_text;
    case Command::replay:
      return replay_text;
    case Command::check:
      return check_text;
    case Command::verify:
      return verify_text;
    case Command::status:
      return status_text;
    case Command::runs:
      return runs_text;
    case Command::explain:
      return explain_text;
    case Command::diff:
      return diff_text;
    case Command::report:
      return report_text;
    case Command::snapshots:
      return snapshots_text;
  }
  return "";
}

}  // namespace

std::string help_page(std::optional<Command> command) {
  if (command) return std::string(command_text(*command)) + option_list(command);
  return std::string(introduction) + option_list(command) + std::string(examples) +
         std::string(exit_codes);
}

}  // namespace defender_car
