// Command line, environment and INI file -> settings: precedence, the Python connector's spellings,
// refusals.

#include "cli/options/options.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "cli/options/help.h"
#include "cli/options/option_table.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

using Variables = std::map<std::string, std::string>;

Surroundings surroundings(const Variables& variables = {}, bool root = false) {
  Variables all = variables;
  all.emplace("HOME", "/home/somebody");
  return {[all](const std::string& name) -> std::optional<std::string> {
            const auto found = all.find(name);
            return found == all.end() ? std::nullopt : std::optional(found->second);
          },
          root};
}

const std::vector<std::string> needed = {"--tenant-id=T",
                                         "--client-id=C",
                                         "--client-secret=SECRET1",
                                         "--car-key=K",
                                         "--car-url=https://car.example.com/api/car/v2",
                                         "--car-password=SECRET2"};

std::vector<std::string> with_needed(std::vector<std::string> more) {
  more.insert(more.end(), needed.begin(), needed.end());
  return more;
}

/// All that a connection needs is there, and these arguments.
Options read(const std::vector<std::string>& arguments, const Variables& variables = {}) {
  return read_options(with_needed(arguments), surroundings(variables));
}

/// Exactly these arguments; the message of the usage error that they earn.
std::string refusal_of(const std::vector<std::string>& arguments, const Variables& variables = {}) {
  try {
    read_options(arguments, surroundings(variables));
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    return e.what();
  }
  FAIL("was accepted");
  return "";
}

std::string refusal(const std::vector<std::string>& arguments, const Variables& variables = {}) {
  return refusal_of(with_needed(arguments), variables);
}

bool warns(const Options& options, const std::string& text) {
  for (const std::string& warning : options.warnings) {
    if (warning.find(text) != std::string::npos) return true;
  }
  return false;
}

