#include "cli/options/option_resolver.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "cli/options/option_table.h"
#include "cli/options/secret_file.h"
#include "cli/options/values.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

/// Each has a "-file" twin and a variable.
constexpr std::string_view secrets[] = {"client-secret", "car-password", "car-token"};

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::usage, why); }

int parse_int(std::string_view text, int least, int most) {
  return static_cast<int>(parse_integer(text, least, most));
}

/// "--name" and, where there is one, the variable that sets it.
std::string name_both(std::string_view name) {
  const OptionSpec* option = find_option(name);
  std::string text = "--" + std::string(name);
  if (option != nullptr && !option->environment.empty()) {
    text += " (environment " + std::string(option->environment) + ")";
  }
  return text;
}

}  // namespace

OptionResolver::OptionResolver(const std::vector<Layer>& layers, Options& options)
    : layers_(layers), options_(options) {}

void OptionResolver::run(const Surroundings& surroundings, bool without_command) {
  read_output();
  read_working_dir(surroundings);
  read_run(without_command);
  read_sources();
  read_hosts();
  const Connects connects = command_spec(options_.command).connects;
  const bool asks_defender = connects == Connects::both;
  const bool asks_car = asks_defender || connects == Connects::car ||
                        (connects == Connects::named_car && names_car());
  if (!asks_car) return;
  if (asks_defender) read_defender();
  read_car();
  warn_of_secrets();
  refuse_missing(asks_defender);
}

OptionResolver::Found OptionResolver::find(std::string_view name) const {
  for (const Layer& layer : layers_) {
    const auto entry = layer.values.find(name);
    if (entry != layer.values.end()) return {&layer, &entry->second};
  }
  return {};
}

std::string OptionResolver::origin(std::string_view name, const Found& found) const {
  std::string text = "--" + std::string(name);
  if (found.layer->kind == Layer::Kind::file) {
    text = std::string(name) + " in '" + printable(found.layer->file) + "'";
  } else if (found.layer->kind == Layer::Kind::environment) {
    text = (found.layer->own_names ? own_variable(name)
                                   : std::string(find_option(name)->environment)) +
           " in the environment";
  }
  return text;
}

template <typename Parse>
void OptionResolver::with(std::string_view name, Parse parse) const {
  const Found found = find(name);
  if (!found) return;
  try {
    parse(std::string_view(*found.value));
  } catch (const Error& e) {
    refuse(origin(name, found) + ": " + e.what());
  }
}

template <typename Value>
void OptionResolver::choose(std::string_view name, Value& value) const {
  with(name, [&](auto text) {
    value = static_cast<Value>(parse_choice(text, find_option(name)->argument));
  });
}

