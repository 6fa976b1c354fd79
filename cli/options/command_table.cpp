#include "cli/options/command_table.h"

#include <algorithm>

namespace defender_car {
namespace {

constexpr CommandSpec commands[] = {
    {Command::check, "check", "", "[OPTION…]", "tests both connections and permissions; begin here",
     Connects::both, run_check_command,
     R"(Logs in to Defender and to Microsoft Graph, says which permissions the app registration
has and where to grant those it lacks, asks Defender for one machine and one alert, tries
hunting both ways, and asks CAR for its health, save point and import schema. Changes
nothing anywhere. The exit code is that of the first failure that matters.
)",
     "defender-car check --config /etc/defender-car/config.ini"},
    {Command::sync, "sync", "", "[OPTION…]", "one run (what cron calls)", Connects::both,
     run_sync_command,
     R"(One run: reads Defender, works out what is new, changed or gone, and sends CAR that. A
good run that nobody watches (standard error is no terminal) prints nothing; any other
prints one summary, failures first. What failed is taken up again by the next run.
With --plan FILE it delivers what a plan lists, all of it and no more; exit code 12 where
the state, or CAR, has moved since, naming what moved.
)",
     "defender-car sync\n"
     "defender-car sync --mode full\n"
     "defender-car sync --plan tonight.plan"},
    {Command::plan, "plan", "", "[--save FILE] [--exit-code] [OPTION…]",
     "what a run would do; sends nothing", Connects::both, run_plan_command,
     R"(Takes the way of a run (reads Defender, derives, compares, asks the guards) up to the
point where it would send something, and prints that instead: counted, then machine by
machine with the reason of each removal. Works on a copy of the state under TMPDIR: changes
nothing here and nothing in CAR, needs no lock, and works beside a run. What is kept by
--save, sync --plan delivers; what a guard holds is let through by plan --allow-once.
)",
     "defender-car plan\n"
     "defender-car plan --save tonight.plan\n"
     "defender-car plan --format json"},
    {Command::status, "status", "", "[--working-dir DIR] [--format json]", "where the sync stands",
     Connects::nothing, run_status_command,
     R"(Whether CAR is in step and since when, then what is wrong, then details: the last run, what
CAR holds, what still waits to be sent, and how far each dataset has been read. Asks no
service. With --check one line for a monitoring system.
)",
     "defender-car status\n"
     "defender-car status --check --warn-age 15m --critical-age 1h"},
    {Command::runs, "runs", "", "[--limit N] [--working-dir DIR] [--format json]", "the history",
     Connects::nothing, run_runs_command,
     R"(The history, newest run first: when, which mode and why, what came of it, what was sent.
Asks no service.
)",
     "defender-car runs --limit 5"},
    {Command::explain, "explain", "WHAT", "[--working-dir DIR] [--format json]",
     "why CAR holds what it holds, or why no longer", Connects::nothing, run_explain_command,
     R"(What a thing is, what CAR holds of it by kind, and what changed last. With --rows every edge:
since when, by which run, from which rows of Defender and which machines; or when it went,
why, and what CAR answered. With --at TIME what CAR held then. A beginning is enough where
only one thing has it. Asks no service.

  WHAT   a machine (id or name), an address, a MAC, an account, a CVE, an alert's id, a host
         name, software (vendor:name:version), or an edge: 'A -> B', in quotes. KIND:WHAT
         where a word means several things: hostname:pc-1, account:bob.
)",
     "defender-car explain laptop-17\n"
     "defender-car explain 'laptop-17 -> 10.1.2.3'\n"
     "defender-car explain --at 2026-11-24T13:05Z bob"},
    {Command::diff, "diff", "A B", "[--acknowledged] [--working-dir DIR] [--format json]",
     "what changed between two states", Connects::nothing, run_diff_command,
     R"(What changed between two states, machine by machine: in Defender (machines, addresses,
users, open alerts, software) and in the graph. A and B are each a run's number, a snapshot
(the state after its run) or a state file: state.db itself or a copy of it. Asks no
service and writes nothing to the working folder. Long lists are cut; --format json has
all.
)",
     "defender-car diff 41 42\n"
     "defender-car diff --at 2026-11-24 2026-12-01"},
    {Command::report, "report", "", "[--output FILE] [--working-dir DIR] [--format json]",
     "an HTML page", Connects::nothing, run_report_command,
     R"(One HTML page about the sync, from the state file alone: where it stands, the fleet, runs
and what they sent, removals and why, machines that will leave, failures, guard stops,
records set aside, vulnerabilities. It needs nothing from anywhere, holds no script, and
may be mailed. The file is made whole or not at all, for its owner's eyes only; it
replaces an earlier page and nothing else. Asks no service.
)",
     "defender-car report --output /var/www/private/defender-car.html"},
    {Command::verify, "verify", "", "[--repair] [--sample N] [OPTION…]",
     "reads CAR back and compares", Connects::car, run_verify_command,
     R"(Reads back what CAR holds of our source (by its GraphQL, in pages) and compares it with
what the state file has as acknowledged: what is missing in CAR, what is unexpected there
and which attributes differ, by type, with the machines behind them. Exit code 0: equal,
4: CAR differs, 10: CAR cannot be read back. Writes nothing and works beside a run.

With --repair the differences are put right in CAR, as a run of its own and under the same
guards; Defender is not asked. With --sample N only the assets and own edges of N machines
are looked at, the same ones all day.
)",
     "defender-car verify\n"
     "defender-car verify --sample 50\n"
     "defender-car verify --repair"},
    {Command::replay, "replay", "SNAPSHOT…", "--working-dir DIR [--until RUN] [--car-url URL …]",
     "runs from snapshot files", Connects::named_car, run_replay_command,
     R"(Runs from snapshot files in place of Defender, each with its own clock and parameters, into
an empty folder or on top of a copy of a state file, and says whether each came to the graph
that it came to then (exit code 4 when not, with the lines that differ). CAR is a sink that
takes everything, unless --car-url names a real one. All files are read before anything is
changed. Asks nothing of Defender.
)",
     "defender-car replay /var/lib/defender-car/snapshots/*.db* --working-dir /tmp/replay"},
    {Command::snapshots, "snapshots", "[list|check|prune]", "[--working-dir DIR] [--format json]",
     "lists, checks and prunes the snapshots", Connects::nothing, run_snapshots_command,
     R"(list names the snapshots and checkpoints that runs left behind; check reads every one whole
and says where the chain has a gap (exit code 55); prune removes what --keep-days and
--keep-space no longer keep.
)",
     "defender-car snapshots\n"
     "defender-car snapshots check\n"
     "defender-car snapshots prune --dry-run"},
    {Command::copy, "copy", "FILE", "[--working-dir DIR]", "a whole, checked copy of the state",
     Connects::nothing, run_copy_command,
     R"(Copies the state file into a new file, for an audit or a backup: of one moment, also while a
run is at work, compacted, checked by SQLite and readable by its owner only. Never replaces a
file. The copy goes into --working-dir as state.db, or to diff, or to the sqlite3 shell.
)",
     "defender-car copy /root/monday.db"},
    {Command::completion, "completion", "bash|zsh|fish", "", "completions for a shell",
     Connects::unset, run_completion_command,
     R"(Prints a script with which the shell completes commands, options and their values.
)",
     "source <(defender-car completion bash)\n"
     "defender-car completion fish >~/.config/fish/completions/defender-car.fish"},
    {Command::help, "help", "[COMMAND]", "", "this page, or a command's", Connects::unset,
     run_help_command,
     R"(Shows what there is, or what one command does and which options go with it.
)",
     "defender-car help sync"},
    {Command::version, "version", "", "", "the version", Connects::unset, run_version_command,
     R"(Prints the program's name and version.
)",
     "defender-car version"},
};

}  // namespace

std::span<const CommandSpec> command_table() { return commands; }

const CommandSpec& command_spec(Command command) {
  return commands[static_cast<std::size_t>(command)];
}

const CommandSpec* find_command(std::string_view word) {
  const auto* found = std::find_if(std::begin(commands), std::end(commands),
                                   [&](const CommandSpec& spec) { return spec.name == word; });
  return found == std::end(commands) ? nullptr : found;
}

}  // namespace defender_car