class File {
 public:
  explicit File(const std::string& text, mode_t mode = 0600) {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("options_test_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
  }
  ~File() { std::filesystem::remove(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

using Catch::Matchers::Contains;

TEST_CASE("the command line wins over the environment and that over the file", "[cli][options]") {
  const File ini("source = from-file\ntenant-id = file-tenant\nkeep-days = 3\n");
  const Variables variables{{"CONNECTION_NAME", "from-environment"},
                            {"CONFIGURATION_AUTH_TENANT", "environment-tenant"}};
  const std::vector<std::string> rest{"sync",
                                      "--config",
                                      ini.path(),
                                      "--client-id=C",
                                      "--client-secret=S",
                                      "--car-key=K",
                                      "--car-password=P",
                                      "--car-url=https://car.example.com/api/car/v2"};
  auto arguments = rest;
  arguments.insert(arguments.end(), {"--source", "from-command-line"});
  const Options options = read_options(arguments, surroundings(variables));
  CHECK(options.settings.car.source == "from-command-line");
  CHECK(options.settings.defender.tenant_id == "environment-tenant");
  CHECK(options.settings.keep_days == 3);
  CHECK(read_options(rest, surroundings()).settings.car.source == "from-file");
}

TEST_CASE("an empty variable counts as not set", "[cli][options]") {
  CHECK(read({}, {{"CONNECTION_NAME", ""}}).settings.car.source ==
        "Microsoft-Windows-Defender-ATP");
}

TEST_CASE("a command word changes the default mode", "[cli][options]") {
  CHECK(read({"sync"}).settings.mode == Mode::automatic);
  CHECK(read({}).settings.mode == Mode::full);
  CHECK(read({"sync", "--mode", "incremental"}).settings.mode == Mode::incremental);
  CHECK(read({"-incremental_update", "True"}).settings.mode == Mode::automatic);
  CHECK(read({"-incremental_update", "tRUE"}).settings.mode == Mode::automatic);
  CHECK(read({"sync", "-incremental_update=False"}).settings.mode == Mode::full);
  CHECK_THAT(refusal({"-incremental_update", "maybe"}), Contains("True or False"));
  CHECK_THAT(refusal({"-incremental_update", "True", "--mode", "full"}), Contains("given twice"));
}

TEST_CASE("each spelling of the Python connector works", "[cli][options][connector]") {
  const Options options =
      read_options(std::vector<std::string>{"-tenantID",
                                            "T",
                                            "-clientID",
                                            "C",
                                            "-clientSecret",
                                            "-dxyz",
                                            "-subscriptionID",
                                            "SUB",
                                            "-car-service-url",
                                            "https://car.example.com/api/car/v2/",
                                            "-car-service-key",
                                            "K",
                                            "-car-service-password",
                                            "--alerts",
                                            "-source",
                                            "S",
                                            "-working_dir",
                                            "/w",
                                            "-alerts",
                                            "False",
                                            "-vuln",
                                            "FALSE",
                                            "-d"},
                   surroundings());
  const SyncSettings& settings = options.settings;
  CHECK(settings.defender.tenant_id == "T");
  CHECK(settings.defender.client_id == "C");
  CHECK(settings.defender.client_secret == "-dxyz");
  CHECK(settings.car.url == "https://car.example.com/api/car/v2");
  CHECK(settings.car.key == "K");
  CHECK(settings.car.password == "--alerts");
  CHECK(settings.car.source == "S");
  CHECK(settings.working_dir == "/w");
  CHECK_FALSE(settings.alerts);
  CHECK_FALSE(settings.vulnerabilities);
  CHECK(options.log.level == spdlog::level::debug);
  CHECK(warns(options, "not needed"));
}

TEST_CASE("the Python connector's short spellings of CAR work", "[cli][options][connector]") {
  const Options options =
      read_options(std::vector<std::string>{"-tenantID=T", "-clientID=C", "-clientSecret=a=b",
                                            "-url", "https://car.example.com/api/car/v2",
                                            "-api_key", "K", "-password", "P"},
                   surroundings());
  CHECK(options.settings.defender.client_secret == "a=b");
  CHECK(options.settings.car.key == "K");
  CHECK(options.settings.car.password == "P");
}

TEST_CASE("the Python connector's token way works", "[cli][options][connector]") {
  const Options options = read_options(
      std::vector<std::string>{"-tenantID", "T", "-clientID", "C", "-clientSecret", "S",
                               "-car-service-url-for-token", "https://car.example.com/api/car/v2",
                               "-car-service-token", "TOKEN"},
      surroundings());
  CHECK(options.settings.car.token_url == "https://car.example.com/api/car/v2");
  CHECK(options.settings.car.token == "TOKEN");
  CHECK(options.settings.car.url.empty());
}

TEST_CASE("the Python connector's environment is enough", "[cli][options][connector]") {
  const Options options = read_options(
      std::vector<std::string>{},
      surroundings({{"CONFIGURATION_AUTH_TENANT", "T"},
                    {"CONFIGURATION_AUTH_CLIENTID", "C"},
                    {"CONFIGURATION_AUTH_CLIENTSECRET", "S#1"},
                    {"CONFIGURATION_AUTH_SUBSCRIPTION_ID", "SUB"},
                    {"CAR_SERVICE_URL_FOR_AUTHTOKEN", "https://car.example.com/api/car/v2"},
                    {"CAR_SERVICE_AUTHTOKEN", "TOKEN"},
                    {"CONNECTION_NAME", "N"},
                    {"DEBUG", "True"}}));
  CHECK(options.command == Command::sync);
  CHECK(options.settings.defender.client_secret == "S#1");
  CHECK(options.settings.car.token == "TOKEN");
  CHECK(options.settings.car.source == "N");
  CHECK(options.log.level == spdlog::level::debug);
  CHECK(options.warnings.empty());
  CHECK_FALSE(read({}, {{"DEBUG", "False"}}).log.level.has_value());
}

TEST_CASE("the Python connector's other options are ignored with a warning",
          "[cli][options][connector]") {
  const Options options = read({"-name", "N", "-version", "1.2", "-export-data-dir", "/x",
                                "-keep-export-data-dir", "-export-data-page-size", "2000"});
  CHECK(options.command == Command::sync);
  CHECK_FALSE(options.version);
  for (const char* spelling : {"-name is", "-version is", "-export-data-dir is",
                               "-keep-export-data-dir is", "-export-data-page-size is"}) {
    CHECK(warns(options, spelling));
  }
  CHECK(read_options(std::vector<std::string>{"--version"}, surroundings()).version);
  CHECK_THAT(refusal_of({"-version"}), Contains("--version"));
}

TEST_CASE("an unset shell variable in quotes is an option not given", "[cli][options][connector]") {
  CHECK(read({"-source", ""}).settings.car.source == "Microsoft-Windows-Defender-ATP");
  CHECK_THAT(refusal({"--source", ""}), Contains("--source has an empty value"));
}

TEST_CASE("a source is a name that a path in a URL carries unchanged", "[cli][options]") {
  for (const char* name : {".", "..", "a/b", "a b", "a?b", "a#b", "a\\b", "\xC3\xA4"}) {
    INFO(name);
    CHECK_THAT(refusal({"--source", name}), Contains("--source"));
    CHECK_THAT(refusal({"-source", name}), Contains("source"));
    CHECK_THAT(refusal({}, {{"CONNECTION_NAME", name}}), Contains("CONNECTION_NAME"));
  }
  const File ini("source = ..\n");
  CHECK_THAT(refusal({"--config", ini.path()}), Contains("must not be . or .."));
  for (const char* name : {"...", "..a", "100%", "%2e%2e", "a_:@=;!'%.()+,$*-"})
    CHECK(read({"--source", name}).settings.car.source == name);
}

TEST_CASE("a connection test is the command check", "[cli][options][connector]") {
  CHECK(read({"-connection-test"}).command == Command::check);
  CHECK(read({"-connection-test", "TRUE"}).command == Command::check);
  CHECK(read({"-connection-test", "False"}).command == Command::sync);
  CHECK(read({"-connection-test", "-alerts", "False"}).command == Command::check);
  CHECK(read({}, {{"DATASOURCE_CONNECTION_TEST", "True"}}).command == Command::check);
  CHECK(read({}, {{"DATASOURCE_CONNECTION_TEST", "false"}}).command == Command::sync);
  CHECK(read({"sync"}, {{"DATASOURCE_CONNECTION_TEST", "True"}}).command == Command::sync);
  CHECK(read({"-connection-test=False"}, {{"DATASOURCE_CONNECTION_TEST", "True"}}).command ==
        Command::sync);
}

TEST_CASE("booleans come in any case and in four words", "[cli][options]") {
  for (const char* yes : {"true", "TRUE", "True", "1", "yes", "YES"}) {
    CHECK(read({"--alerts", yes}).settings.alerts);
  }
  for (const char* no : {"false", "FALSE", "False", "0", "no", "No"}) {
    CHECK_FALSE(read({"--alerts", no}).settings.alerts);
  }
  CHECK_THAT(refusal({"--alerts", "perhaps"}), Contains("--alerts: must be true or false"));
  CHECK(read({"--strict"}).settings.strict);
  CHECK_FALSE(read({"--strict=no"}).settings.strict);
}

TEST_CASE("imports side by side are 1 to 16", "[cli][options]") {
  CHECK(read({}).settings.car.concurrency == 8);
  CHECK(read({"--car-concurrency", "16"}).settings.car.concurrency == 16);
  for (const char* wrong : {"0", "17", "-1", "x"})
    CHECK_THAT(refusal({"--car-concurrency", wrong}), Contains("--car-concurrency: must be"));
}

TEST_CASE("limits are counts or shares", "[cli][options]") {
  CHECK(read({"--max-deletes", "50"}).settings.max_deletes.count == 50);
  CHECK(read({"--max-deletes", "50"}).settings.max_deletes.percent == 0);
  const Limit share = read({"--max-disables=2.5%"}).settings.max_disables;
  CHECK(share.percent == Approx(2.5));
  CHECK(share.at_least == 0);
  for (const char* wrong : {"x", "-1", "10 %", "%", "101%", "nan%", "5%%", "1e9999%"}) {
    CHECK_THAT(refusal({"--max-deletes", wrong}), Contains("a count (50) or a share (10%)"));
  }
}

TEST_CASE("a command is repeated as it can be typed, without secrets", "[cli][options]") {
  const std::string command =
      read({"sync", "--working-dir", "/it's ours", "--allow-once", "abc"}).settings.command;
  CHECK_THAT(command,
             Catch::Matchers::StartsWith(R"(defender-car sync '--working-dir=/it'\''s ours')"));
  CHECK_THAT(command, Contains("--client-secret='…'"));
  CHECK_THAT(command, !Contains("SECRET"));
  CHECK_THAT(command, !Contains("allow-once"));
}

TEST_CASE("canaries are a list up to the next option", "[cli][options]") {
  const std::vector<std::string> three{"a1", "b2", "c3"};
  CHECK(read({"--canary", "a1", "b2", "c3", "--strict"}).settings.canaries == three);
  CHECK(read({"--canary", "a1,b2", "--canary=c3"}).settings.canaries == three);
  CHECK(read({"--canary=a1 b2, c3"}).settings.canaries == three);
  CHECK_THAT(refusal({"--canary=a1", "b2"}), Contains("belongs to no option"));
  CHECK_THAT(refusal({"--canary"}), Contains("--canary needs a value"));
}

TEST_CASE("the deadline takes hours, minutes and seconds", "[cli][options]") {
  CHECK(read({}).settings.deadline == std::chrono::hours(2));
  CHECK(read({"--deadline", "90"}).settings.deadline == std::chrono::seconds(90));
  CHECK(read({"--deadline", "90s"}).settings.deadline == std::chrono::seconds(90));
  CHECK(read({"--deadline", "30m"}).settings.deadline == std::chrono::minutes(30));
  CHECK(read({"--deadline", "6h"}).settings.deadline == std::chrono::hours(6));
  CHECK(read({"--deadline", "0"}).settings.deadline == std::chrono::seconds(0));
  for (const char* wrong : {"x", "-1", "1d", "h", "721h", "99999999999999999999"})
    CHECK_THAT(refusal({"--deadline", wrong}), Contains("--deadline: must be a time"));
}

TEST_CASE("sizes and rates and numbers are checked", "[cli][options]") {
  CHECK(read({"--keep-space", "500M"}).settings.keep_space_bytes == 500LL << 20);
  CHECK(read({"--keep-space", "7"}).settings.keep_space_bytes == 7);
  CHECK_THAT(refusal({"--keep-space", "9999999999T"}), Contains("--keep-space"));
  CHECK_THAT(refusal({"--keep-space", "K"}), Contains("--keep-space"));
  const RateLimit rate = read({"--defender-rate", "100/60"}).settings.defender_rate;
  CHECK(rate.requests == 100);
  CHECK(rate.seconds == 60);
  CHECK_THAT(refusal({"--defender-rate", "100"}), Contains("REQUESTS/SECONDS"));
  CHECK(read({"--budget-share", "0.5"}).settings.budget_share == 0.5);
  CHECK(read({"--budget-share", "1"}).settings.budget_share == 1);
  CHECK(read({}).settings.budget_share == 0);
  for (const char* wrong : {"1.5", "-0.1", "50%", "nan"})
    CHECK_THAT(refusal({"--budget-share", wrong}), Contains("share from 0 to 1"));
  CHECK_THAT(refusal({"--machine-overlap", "1h"}), Contains("whole number"));
}

TEST_CASE("a cloud sets the hosts and a single one overrides it", "[cli][options]") {
  const auto settings =
      read({"--login-url", "http://127.0.0.1:8080/", "--cloud", "dod"}).settings.defender;
  CHECK(settings.login_url == "http://127.0.0.1:8080");
  CHECK(settings.graph_url == "https://dod-graph.microsoft.us");
  CHECK_THAT(refusal({"--cloud", "china"}), Contains("commercial, gcc, gcc-high, dod"));
}

TEST_CASE("plain http is for loopback hosts only", "[cli][options]") {
  CHECK_THAT(refusal({"--defender-url", "http://defender.example.com"}), Contains("use https"));
  CHECK_THAT(refusal({"--defender-url", "defender.example.com"}), Contains("must be a URL"));
  const std::string message = refusal({"--graph-url", "https://me:PASSWORD@graph.example.com"});
  CHECK_THAT(message, !Contains("PASSWORD"));
}

TEST_CASE("a car url of another shape is warned of", "[cli][options]") {
  CHECK_FALSE(warns(read({}), "/api/car/v2"));
  const Options options = read_options(
      std::vector<std::string>{"--tenant-id=T", "--client-id=C", "--client-secret=S",
                               "--car-token-url=https://car.example.com/v2", "--car-token=X"},
      surroundings());
  CHECK(warns(options, "--car-token-url does not end in /api/car/v2"));
}

TEST_CASE("secrets on the command line earn one warning", "[cli][options][secrets]") {
  const Options options = read({});
  CHECK(options.warnings.size() == 1);
  CHECK(warns(options, "--client-secret-file or CONFIGURATION_AUTH_CLIENTSECRET"));
  CHECK_FALSE(warns(options, "SECRET1"));
}

TEST_CASE("a secret file loses its line ends and others may not read it",
          "[cli][options][secrets]") {
  const File file("sec\nret\n", 0644);
  std::vector<std::string> arguments = needed;
  arguments[2] = "--client-secret-file=" + file.path();
  CHECK_THAT(refusal_of(arguments), Contains("one line"));
  const File good("sec ret#1\n", 0644);
  arguments[2] = "--client-secret-file=" + good.path();
  const Options options = read_options(arguments, surroundings());
  CHECK(options.settings.defender.client_secret == "sec ret#1");
  CHECK(warns(options, "chmod 600"));
  const File own("x\r\n");
  arguments[2] = "--client-secret-file=" + own.path();
  CHECK(read_options(arguments, surroundings()).settings.defender.client_secret == "x");
  arguments[2] = "--client-secret-file=/nowhere/at/all";
  CHECK_THAT(refusal_of(arguments), Contains("cannot read '/nowhere/at/all'"));
}

TEST_CASE("what editors put around a secret is read over or named", "[cli][options][secrets]") {
  std::vector<std::string> arguments = needed;
  const auto file_of = [&](const File& file) {
    arguments[2] = "--client-secret-file=" + file.path();
    return arguments;
  };
  for (const char* const text : {"sec ret", "sec ret\n", "sec ret\r\n", "sec ret\n\n",
                                 "sec ret\r\n\r\n", "\xEF\xBB\xBFsec ret\r"}) {
    const File file(text);
    INFO(text);
    CHECK(read_options(file_of(file), surroundings()).settings.defender.client_secret == "sec ret");
  }
  for (const char* const text : {"sec ret ", " sec ret\n", "sec ret \r\n", "sec ret\xC2\xA0\n",
                                 "\xEF\xBB\xBF sec ret", "sec ret\xE2\x80\x8B"}) {
    const File file(text);
    INFO(text);
    const std::string refused = refusal_of(file_of(file));
    CHECK_THAT(refused, Contains(file.path()) && Contains("begins or ends with a blank"));
    CHECK_THAT(refused, !Contains("sec ret"));
  }
  for (const std::string& text : {std::string("\xFF\xFEs\0e\0", 6), std::string("\xFE\xFF\0s", 4),
                                  std::string("s\0e\0c\0", 6), std::string("\0s\0e", 4)}) {
    const File file(text);
    CHECK_THAT(refusal_of(file_of(file)), Contains(file.path()) && Contains("UTF-16"));
  }
  for (const char* const text : {"", "\n", "\r\n\r\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"}) {
    const File file(text);
    INFO(text);
    CHECK_THAT(refusal_of(file_of(file)), Contains("is empty"));
  }
}

TEST_CASE("a configuration may begin with a byte order mark and is not UTF-16", "[cli][options]") {
  for (const char* const begin : {"", "# a comment\n", "\r\n"}) {
    const File ini("\xEF\xBB\xBF" + std::string(begin) + "keep-days = 3\r\n\r\n");
    CHECK(read({"--config", ini.path()}).settings.keep_days == 3);
  }
  const File wide(std::string("\xFF\xFEk\0e\0", 6));
  CHECK_THAT(refusal({"--config", wide.path()}), Contains(wide.path()) && Contains("UTF-16"));
}

TEST_CASE("secret and secret file follow the precedence of their sources",
          "[cli][options][secrets]") {
  const File file("from-file");
  CHECK_THAT(refusal({"--client-secret-file", file.path()}), Contains("both given"));
  std::vector<std::string> arguments = needed;
  arguments[2] = "--client-secret-file=" + file.path();
  const Variables variables{{"CONFIGURATION_AUTH_CLIENTSECRET", "from-environment"}};
  CHECK(read_options(arguments, surroundings(variables)).settings.defender.client_secret ==
        "from-file");
  const File ini("client-secret-file = " + file.path() + "\n");
  arguments[2] = "--config=" + ini.path();
  CHECK(read_options(arguments, surroundings(variables)).settings.defender.client_secret ==
        "from-environment");
}

TEST_CASE("what is missing is said in one message", "[cli][options]") {
  const std::string message = refusal_of({"sync", "--client-id", "C"});
  for (const char* name :
       {"--tenant-id (environment CONFIGURATION_AUTH_TENANT)",
        "--client-secret (environment CONFIGURATION_AUTH_CLIENTSECRET)",
        "--car-url (environment CAR_SERVICE_URL)", "--car-key", "--car-password"}) {
    CHECK_THAT(message, Contains(name));
  }
  CHECK_THAT(message, !Contains("--client-id"));
  CHECK_THAT(refusal_of({"check", "--car-token", "X"}), Contains("--car-token-url"));
  CHECK(read_options(std::vector<std::string>{"status"}, surroundings()).command ==
        Command::status);
}

TEST_CASE("an INI file with a hash inside a value is refused", "[cli][options][ini]") {
  const File ini("# a comment\n\nclient-secret = abc#def\n");
  const std::string message = refusal({"--config", ini.path()});
  CHECK_THAT(message, Contains("line 3"));
  CHECK_THAT(message, Contains("'#'"));
  CHECK_THAT(message, !Contains("abc") && !Contains("def'"));
}

TEST_CASE("an INI file is refused for what it does not know", "[cli][options][ini]") {
  const File unknown("sorce = x\n");
  CHECK_THAT(refusal({"--config", unknown.path()}),
             Contains("'sorce'") && Contains(unknown.path()) && Contains("line 1"));
  const File twice("source = a\nsource = b\n");
  CHECK_THAT(refusal({"--config", twice.path()}), Contains("twice"));
  const File shapeless("client-secret HUSH\n");
  CHECK_THAT(refusal({"--config", shapeless.path()}), Contains("line 1") && !Contains("HUSH"));
  const File section("[defender]\n");
  CHECK_THAT(refusal({"--config", section.path()}), Contains("sections"));
  const File recursive("config = other.ini\n");
  CHECK_THAT(refusal({"--config", recursive.path()}), Contains("cannot stand in a file"));
  const File empty("");
  CHECK(read({"--config", empty.path()}).command == Command::sync);
  CHECK_THAT(refusal({"--config", "/nowhere/x.ini"}), Contains("cannot read '/nowhere/x.ini'"));
  const File wrong("keep-days = soon\n");
  CHECK_THAT(refusal({"--config", wrong.path()}),
             Contains("keep-days in '" + wrong.path() + "': must be a whole number"));
}

TEST_CASE("no refusal shows a secret", "[cli][options][secrets]") {
  CHECK_THAT(refusal_of({"-clientSecret", "HUSH", "HUSH2"}), !Contains("HUSH"));
  CHECK_THAT(refusal_of({"--client-secret", "HU\nSH", "--tenant-id", "T"}), !Contains("HU"));
  CHECK_THAT(refusal_of({"--client-secrets=HUSH"}),
             Contains("--client-secrets") && !Contains("HUSH"));
  CHECK_THAT(refusal_of({"--client-secret=HUSH", "-clientSecret", "HUSH"}), !Contains("HUSH"));
}

TEST_CASE("a wrong word or option is named", "[cli][options]") {
  CHECK_THAT(refusal_of({"snyc"}), Contains("unknown command 'snyc'"));
  CHECK_THAT(refusal_of({"--no-such-thing"}), Contains("unknown option --no-such-thing"));
  CHECK_THAT(refusal_of({"--tenant"}), Contains("unknown option --tenant"));
  CHECK_THAT(refusal_of({"--source"}), Contains("--source needs a value"));
  CHECK_THAT(refusal({"--source", "a", "-source", "b"}), Contains("--source"));
  CHECK_THAT(refusal({"sync", "--limit", "3"}), Contains("only with: runs"));
  CHECK(read({"--alerts=no", "sync"}).settings.mode == Mode::automatic);
}

TEST_CASE("the working folder has a default", "[cli][options]") {
  const std::vector<std::string> status{"status"};
  const auto folder = [&](const Variables& variables, bool root) {
    return read_options(status, surroundings(variables, root)).settings.working_dir.string();
  };
  CHECK(folder({}, false) == "/home/somebody/.local/state/defender-car");
  CHECK(folder({}, true) == "/var/lib/defender-car");
  CHECK(folder({{"XDG_STATE_HOME", "/x"}}, false) == "/x/defender-car");
  CHECK(folder({{"XDG_STATE_HOME", "x"}}, false) == "/home/somebody/.local/state/defender-car");
  CHECK_THAT(refusal_of(status, {{"HOME", ""}}), Contains("--working-dir"));
}

TEST_CASE("a mistyped command or option brings up the word that is closest", "[cli][options]") {
  CHECK_THAT(refusal_of({"snyc"}), Contains("did you mean sync?"));
  CHECK_THAT(refusal_of({"stats"}), Contains("did you mean status?"));
  CHECK_THAT(refusal_of({"--tenant-i", "x"}), Contains("did you mean --tenant-id?"));
  CHECK_THAT(refusal_of({"--max-delets", "x"}), Contains("did you mean --max-deletes?"));
  CHECK_THAT(refusal_of({"--json"}), Contains("did you mean --format json?"));
  CHECK_THAT(refusal({"sync", "--dry-run"}), Contains("the command plan shows"));
  CHECK_THAT(refusal_of({"zzzzzz"}), !Contains("did you mean"));
  CHECK_THAT(refusal_of({std::string(100'000, 'x')}), !Contains("did you mean"));
}

TEST_CASE("each option has a variable of its own", "[cli][options]") {
  const std::vector<std::string> status{"status"};
  const Options options = read_options(
      status,
      surroundings({{"DEFENDER_CAR_WORKING_DIR", "~/state"}, {"DEFENDER_CAR_FORMAT", "json"}}));
  CHECK(options.settings.working_dir == "/home/somebody/state");
  CHECK(options.format == Format::json);
  CHECK(read({}, {{"DEFENDER_CAR_MAX_DELETES", "7"}}).settings.max_deletes.count == 7);
  CHECK(read({}, {{"DEFENDER_CAR_SOURCE", "mine"}, {"CONNECTION_NAME", "theirs"}})
            .settings.car.source == "mine");
  CHECK_THAT(refusal_of({"sync"}, {{"DEFENDER_CAR_KEEP_DAYS", "no"}}),
             Contains("DEFENDER_CAR_KEEP_DAYS in the environment"));
}

TEST_CASE("without --config the first configuration file that exists is read", "[cli][options]") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder.path() / name).parent_path());
    std::ofstream(folder.path() / name) << text;
    return (folder.path() / name).string();
  };
  const std::string named = write("named.ini", "keep-days = 3\n");
  write("xdg/defender-car/config.ini", "keep-days = 4\n");
  write("home/.config/defender-car/config.ini", "keep-days = 5\n");
  Variables variables{{"HOME", (folder.path() / "home").string()}};
  CHECK(read({}, variables).settings.keep_days == 5);
  variables["XDG_CONFIG_HOME"] = (folder.path() / "xdg").string();
  CHECK(read({}, variables).settings.keep_days == 4);
  variables["DEFENDER_CAR_CONFIG"] = named;
  CHECK(read({}, variables).settings.keep_days == 3);
  CHECK(read({"--keep-days", "9"}, variables).settings.keep_days == 9);
  variables["DEFENDER_CAR_CONFIG"] = named + ".not-there";
  CHECK(read({}, variables).settings.keep_days == 4);
}

TEST_CASE("help is there before anything else is asked", "[cli][options]") {
  CHECK(read_options(std::vector<std::string>{"--help"}, surroundings()).help);
  CHECK(read_options(std::vector<std::string>{"-h"}, surroundings()).help);
  const Options help = read_options(std::vector<std::string>{"help", "sync"}, surroundings());
  CHECK(help.command == Command::help);
  CHECK(help.words == std::vector<std::string>{"sync"});
  const Options options = read_options(std::vector<std::string>{"runs", "--help"}, surroundings());
  CHECK(options.help);
  CHECK(options.command == Command::runs);
}

TEST_CASE("every option stands on the page of a command that it goes with", "[cli][options]") {
  for (const OptionSpec& option : option_table()) {
    bool stands = false;
    for (const CommandSpec& command : command_table()) {
      const std::string page = help_page(command, 80);
      const bool on_page = page.find("--" + std::string(option.name) + "\n") != std::string::npos ||
                           page.find("--" + std::string(option.name) + " ") != std::string::npos;
      if (goes_with(option, command)) CHECK(on_page);
      stands |= on_page && page.find(option.environment) != std::string::npos;
    }
    INFO(option.name);
    CHECK(stands);
  }
}

TEST_CASE("every command stands at its enumerator's place and has a page", "[cli][options]") {
  for (const CommandSpec& command : command_table()) {
    CHECK(&command_spec(command.command) == &command);
    CHECK_THAT(help_page(command, 0), Contains("defender-car " + std::string(command.name)));
    CHECK_THAT(help_page(command, 0), Contains("Exit codes"));
    CHECK_THAT(help_page(0), Contains(std::string(command.purpose)));
  }
}

TEST_CASE("the general page fits two screens, and prose fits the terminal", "[cli][options]") {
  const std::string page = help_page(80);
  CHECK(std::count(page.begin(), page.end(), '\n') <= 50);
  std::istringstream lines(wrapped(std::string(300, 'x') + " " + page, 40));
  std::string line;
  std::getline(lines, line);
  CHECK(line.size() == 300);  // a word that has no blank is not cut
  std::getline(lines, line);
  CHECK(width_of(line) <= 40);
}

}  // namespace
}  // namespace defender_car
