// Plays api.security.microsoft.com (machines, alerts, logon users, the retiring hunting endpoint
// and the vulnerability export) and Graph's runHuntingQuery and alerts_v2 over one Tenant.
//
// It checks tokens by LoginService. It keeps nothing of its own but the lies on order and prepared
// answers, and does not throttle: 429 comes from the faults.
#pragma once

#include <set>
#include <string>

#include "hunting.h"
#include "lies.h"
#include "login_service.h"
#include "message.h"
#include "prepared.h"
#include "software_export.h"
#include "tenant.h"

namespace simulator {

struct DefenderOptions {
  bool hunting = true;        // the retiring POST /api/advancedqueries/run
  bool graph_hunting = true;  // Graph's POST /v1.0/security/runHuntingQuery
  int no_hunting_status = 403;
  bool alerts = true;        // Defender's own list
  bool graph_alerts = true;  // Graph's alerts_v2; its token needs SecurityAlert.Read.All
  int no_alerts_status = 403;
  bool graph_takes_ne = true;           // filters by inequality
  bool graph_next_links = false;        // else a full page is stepped by $skip
  std::string graph_id_prefix{};        // of alerts: Graph names them differently
  std::set<std::string> graph_lacks{};  // ids of alerts
  bool vulnerability_export = true;     // SoftwareVulnerabilitiesByMachine and what belongs to it
  int no_export_status = 403;
  bool empty_list_is_404 = false;
  bool next_links = true;  // when a list is asked for without $top
  size_t page_size = 10'000;
  std::set<std::string> missing_tables{};  // of hunting: the licence does not hold them
  int heavy_until_shards = 1;              // a query in fewer shards by hash() is preempted
  HuntingLimits limits;
};

class DefenderService {
 public:
  DefenderService(DefenderOptions options, Tenant& tenant, LoginService& login)
      : options_(options), tenant_(tenant), login_(login) {}

  Reply answer(const Call& call);
  Reply answer_graph(const Call& call);
  /// To be changed.
  DefenderOptions& options() {
    prepared_.clear();
    return options_;
  }
  Lies& lies() { return lies_; }
  SoftwareExport& software_export() { return software_export_; }
  /// What became of the software until now gets this moment's time in a delta.
  void assess_software() { software_export_.assess(tenant_); }
  /// Also of the device's software, see there.
  void change_group(const std::string& device, const std::string& group) {
    software_export_.change_group(tenant_, device, group);
  }

 private:
  Reply truth(const Call& call);
  Reply vulnerabilities(const Call& call, std::string_view path);
  Reply truth_of_graph(const Call& call);
  /// What `make` answers, unless the same was asked since the tenant last changed.
  template <typename Make>
  Reply prepared(const Call& call, const Make& make);
  Reply machines(const Call& call) const;
  Reply machine(const std::string& id_or_name) const;
  Reply logon_users(const std::string& id) const;
  Reply alerts(const Call& call) const;
  Reply graph_alerts(const Call& call) const;
  Reply hunt(const Call& call, bool graph);

  DefenderOptions options_;
  Tenant& tenant_;
  LoginService& login_;
  Lies lies_;
  PreparedAnswers prepared_;
  HuntingIndex index_;
  SoftwareExport software_export_;
};

}  // namespace simulator
