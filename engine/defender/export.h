#pragma once
// The vulnerability export: every row of software and CVE, or what changed since a time, in pages
// that each name the next one; and the list of CVEs. Facts: docs/services/defender.md.

#include <functional>
#include <optional>
#include <string>

#include "defender/api.h"
#include "defender/pages.h"

namespace defender_car {

/// What the export and the list of CVEs are refused without.
inline constexpr Permission kVulnerabilityPermission{"Vulnerability.Read.All",
                                                     "WindowsDefenderATP"};

/// A list to be walked to its end.
struct ExportList {
  std::string label;
  std::function<Pager()> pager;      ///< at its beginning
  bool window = false;               ///< a part of it was asked for: 404 means none
  std::function<void()> begin_anew;  ///< forgets what a walk brought so far
};

/// A page that cannot be had, or cannot be read, is asked for again; where it then still fails and
/// is not the first one, its link may have expired: the walk begins anew, once. The pages of one
/// walk come from one snapshot, so what the first walk brought is forgotten.
class ExportWalk {
 public:
  ExportWalk(Api& api, ExportList list, std::span<const std::string_view> keys, PageSink& sink)
      : api_(api), list_(std::move(list)), keys_(keys), sink_(sink) {}

  /// Throws Error(forbidden) where the first page is answered by 403, 404 or 410: not to be had
  /// here.
  ReadResult run();
  void first_page() { take(list_.pager()); }

 private:
  ReadResult walk();
  void take(const Pager& pager);
  void take_once(const Pager& pager);
  [[noreturn]] void refuse(const Pager& pager, const HttpRequest& request,
                           const HttpResponse& response);

  Api& api_;
  ExportList list_;
  std::span<const std::string_view> keys_;
  PageSink& sink_;
  bool link_failed_ = false;
  bool none_ = false;  // by 404
  ListResult page_;    // the one taken last
  std::string first_record_;
  std::string last_record_;
};

}  // namespace defender_car
