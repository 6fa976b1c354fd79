#include "cli/options/option_table.h"

#include <algorithm>

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

constexpr OptionSpec options[] = {
    {"tenant-id", "ID", "CONFIGURATION_AUTH_TENANT", defender,
     "The tenant: its GUID or one of its domain names."},
    {"client-id", "ID", "CONFIGURATION_AUTH_CLIENTID", defender,
     "The app registration's application (client) id."},
    {"client-secret", "TEXT", "CONFIGURATION_AUTH_CLIENTSECRET", defender,
     "Its client secret. Anybody on this host can read a command line: use the next one."},
    {"client-secret-file", "FILE", "", defender, "Reads the client secret from a file."},
    {"subscription-id", "ID", "CONFIGURATION_AUTH_SUBSCRIPTION_ID", defender,
     "Accepted for the sake of old crontabs; Defender does not need it."},

    {"car-url", "URL", "CAR_SERVICE_URL", car, "CAR's address; it ends in /api/car/v2."},
    {"car-key", "TEXT", "CAR_SERVICE_KEY", car, "The API key."},
    {"car-password", "TEXT", "CAR_SERVICE_PASSWORD", car,
     "The API key's password. Better: the next one."},
    {"car-password-file", "FILE", "", car, "Reads the password from a file."},
    {"car-token-url", "URL", "CAR_SERVICE_URL_FOR_AUTHTOKEN", car,
     "CAR's address where a token is used instead of a key."},
    {"car-token", "TEXT", "CAR_SERVICE_AUTHTOKEN", car, "That token. Better: the next one."},
    {"car-token-file", "FILE", "", car, "Reads the token from a file."},
    {"car-concurrency", "N", "", car,
     "At most N imports or changes under way in CAR at a time, 1 to 16. Default: 8."},
    {"source", "NAME", "CONNECTION_NAME", car,
     "Under which source CAR keeps what comes from here. Default: "
     "Microsoft-Windows-Defender-ATP."},

    {"mode", "auto|full|incremental", "", run,
     "auto makes a full import where one is needed and else sends what changed. Default: auto "
     "with the word sync, full without a command word."},
    {"working-dir", "DIR", "", run,
     "Where state.db and snapshots/ live. Default: $XDG_STATE_HOME/defender-car, else "
     "/var/lib/defender-car as root, else ~/.local/state/defender-car."},
    {"alerts", "true|false", "", run,
     "false leaves alerts out: what CAR holds of them stays as it is. Default: true."},
    {"vulnerabilities", "true|false", "", run,
     "false leaves software and its vulnerabilities out likewise. Default: true."},
    {"strict", "", "", run,
     "Exit code 55 when records had to be set aside. Default: they are "
     "counted and the exit code stays 0."},
    {"deadline", "TIME", "", run,
     "How long a run may take in all: 2h, 30m, 90s (0: as long as it likes). What is not done by "
     "then, the next run does. Default: 2h."},
    {"keep-days", "DAYS", "", run, "How long snapshots are kept. Default: 14."},
    {"keep-runs", "N", "", run,
     "How many runs the history, the ledger and the records set aside keep. Default: 10000."},
    {"compress-snapshots", "", "", run, "Keeps snapshots compressed. Default: as they are."},
    {"keep-space", "BYTES", "", run,
     "How much room they may take (K, M, G, T for powers of 1024). Default: 2G."},

    {"max-deletes", "N|N%", "", guards,
     "Assets that may be deleted within 24 hours, as a count or a share of those held. Default: "
     "10%, and never fewer than 50."},
    {"max-disables", "N|N%", "", guards,
     "Edges of one type that a run may disable, as a count or a share of the active ones. Default: "
     "50%, and never fewer than 1000."},
    {"canary", "ID…", "", guards,
     "Machines that must be in a full machine list before it counts as complete; an incremental "
     "run asks for them by id. Without them a run sends nothing. Default: none.",
     true, true},
    {"plan", "FILE", "", run,
     "Delivers exactly what a plan saved, or refuses when the state has moved since.", false, false,
     "sync"},
    {"save", "FILE", "", run, "Keeps the plan in a file, for sync --plan.", false, false, "plan"},
    {"exit-code", "", "", run,
     "0 when there is nothing to do, 3 when there is something, 12 when a guard would stop it.",
     false, false, "plan"},
    {"until", "RUN", "", run, "The number of the last run to replay.", false, false, "replay"},
    {"acknowledged", "", "", run,
     "Compares the graph that CAR holds by its own answers. Default: the one that Defender "
     "derives.",
     false, false, "diff"},
    {"repair", "", "", run, "Sends CAR the differences, under the same guards.", false, false,
     "verify"},
    {"sample", "N", "", run, "Looks at N machines only. Default: all.", false, false, "verify"},

    {"allow-once", "TOKEN[,TOKEN]", "", guards,
     "Lets through, once, what a guard held back. The guard's message names the token.", false},

    {"hunting-api", "auto|graph|defender", "", sources,
     "Which hunting service is asked. auto: Microsoft Graph where the app has "
     "ThreatHunting.Read.All, else Defender's own, which retires on 2027-02-01. Default: auto."},
    {"alerts-api", "auto|defender|graph", "", sources,
     "Which list alerts come from. auto: Defender's own while it answers; where it refuses for "
     "good, Microsoft Graph's alerts_v2 if the app has SecurityAlert.Read.All. After a change all "
     "alerts are read. Default: auto."},
    {"network-source", "auto|hunting|machines", "", sources,
     "Where adapters and addresses come from. machines needs no hunting and knows less. "
     "Default: auto."},
    {"logon-source", "auto|api|hunting", "", sources,
     "Where logon users come from. auto: the API for up to 100 machines a run, else hunting. "
     "Default: auto."},
    {"vulnerability-source", "auto|hunting|export", "", sources,
     "Where software and its vulnerabilities come from. export: Defender's export of all rows, at "
     "least once a week, and what changed between; it needs Vulnerability.Read.All. auto: hunting "
     "where there is hunting, else the export. Default: auto."},
    {"identity-model", "auto|user|account", "", sources,
     "How logon users stand in CAR. auto: as CAR's own import schema says. Default: auto."},
    {"machine-overlap", "HOURS", "", sources,
     "How far a machine window reaches back behind the last one. Default: 24."},
    {"row-overlap", "HOURS", "", sources, "The same for alerts and network rows. Default: 2."},
    {"defender-rate", "N/SECONDS", "", sources,
     "At most N requests to Defender within SECONDS. Default: as fast as Defender lets."},
    {"budget-share", "SHARE", "", sources,
     "How much of each of Defender's quotas runs may use up, above 0 to 1: 0.5 leaves half to the "
     "tenant's analysts. What does not fit waits for later runs. Default: 0, no limit but "
     "Defender's own."},

    {"cloud", "commercial|gcc|gcc-high|dod", "", hosts,
     "Sets all hosts below together. Default: commercial."},
    {"login-url", "URL", "", hosts, "The login service. Default: the cloud's."},
    {"defender-url", "URL", "", hosts, "Defender's API. Default: the cloud's."},
    {"graph-url", "URL", "", hosts, "Microsoft Graph. Default: the cloud's."},
    {"defender-resource", "URI", "", hosts,
     "The audience that Defender's token is asked for. Default: the cloud's."},
    {"graph-resource", "URI", "", hosts, "The same for Graph's token. Default: the cloud's."},
    {"ca-file", "FILE", "", hosts, "Certificate authorities to trust instead of the system's."},

    {"config", "FILE", "", output, "An INI file with any of these options as key = value.", false},
    {"format", "text|json", "", output,
     "json: one JSON document on standard output. Default: text."},
    {"output", "FILE", "", output, "Where the page goes. Default: standard output.", false, false,
     "report"},
    {"limit", "N", "", output, "How many runs to show. Default: 20.", false, false, "runs"},
    {"log-level", "trace|debug|info|warn|error", "", output,
     "Messages on standard error. DEBUG=true in the environment means debug. Default: info on a "
     "terminal, else warn, and nothing from a good run."},
    {"log-format", "text|json", "", output, "json: one object a line. Default: text."},
    {"help", "", "", output, "This page; with a command word, that command's.", false},
    {"version", "", "", output, "The version.", false},
};

}  // namespace

std::span<const OptionSpec> option_table() { return options; }

const OptionSpec* find_option(std::string_view name) {
  const auto* found = std::find_if(std::begin(options), std::end(options),
                                   [&](const OptionSpec& option) { return option.name == name; });
  return found == std::end(options) ? nullptr : found;
}

bool is_command(std::string_view word) {
  constexpr std::string_view commands[] = {"sync",   "plan",   "replay",    "check",
                                           "verify", "status", "runs",      "explain",
                                           "diff",   "report", "snapshots", "help"};
  return std::find(std::begin(commands), std::end(commands), word) != std::end(commands);
}

bool takes_words(std::string_view command) {
  constexpr std::string_view commands[] = {"replay", "explain", "diff", "snapshots"};
  return std::find(std::begin(commands), std::end(commands), command) != std::end(commands);
}

bool goes_with(const OptionSpec& option, std::string_view command) {
  std::string_view left = option.commands;
  if (left.empty()) return true;
  while (!left.empty()) {
    const std::string_view word = left.substr(0, left.find(' '));
    if (word == command) return true;
    left.remove_prefix(std::min(left.size(), word.size() + 1));
  }
  return false;
}

}  // namespace defender_car
