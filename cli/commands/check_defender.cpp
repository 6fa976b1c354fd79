#include <algorithm>
#include <set>
#include <vector>

#include "base/time.h"
#include "cli/commands/check_alerts.h"
#include "cli/commands/checks.h"
#include "run/retirement.h"

namespace defender_car {
namespace {

/// An application permission and what a sync needs it for.
struct Permission {
  std::string name;
  std::vector<std::string> alternatives;  ///< wider ones that hold it, too
  std::string purpose;
  bool needed = true;
};

constexpr const char* defender_api = "WindowsDefenderATP";
constexpr const char* kExportPermission = "Vulnerability.Read.All";
constexpr const char* graph_api = "Microsoft Graph";
constexpr const char* kGraphAlertsPermission = "SecurityAlert.Read.All";

std::string where_to_grant(const std::string& permission, const std::string& api) {
  const bool graph = api == graph_api;
  return "Microsoft Entra admin center > App registrations > this app > API permissions > Add a "
         "permission > " +
         (graph ? api : "APIs my organization uses > " + api) + " > Application permissions > " +
         permission + ", then Grant admin consent";
}

/// Stores nothing: the question is whether a response comes.
class NoSink final : public PageSink {
 public:
  void begin() override {}
  void record(std::span<const Field>) override {}
  void keep() override {}
  void drop() override {}
};

class DefenderCheck {
 public:
  DefenderCheck(const SyncSettings& settings, HttpClient& http, const OnCheck& on_check)
      : settings_(settings),
        http_(http),
        on_check_(on_check),
        client_(http, settings.defender, settings.hunting_api) {}

  void run() {
    alerts_by_graph_ = settings_.alerts && asks_alerts_of_graph();
    if (!log_in_to_defender()) return;  // all that follows would fail for the same reason
    probe("machines", "Machine.Read.All");
    if (settings_.alerts) alerts();
    if (asks_export()) probe_export(true);
    hunting();
    retirement();
  }

 private:
  /// Asks one question; where its answer is not `needed`, an error is a warning. `permission` is
  /// what a refusal lacks; an error's own message says what else to do.
  bool ask(const std::string& name, bool needed, const std::string& permission,
           const std::string& api, const std::function<void()>& question) {
    try {
      question();
      on_check_({name, CheckState::ok, "", "", {}});
      return true;
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::interrupted) throw;
      const bool refused = e.kind() == ErrorKind::forbidden && !permission.empty();
      CheckResult result{
          name, CheckState::warning, e.what(), refused ? how_to_grant(permission, api) : "", {}};
      if (needed) {
        result.state = CheckState::failed;
        result.failure = e.kind();
      }
      on_check_(result);
      return false;
    }
  }

  bool log_in_to_defender() {
    std::optional<std::set<std::string>> roles;
    if (!ask("Defender login", true, "", "", [&] { roles = client_.defender_roles(); }))
      return false;
    permissions(roles, defender_permissions(), defender_api);
    return true;
  }

  std::vector<Permission> defender_permissions() const {
    const bool asks_users = settings_.logon_source != LogonSource::hunting;
    std::vector<Permission> asked{
        {"Machine.Read.All", {"Machine.ReadWrite.All"}, "machines and their addresses", true},
        {"Alert.Read.All",
         {"Alert.ReadWrite.All"},
         "alerts",
         settings_.alerts && !alerts_by_graph_},
        {"User.Read.All", {}, "logon users of a machine", asks_users},
        {"AdvancedQuery.Read.All", {}, "hunting by Defender's own API (retires 2027-02-01)", false},
    };
    if (asks_export())
      asked.push_back({kExportPermission, {}, "software and its vulnerabilities by export", true});
    return asked;
  }

  bool asks_alerts_of_graph() {
    if (settings_.alerts_api != AlertsApi::automatic)
      return settings_.alerts_api == AlertsApi::graph;
    try {
      const auto roles = client_.graph_roles();
      return roles && roles->contains(kGraphAlertsPermission);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::interrupted) throw;
      return false;  // the next one who asks tells
    }
  }

  void alerts() {
    const bool by_defender =
        alerts_by_graph_
            ? check_alerts(
                  settings_, http_, client_, on_check_,
                  [&](const std::string& list, bool needed, AlertsApi way,
                      const std::function<void()>& question) {
                    return way == AlertsApi::graph
                               ? ask(list, needed, kGraphAlertsPermission, graph_api, question)
                               : ask(list, needed, "Alert.Read.All", defender_api, question);
                  })
            : probe("alerts", "Alert.Read.All");
    if (by_defender) retiring_ += " alerts";
  }

  /// What a run would use of the services that end.
  void retirement() {
    const EpochMs now = client_.clock().now().value_or(system_now());
    for (const std::string& warning : retirement_warnings(retiring_, now))
      on_check_({"end of services on 2027-02-01", CheckState::warning, warning, "", {}});
  }

  bool asks_export() const {
    return settings_.vulnerabilities &&
           settings_.vulnerability_source == VulnerabilitySource::exported;
  }