void OptionResolver::read_output() {
  choose("format", options_.format);
  with("until", [&](auto text) { options_.until = parse_integer(text, 1, INT64_MAX); });
  with("save", [&](auto text) { options_.save = text; });
  with("plan", [&](auto text) { options_.settings.plan = text; });
  with("output", [&](auto text) { options_.output = text; });
  with("exit-code", [&](auto text) { options_.plan_exit_code = parse_boolean(text); });
  with("metrics-file", [&](auto text) {
    options_.metrics_file = text;
    if (!text.ends_with(".prom")) refuse("must end in .prom, or no collector reads it");
  });
  choose("color", options_.color);
  with("at", [&](auto text) { options_.at = text; });
  with("rows", [&](auto text) { options_.rows = parse_boolean(text); });
  with("dry-run", [&](auto text) { options_.dry_run = parse_boolean(text); });
  with("check", [&](auto text) { options_.monitoring = parse_boolean(text); });
  with("warn-age", [&](auto text) { options_.warn_age = parse_duration(text); });
  with("critical-age", [&](auto text) { options_.critical_age = parse_duration(text); });
  with("acknowledged", [&](auto text) { options_.acknowledged = parse_boolean(text); });
  with("repair", [&](auto text) { options_.repair = parse_boolean(text); });
  with("sample", [&](auto text) { options_.sample = parse_int(text, 1, 1'000'000'000); });
  with("limit", [&](auto text) { options_.limit = parse_int(text, 1, 1'000'000); });
  choose("log-format", options_.log.json);
  if (find("log-level")) choose("log-level", options_.log.level.emplace());
}

void OptionResolver::read_working_dir(const Surroundings& surroundings) {
  std::filesystem::path& dir = options_.settings.working_dir;
  if (const Found found = find("working-dir")) {
    dir = *found.value;
    return;
  }
  const std::string state_home = surroundings.environment("XDG_STATE_HOME").value_or("");
  const std::string home = surroundings.environment("HOME").value_or("");
  if (state_home.starts_with('/')) {
    dir = std::filesystem::path(state_home) / "defender-car";
  } else if (surroundings.root) {
    dir = "/var/lib/defender-car";
  } else if (home.starts_with('/')) {
    dir = std::filesystem::path(home) / ".local/state/defender-car";
  } else {
    refuse("no home folder is known (HOME is not set): say --working-dir DIR");
  }
}

void OptionResolver::read_run(bool without_command) {
  SyncSettings& settings = options_.settings;
  if (without_command) settings.mode = Mode::full;
  choose("mode", settings.mode);
  with("alerts", [&](auto text) { settings.alerts = parse_boolean(text); });
  with("vulnerabilities", [&](auto text) { settings.vulnerabilities = parse_boolean(text); });
  with("strict", [&](auto text) { settings.strict = parse_boolean(text); });
  with("max-deletes", [&](auto text) { settings.max_deletes = parse_limit(text); });
  with("max-disables", [&](auto text) { settings.max_disables = parse_limit(text); });
  with("allow-once", [&](auto text) { settings.allow_once = text; });
  with("canary", [&](auto text) { settings.canaries = parse_list(text); });
  with("deadline", [&](auto text) { settings.deadline = parse_duration(text); });
  with("keep-days", [&](auto text) { settings.keep_days = parse_int(text, 0, 36'500); });
  with("keep-runs", [&](auto text) { settings.keep_runs = parse_int(text, 1, 1'000'000'000); });
  with("compress-snapshots", [&](auto text) { settings.compress_snapshots = parse_boolean(text); });
  with("keep-space", [&](auto text) { settings.keep_space_bytes = parse_space(text); });
}

void OptionResolver::read_sources() {
  SyncSettings& settings = options_.settings;
  choose("hunting-api", settings.hunting_api);
  choose("network-source", settings.network_source);
  choose("logon-source", settings.logon_source);
  choose("vulnerability-source", settings.vulnerability_source);
  with("identity-model", [&](auto text) {
    const auto place = parse_choice(text, find_option("identity-model")->argument);
    settings.identity_model.reset();
    if (place > 0) settings.identity_model = kIdentityModels.read(text);
  });
  choose("account-key", settings.account_key);
  with("asset-tags", [&](auto text) { settings.asset_tags = parse_boolean(text); });
  with("onboarding-status",
       [&](auto text) { settings.scope.onboarding_status = parse_names(text); });
  with("device-group", [&](auto text) { settings.scope.device_groups = parse_names(text); });
  with("exclude-tag", [&](auto text) { settings.scope.exclude_tags = parse_names(text); });
  with("merged-devices", [&](auto text) {
    settings.scope.drop_merged = parse_choice(text, find_option("merged-devices")->argument) == 1;
  });
  constexpr int thirty_days = 30 * 24;
  with("machine-overlap",
       [&](auto text) { settings.machine_overlap_hours = parse_int(text, 0, thirty_days); });
  with("row-overlap",
       [&](auto text) { settings.row_overlap_hours = parse_int(text, 0, thirty_days); });
  with("defender-rate", [&](auto text) { settings.defender_rate = parse_rate(text); });
  with("budget-share", [&](auto text) { settings.budget_share = parse_share(text); });
}

void OptionResolver::read_hosts() {
  DefenderSettings& defender = options_.settings.defender;
  with("cloud", [&](auto text) {
    parse_choice(text, find_option("cloud")->argument);
    set_cloud(defender, text);
  });
  with("login-url", [&](auto text) { defender.login_url = parse_url(text); });
  with("defender-url", [&](auto text) { defender.defender_url = parse_url(text); });
  with("graph-url", [&](auto text) { defender.graph_url = parse_url(text); });
  with("defender-resource", [&](auto text) { defender.defender_resource = text; });
  with("graph-resource", [&](auto text) { defender.graph_resource = text; });
  with("ca-file", [&](auto text) {
    const std::string path(text);
    if (::access(path.c_str(), R_OK) != 0) refuse("'" + printable(path) + "' cannot be read");
    options_.settings.ca_file = path;
  });
}

void OptionResolver::read_defender() {
  DefenderSettings& defender = options_.settings.defender;
  with("tenant-id", [&](auto text) { defender.tenant_id = parse_tenant(text); });
  defender.client_id = read_plain("client-id");
  defender.client_secret = read_secret("client-secret");
  const Found subscription = find("subscription-id");
  // In the environment it costs nothing; where somebody wrote it for us, they may take it away.
  if (subscription && subscription.layer->kind != Layer::Kind::environment) {
    options_.warnings.push_back("--subscription-id is not needed: Defender knows the tenant");
  }
}

void OptionResolver::read_car() {
  CarSettings& car = options_.settings.car;
  car.source = "Microsoft-Windows-Defender-ATP";
  with("car-concurrency", [&](auto text) { car.concurrency = parse_int(text, 1, 16); });
  with("source", [&](auto text) { car.source = parse_source(text); });
  const bool token = uses_car_token();
  const std::string_view url_name = token ? "car-token-url" : "car-url";
  std::string& url = token ? car.token_url : car.url;
  with(url_name, [&](auto text) { url = parse_url(text); });
  if (!url.empty() && !url.ends_with("/api/car/v2")) {
    options_.warnings.push_back("--" + std::string(url_name) +
                                " does not end in /api/car/v2, as CAR's address does");
  }
  if (token) {
    car.token = read_secret("car-token");
  } else {
    car.key = read_plain("car-key");
    car.password = read_secret("car-password");
  }
}

bool OptionResolver::names_car() const { return find("car-url") || find("car-token-url"); }

bool OptionResolver::uses_car_token() const {
  for (const Layer& layer : layers_) {
    if (layer.has("car-token-url") || layer.has("car-token") || layer.has("car-token-file")) {
      return true;
    }
    if (layer.has("car-url") || layer.has("car-key") || layer.has("car-password") ||
        layer.has("car-password-file")) {
      return false;
    }
  }
  return false;
}

std::string OptionResolver::read_plain(std::string_view name) const {
  std::string value;
  with(name, [&](auto text) {
    value = text;
    check_secret(value);
  });
  return value;
}

std::string OptionResolver::read_secret(std::string_view name) {
  const std::string file_name = std::string(name) + "-file";
  for (const Layer& layer : layers_) {
    const bool in_file = layer.has(file_name);
    if (in_file && layer.has(name)) {
      refuse("--" + std::string(name) + " and --" + file_name + " are both given: give one");
    }
    if (in_file) {
      std::string secret;
      with(file_name,
           [&](auto path) { secret = read_secret_file(std::string(path), options_.warnings); });
      return secret;
    }
    if (layer.has(name)) break;
  }
  return read_plain(name);
}

void OptionResolver::warn_of_secrets() {
  std::string names;
  std::string better;
  for (const std::string_view name : secrets) {
    if (!layers_[0].has(name)) continue;
    names += (names.empty() ? "--" : ", --") + std::string(name);
    better += (better.empty() ? "--" : ", --") + std::string(name) + "-file or " +
              std::string(find_option(name)->environment);
  }
  if (!names.empty()) {
    options_.warnings.push_back(names +
                                " on the command line can be read by everybody on this "
                                "host (ps); better: " +
                                better + " in the environment");
  }
  for (const Layer& layer : layers_) {
    const bool holds = std::any_of(std::begin(secrets), std::end(secrets),
                                   [&](std::string_view name) { return layer.has(name); });
    if (holds && layer.kind == Layer::Kind::file) {
      warn_when_readable(layer.file, options_.warnings);
    }
  }
}

void OptionResolver::refuse_missing(bool defender_too) const {
  const DefenderSettings& defender = options_.settings.defender;
  const CarSettings& car = options_.settings.car;
  std::vector<std::string> missing;
  const auto need = [&](const std::string& value, std::string_view name) {
    if (value.empty()) missing.push_back(name_both(name));
  };
  if (defender_too) {
    need(defender.tenant_id, "tenant-id");
    need(defender.client_id, "client-id");
    need(defender.client_secret, "client-secret");
  }
  if (uses_car_token()) {
    need(car.token_url, "car-token-url");
    need(car.token, "car-token");
  } else {
    need(car.url, "car-url");
    need(car.key, "car-key");
    need(car.password, "car-password");
  }
  if (missing.empty()) return;
  std::string message = "these parameters are missing:\n";
  for (const std::string& line : missing) message += "  " + line + "\n";
  message +=
      "CAR takes --car-token-url and --car-token instead of the key, too. Parameters stand on "
      "the command line, in the environment or in a file (--config FILE); see "
      "defender-car --help.";
  refuse(message);
}

}  // namespace defender_car
