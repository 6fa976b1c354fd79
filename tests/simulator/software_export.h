// Plays Defender's vulnerability export (SoftwareVulnerabilitiesByMachine), its delta
// (SoftwareVulnerabilityChangesByMachine) and the list of CVEs (/api/vulnerabilities).
//
// An answer shows the tenant as it stands when the walk begins; its pages come from that snapshot,
// and the token of a nextLink leads into the latest walk only. What changed is found by comparing
// the tenant with what was known at the last question: each difference is an event of this moment.
// A delta answers the whole six-hour block of sinceTime and all later ones, in no order.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "message.h"
#include "tenant.h"
#include "text.h"

namespace simulator {

class SoftwareExport {
 public:
  Reply rows(const Call& call, const Tenant& tenant);
  Reply changes(const Call& call, const Tenant& tenant);
  static Reply vulnerabilities(const Call& call, const Tenant& tenant);

  /// Notes what changed since the last question or assessment.
  void assess(const Tenant& tenant);
  /// From now on the device belongs to that group: all its rows are Fixed in the one before and New
  /// in this one, at the same moment.
  void change_group(const Tenant& tenant, const std::string& device, const std::string& group);
  /// The links given out so far answer `status` from when so many more pages were answered.
  void expire_links(int after_pages = 0, int status = 410);

 private:
  struct Item {
    std::string device;
    SoftwareRow row;
    std::string group;
    std::string status;  // of an event
    int64_t at_ms = 0;
  };
  struct Walk {
    int number = 0;
    std::string path;
    size_t page_size = 0;
    bool linked = true;
    std::vector<Item> items;
  };

  Reply page(const Call& call, const Tenant& tenant, const Walk& walk, size_t from);
  static void write_item(JsonWriter& json, const Tenant& tenant, const Item& item);
  Reply begin(const Call& call, const Tenant& tenant, std::vector<Item> items);
  std::optional<Reply> continued(const Call& call, const Tenant& tenant);
  void compare(const std::string& device, const std::vector<SoftwareRow>& before,
               const std::vector<SoftwareRow>& now, int64_t at_ms);
  int64_t stamp(const Tenant& tenant);
  std::string group_of(const std::string& device) const;

  bool asked_ = false;
  ByDevice<SoftwareRow> known_;
  std::vector<Item> events_;
  int64_t last_stamp_ms_ = 0;
  std::map<std::string, std::string> groups_;
  Walk walk_;
  int walks_ = 0;
  int pages_until_expiry_ = -1;  // below zero: never
  int expired_status_ = 410;
};

}  // namespace simulator
