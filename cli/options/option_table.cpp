#include "cli/options/option_table.h"

#include <algorithm>

#include "cli/options/command_table.h"

namespace defender_car {
namespace {

constexpr std::string_view defender = "Defender: the app registration in Microsoft Entra";
constexpr std::string_view car =
    "CAR: an API key and its password, or a token with a URL of its own";
constexpr std::string_view run = "The run";
constexpr std::string_view guards = "Guards: how much one run may take away";
constexpr std::string_view sources = "Where Defender's data comes from";
constexpr std::string_view hosts = "Hosts and clouds";
constexpr std::string_view output = "Output and files";

constexpr OptionTraits local{.local = true};
constexpr OptionTraits list{.list = true};
constexpr OptionTraits typed{.in_file = false};
constexpr OptionTraits local_and_typed{.in_file = false, .local = true};
constexpr OptionTraits only_with(std::string_view commands) {
  return {.commands = commands, .in_file = false};
}

constexpr OptionSpec options[] = {
    {"tenant-id", "ID", defender, "The tenant: its GUID or one of its domain names.", "",
     "CONFIGURATION_AUTH_TENANT", "tenantID"},
    {"client-id", "ID", defender, "The app registration's application (client) id.", "",
     "CONFIGURATION_AUTH_CLIENTID", "clientID"},
    {"client-secret", "TEXT", defender,
     "Its client secret. Anybody on this host can read a command line: use the next one.", "",
     "CONFIGURATION_AUTH_CLIENTSECRET", "clientSecret"},
    {"client-secret-file", "FILE", defender, "Reads the client secret from a file."},
    {"subscription-id", "ID", defender,
     "Accepted for the sake of old crontabs; Defender does not need it.", "",
     "CONFIGURATION_AUTH_SUBSCRIPTION_ID", "subscriptionID"},

    {"car-url", "URL", car, "CAR's address; it ends in /api/car/v2.", "", "CAR_SERVICE_URL",
     "url car-service-url"},
    {"car-key", "TEXT", car, "The API key.", "", "CAR_SERVICE_KEY", "api_key car-service-key"},
    {"car-password", "TEXT", car, "The API key's password. Better: the next one.", "",
     "CAR_SERVICE_PASSWORD", "password car-service-password"},
    {"car-password-file", "FILE", car, "Reads the password from a file."},
    {"car-token-url", "URL", car, "CAR's address where a token is used instead of a key.", "",
     "CAR_SERVICE_URL_FOR_AUTHTOKEN", "car-service-url-for-token"},
    {"car-token", "TEXT", car, "That token. Better: the next one.", "", "CAR_SERVICE_AUTHTOKEN",
     "car-service-token"},
    {"car-token-file", "FILE", car, "Reads the token from a file."},
    {"car-concurrency", "N", car,
     "At most N imports or changes under way in CAR at a time, 1 to 16.", "8"},
    {"source", "NAME", car, "Under which source CAR keeps what comes from here.",
     "Microsoft-Windows-Defender-ATP", "CONNECTION_NAME"},

    {"mode", "auto|full|incremental", run,
     "auto and incremental make a full import where one is needed and else send what changed.",
     "auto with a command word, full without one", "", "incremental_update"},
    {"working-dir", "DIR", run, "Where state.db and snapshots/ live.",
     "$XDG_STATE_HOME/defender-car, else /var/lib/defender-car as root, else "
     "~/.local/state/defender-car",
     "", "working_dir", local},
    {"alerts", "true|false", run,
     "false leaves alerts out: what this program sent of them stays as it is.", "true"},
    {"vulnerabilities", "true|false", run,
     "false leaves software and its vulnerabilities out likewise.", "true", "", "vuln"},
    {"strict", "", run,
     "Exit code 55 when records had to be set aside; without it they are counted and the exit code "
     "stays 0.",
     "off"},
    {"deadline", "TIME", run,
     "How long a run may take in all: 2h, 30m, 90s (0: no limit). What is not done by then, the "
     "next run does.",
     "2h"},
    {"keep-days", "DAYS", run,
     "How long snapshots are kept; at most half as long again, until a checkpoint serves those "
     "after them.",
     "14"},
    {"keep-runs", "N", run,
     "How many runs the history, the ledger and the records set aside keep, never fewer than those "
     "of two days.",
     "10000"},
    {"compress-snapshots", "", run, "Keeps snapshots compressed, as .db.gz.", "off"},
    {"keep-space", "BYTES", run, "How much room they may take (K, M, G, T for powers of 1024).",
     "2G"},
    {"plan", "FILE", run,
     "Delivers exactly what a plan saved, or refuses when the state has moved since.", "", "", "",
     only_with("sync")},
    {"save", "FILE", run, "Keeps the plan in a new file, for sync --plan.", "", "", "",
     only_with("plan")},
    {"exit-code", "", run,
     "0 when there is nothing to do, 3 when there is something, 12 when a guard would stop it.",
     "off", "", "", only_with("plan")},
    {"until", "RUN", run, "The number of the last run to replay.", "", "", "", only_with("replay")},
    {"at", "TIME", run,
     "In place of a run: the last one that had finished by then. UTC, such as 2026-11-24 or "
     "2026-11-24T13:05Z. diff takes a second time behind it.",
     "", "", "", only_with("explain diff replay")},
    {"rows", "", run, "Shows the rows of Defender behind each edge, too.", "off", "", "",
     only_with("explain")},
    {"dry-run", "", run, "prune says what it would remove and removes nothing.", "off", "", "",
     only_with("snapshots")},
    {"check", "", run,
     "One line with performance data for a monitoring system, and its exit codes: 0 OK, 1 "
     "WARNING, 2 CRITICAL, 3 UNKNOWN.",
     "off", "", "", only_with("status")},
    {"warn-age", "TIME", run, "With --check: a last success older than this is a WARNING.", "15m",
     "", "", only_with("status")},
    {"critical-age", "TIME", run, "With --check: a last success older than this is CRITICAL.", "1h",
     "", "", only_with("status")},
    {"acknowledged", "", run,
     "Compares the graph that CAR holds by its own answers, in place of the one that Defender "
     "derives.",
     "off", "", "", only_with("diff")},
    {"repair", "", run, "Sends CAR what differs, under the same guards.", "off", "", "",
     only_with("verify")},
    {"sample", "N", run, "Looks at N machines only.", "all", "", "", only_with("verify")},

    {"max-deletes", "N|N%", guards,
     "Assets that may be deleted within 24 hours, as a count or a share of those held.",
     "10%, and never fewer than 50"},
    {"max-disables", "N|N%", guards,
     "Edges of one type that a run may disable, as a count or a share of the active ones.",
     "50%, and never fewer than 1000"},
    {"canary", "ID…", guards,
     "Machines that must be in a full machine list before it counts as complete; an incremental "
     "run asks for them by id. Without them a run sends nothing.",
     "none", "", "", list},
    {"allow-once", "TOKEN[,TOKEN]", guards,
     "Lets through, once, what a guard held back; the guard's message names the token.", "", "", "",
     typed},

    {"hunting-api", "auto|graph|defender", sources,
     "Which hunting service is asked. auto: Microsoft Graph where the app has "
     "ThreatHunting.Read.All and Graph does not refuse, else Defender's own, which retires on "
     "2027-02-01.",
     "auto"},
    {"network-source", "auto|hunting|machines", sources,
     "Where adapters and addresses come from. machines needs no hunting and knows less.", "auto"},
    {"logon-source", "auto|api|hunting", sources,
     "Where logon users come from. auto: the API for up to 100 machines a run, else hunting.",
     "auto"},
    {"vulnerability-source", "auto|hunting|export", sources,
     "Where software and its vulnerabilities come from. export: Defender's export of all rows, at "
     "least once a week, and what changed between; it needs Vulnerability.Read.All. auto: hunting "
     "where there is hunting, else the export.",
     "auto"},
    {"identity-model", "auto|user|account", sources,
     "How logon users stand in CAR. auto: as CAR's own import schema says.", "auto"},
    {"account-key", "name|domain-name", sources,
     "What names an account in CAR: its name, or its domain and name in lower case, so that local "
     "accounts of one name on many hosts are not one person.",
     "name"},
    {"asset-tags", "true|false", sources,
     "Whether machines get tags in CAR: their own, their device group, exposure and state.",
     "true"},
    {"onboarding-status", "STATUS…", sources,
     "Only machines with one of these onboarding states count, whatever their case.", "all", "", "",
     list},
    {"device-group", "NAME…", sources, "Only machines of these device groups count.", "all", "", "",
     list},
    {"exclude-tag", "TAG…", sources, "Machines with one of these tags do not count.", "none", "",
     "", list},
    {"merged-devices", "keep|drop", sources,
     "drop: a record that was merged into another machine's does not count where that one does.",
     "keep"},
    {"machine-overlap", "HOURS", sources,
     "How far a machine window reaches back behind the last one.", "24"},
    {"row-overlap", "HOURS", sources, "The same for alerts and network rows.", "2"},
    {"defender-rate", "N/SECONDS", sources,
     "At most N requests to Defender, and to Graph, within SECONDS.", "as fast as Defender lets"},
    {"budget-share", "SHARE", sources,
     "How much of each of Defender's quotas runs may use up, above 0 to 1: 0.5 leaves half to the "
     "tenant's analysts. What does not fit waits for later runs.",
     "0, no limit but Defender's own"},

    {"cloud", "commercial|gcc|gcc-high|dod", hosts,
     "Sets all hosts below together; a single one given beside it wins.", "commercial"},
    {"login-url", "URL", hosts, "The login service.", "the cloud's"},
    {"defender-url", "URL", hosts, "Defender's API.", "the cloud's"},
    {"graph-url", "URL", hosts, "Microsoft Graph.", "the cloud's"},
    {"defender-resource", "URI", hosts, "The audience that Defender's token is asked for.",
     "the cloud's"},
    {"graph-resource", "URI", hosts, "The same for Graph's token.", "the cloud's"},
    {"ca-file", "FILE", hosts, "Certificate authorities to trust instead of the system's.",
     "the system's"},

    {"config", "FILE", output, "An INI file with any of these options as key = value.", "", "", "",
     local_and_typed},
    {"format", "text|json", output, "json: one JSON document on standard output.", "text", "", "",
     local},
    {"metrics-file", "FILE", output,
     "sync writes its figures there after every run, for Prometheus' textfile collector; the name "
     "ends in .prom.",
     "none"},
    {"color", "auto|always|never", output,
     "Colours for verdicts, + and -. auto: on a terminal where NO_COLOR is not set.", "auto", "",
     "", local},
    {"output", "FILE", output, "Where the page goes.", "standard output", "", "",
     only_with("report")},
    {"limit", "N", output, "How many runs to show.", "20", "", "", only_with("runs")},
    {"log-level", "trace|debug|info|warn|error", output,
     "Messages on standard error. DEBUG=true in the environment means debug.",
     "info on a terminal, else warn, and nothing from a good run", "", "d", local},
    {"log-format", "text|json", output, "json: one object a line.", "text", "", "", local},
    {"help", "", output, "This page; with a command word, that command's.", "", "", "h",
     local_and_typed},
    {"version", "", output, "The version.", "", "", "", typed},
};

}  // namespace

std::span<const OptionSpec> option_table() { return options; }

const OptionSpec* find_option(std::string_view name) {
  for (const OptionSpec& option : options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

const OptionSpec* find_older_spelling(std::string_view name) {
  for (const OptionSpec& option : options) {
    if (has_word(option.older, name)) return &option;
  }
  return nullptr;
}

bool goes_with(const OptionSpec& option, const CommandSpec& command) {
  if (!option.traits.commands.empty()) return has_word(option.traits.commands, command.name);
  if (command.connects == Connects::unset) return option.name == "help";
  return option.traits.local || command.connects != Connects::nothing;
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view first = words.substr(0, words.find(' '));
    if (first == word) return true;
    words.remove_prefix(std::min(words.size(), first.size() + 1));
  }
  return false;
}

std::string full_text(const OptionSpec& option) {
  std::string text(option.text);
  if (!option.traits.commands.empty())
    text.append(" Only with ").append(option.traits.commands).append(".");
  if (!option.traits.in_file) text += " Not in a file.";
  return text;
}

}  // namespace defender_car
