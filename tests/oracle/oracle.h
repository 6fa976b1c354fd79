// What CAR must hold, worked out a second time.
//
// Written from the mapping (docs/mapping.md) and from nothing of the engine: plain maps and loops
// over simulator::Tenant, no HTTP, no SQL. observe() stands for one undisturbed run at the tenant's
// present time; graph() says what is active in CAR after it.
//
// It keeps something between observations only where the last known stays:
// - a machine that left the list, until a reading of everything;
// - the users of a machine, as of the last time that it was asked for them;
// - the software rows of a machine that is silent or no longer listed, as long as no answer has
//   rows of it;
// - knowledge base entries, alerts.
// - an adapter whose newest row cannot be read: it was reported then, with the addresses known.
// Other network rows need no memory: the tenant holds all that hunting can show.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tenant.h"

namespace oracle {

enum class Identity { user, account };
enum class Network { hunting, machine_list };

struct Options {
  Identity identity = Identity::user;
  Network network = Network::hunting;
  bool software = true;
  bool row_scores = false;  // the software's own rows tell scores: the export
  bool alerts = true;
  std::set<std::string> fields{};      // "asset.risk": those that CAR's import schema names
  bool domain_names = false;           // --account-key domain-name
  std::set<std::string> onboarding{};  // which machines count: empty sets leave none out
  std::set<std::string> groups{};
  std::set<std::string> excluded_tags{};
  bool drop_merged = false;
};

/// Name -> JSON text of the value; a name that ends in '~' wants the text contained, not equal; one
/// that ends in '!' wants no such attribute, in '?' none or an empty one (CAR keeps fields), and in
/// '@' a list of which CAR may have more if it begins with "foreign".
using Attributes = std::map<std::string, std::string>;

struct Graph {
  std::set<std::string> edges;                 // `asset_hostname|FROM|TO`
  std::map<std::string, Attributes> vertices;  // `asset|ID`; every end of an edge, every asset
};

class Oracle {
 public:
  explicit Oracle(Options options) : options_(options) {}

  /// `full`: the run read everything; else the windows since the observation before.
  void observe(const simulator::Tenant& tenant, bool full);
  void set_options(Options options) { options_ = std::move(options); }
  const Options& options() const { return options_; }
  Graph graph() const;
  std::set<std::string> edges() const { return graph().edges; }
  std::set<std::string> assets() const;

 private:
  class Builder;

  void read_machines(const simulator::Tenant& tenant, bool full);
  void read_software(const simulator::Tenant& tenant);
  bool is_asset(const simulator::Device& device) const;
  /// Not an inactive-15 one. (What it says is read whether it is in scope or not.)
  bool is_alive(const simulator::Device& device) const;
  bool counts(const simulator::Device& device) const;

  Options options_;
  int64_t now_ms_ = 0;
  int64_t cursor_ms_ = 0;  // the observation before
  std::map<std::string, simulator::Device, std::less<>> machines_;
  std::map<std::string, std::set<std::pair<std::string, std::string>>, std::less<>>
      users_;  // name, domain
  std::map<std::string, std::vector<simulator::SoftwareRow>, std::less<>> software_;
  std::map<std::string, std::vector<simulator::NetworkRow>, std::less<>> network_;
  std::map<std::string, simulator::KnowledgeEntry, std::less<>> kb_;
  std::map<std::string, double, std::less<>> row_scores_;
  std::map<std::string, simulator::Alert, std::less<>> alerts_;
};

}  // namespace oracle