  void permissions(const std::optional<std::set<std::string>>& roles,
                   const std::vector<Permission>& asked, const std::string& api) {
    if (!roles || roles->empty()) {
      on_check_({api + " permissions",
                 CheckState::warning,
                 roles ? "the token names none: none is granted, or the login service does not say"
                       : "not known: the token does not tell which it carries",
                 "what follows shows what works",
                 {}});
      return;
    }
    for (const Permission& permission : asked) on_check_(judge(*roles, permission, api));
  }

  /// Where to grant it, in full once; after that by a reference.
  std::string how_to_grant(const std::string& permission, const std::string& api) {
    if (!explained_.insert(permission).second) return "grant " + permission + " as said above";
    return where_to_grant(permission, api);
  }

  CheckResult judge(const std::set<std::string>& roles, const Permission& permission,
                    const std::string& api) {
    const std::string name = "permission " + permission.name + " (" + api + ")";
    const bool granted =
        roles.contains(permission.name) ||
        std::any_of(permission.alternatives.begin(), permission.alternatives.end(),
                    [&](const std::string& other) { return roles.contains(other); });
    if (granted) return {name, CheckState::ok, "present, for " + permission.purpose, "", {}};
    CheckResult result{name,
                       CheckState::warning,
                       "missing, for " + permission.purpose,
                       how_to_grant(permission.name, api),
                       {}};
    if (permission.needed) {
      result.state = CheckState::failed;
      result.failure = ErrorKind::forbidden;
    }
    return result;
  }

  bool probe(const std::string& resource, const std::string& permission) {
    return ask("Defender /api/" + resource, true, permission, defender_api,
               [&] { client_.probe(resource); });
  }

  /// One row of it.
  bool probe_export(bool needed) {
    NoSink sink;
    return ask("Defender vulnerability export", needed, kExportPermission, defender_api,
               [&] { client_.probe_software_export(sink); });
  }

  /// One way is enough; without any, addresses come from the machine list and vulnerabilities stay
  /// out.
  void hunting() {
    const bool by_graph = settings_.hunting_api != HuntingApi::defender && hunt_by_graph();
    const bool by_defender = settings_.hunting_api != HuntingApi::graph && hunt_by_defender();
    if (by_defender && !by_graph) retiring_ += " hunting";
    if (by_graph || by_defender) return;
    const bool needed = settings_.network_source == NetworkSource::hunting ||
                        settings_.logon_source == LogonSource::hunting ||
                        settings_.vulnerability_source == VulnerabilitySource::hunting;
    if (needed) {
      on_check_({"hunting", CheckState::failed,
                 "no way to hunt works, and --network-source, --logon-source or "
                 "--vulnerability-source asks for it",
                 how_to_grant("ThreatHunting.Read.All", graph_api), ErrorKind::forbidden});
      return;
    }
    const bool automatic = settings_.vulnerability_source == VulnerabilitySource::automatic;
    const bool exported =
        asks_export() || (settings_.vulnerabilities && automatic && probe_export(false));
    on_check_({"hunting",
               CheckState::warning,
               std::string("no way to hunt works: addresses will come from the machine list "
                           "(--network-source machines), and vulnerabilities ") +
                   (exported ? "from the export" : "stay out"),
               how_to_grant("ThreatHunting.Read.All", graph_api),
               {},
               exported ? "adapters and MACs of hunting"
                        : "adapters and MACs of hunting, vulnerabilities"});
  }

  bool hunt_by_graph() {
    std::optional<std::set<std::string>> roles;
    if (!ask("Graph login", false, "", "", [&] { roles = client_.graph_roles(); })) return false;
    permissions(roles, {{"ThreatHunting.Read.All", {}, "hunting by Microsoft Graph", false}},
                graph_api);
    return hunt("hunting by Graph", HuntingApi::graph, "ThreatHunting.Read.All", graph_api);
  }

  bool hunt_by_defender() {
    return hunt("hunting by Defender (retires 2027-02-01)", HuntingApi::defender,
                "AdvancedQuery.Read.All", defender_api);
  }

  bool hunt(const std::string& name, HuntingApi way, const std::string& permission,
            const std::string& api) {
    static constexpr std::string_view columns[] = {"DeviceId"};
    NoSink sink;
    return ask(name, false, permission, api, [&] {
      DefenderClient(http_, settings_.defender, way)
          .hunt(
              {"DeviceInfo", columns},
              [](int, int) { return "DeviceInfo | take 1 | project DeviceId"; }, sink);
    });
  }

  const SyncSettings& settings_;
  HttpClient& http_;
  const OnCheck& on_check_;
  DefenderClient client_;
  std::set<std::string> explained_;  ///< permissions whose granting has been explained
  bool alerts_by_graph_ = false;
  std::string retiring_;  ///< as retirement_warnings() takes it
};

}  // namespace

void check_defender(const SyncSettings& settings, HttpClient& http, const OnCheck& on_check) {
  DefenderCheck(settings, http, on_check).run();
}

}  // namespace defender_car
