#pragma once
// Microsoft Defender for Endpoint as this program reads it: resources in pages and hunting, each
// response handed on record by record. Knows no database.
//
// Guarantees: one token per audience, reused until a minute before its end; a 401 gets one new
// token and one more try; pages are stepped by $top/$skip until a short page, a nextLink is
// followed only on the same host and never twice; a hunting response that may be truncated is never
// taken for whole. Facts: docs/services/defender.md. Throws Error: authentication, forbidden (names
// the missing permission), unreachable, invalid_parameter, bad_data, defender, budget (a Gate of
// the HttpClient is closed).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "http/http_client.h"
#include "http/service_clock.h"
#include "json/records.h"

namespace defender_car {

/// Where the services live and how to log in (docs/configuration.md). URLs without a trailing
/// slash.
struct DefenderSettings {
  std::string tenant_id;
  std::string client_id;
  std::string client_secret;
  std::string login_url = "https://login.microsoftonline.com";
  std::string defender_url = "https://api.security.microsoft.com";
  std::string graph_url = "https://graph.microsoft.com";
  std::string defender_resource = "https://api.securitycenter.microsoft.com";
  std::string graph_resource = "https://graph.microsoft.com";
};

/// Sets the five URLs for commercial, gcc, gcc-high or dod (docs/configuration.md). Throws
/// Error(usage) otherwise.
void set_cloud(DefenderSettings& settings, std::string_view cloud);

enum class HuntingApi { automatic, graph, defender };
enum class AlertsApi { automatic, defender, graph };

inline constexpr std::string_view kGraphAlerts = "/v1.0/security/alerts_v2";

/// Open alerts, or those updated since a time (resolved ones included), or all of them.
struct AlertsWanted {
  std::optional<std::string> since{};
  bool resolved_too = false;
};

struct HuntingTable {
  std::string_view name;                      ///< for messages: "DeviceNetworkInfo"
  std::span<const std::string_view> columns;  ///< asked of every row, in the callback's order
  /// So many of the last columns may be missing: a response without them has null there.
  std::size_t optional = 0;
};

/// Queries on one table that together make one reading.
struct HuntingParts {
  std::size_t count = 1;
  /// Writes the text of a part: undivided for (part, 1, 0).
  std::function<std::string(std::size_t part, int shards, int shard)> query;
  /// Rows of the whole reading as far as they are known from before: where one response cannot hold
  /// them, shards are asked for at once.
  std::int64_t expected_rows = 0;
};

/// What a reading came to.
struct ReadResult {
  std::int64_t records = 0;
  /// Elements that are no records, and errors that stood beside the records. What they would have
  /// said is not known, so what the reading lacks may not be taken for gone.
  std::int64_t not_understood = 0;
  std::string error;      ///< the first of those errors, "PartialError: …", printable
  std::size_t pages = 0;  ///< of a list
  /// 404 on the first page: "none", or nothing at all; the caller knows which.
  bool not_found = false;

  /// "" where all was understood.
  std::string not_understood_text() const;
};

/// Hunting has no such table here, since the licence does not hold it: for that table what a
/// refusal of hunting (forbidden) is for all.
class NoTable : public Error {
 public:
  using Error::Error;
};

/// The service itself refuses a list for good: 403, 404 or 410 in its own form.
class ListRefused : public Error {
 public:
  using Error::Error;
};

/// How one per-machine call ended. partly: the records came, beside something that was not
/// understood. refused: by a response (or none) that may be this machine's alone; refused_for_good:
/// so the service says itself, and is there. failed: not for this machine's sake. not_asked: our
/// own share is used up; not_now: Defender asks for a wait that is longer than a run, or gives no
/// usable responses at all.
enum class AskOutcome {
  ok,
  partly,
  not_found,
  refused,
  refused_for_good,
  failed,
  not_asked,
  not_now
};

/// Begins and ends the transaction around one page. `begin` is called before the first record of a
/// page, `keep` after its last one, `drop` when the page failed on the way and will be asked again
/// or given up; also when one of the sink's own calls threw, `keep` included.
class PageSink {
 public:
  virtual ~PageSink() = default;
  virtual void begin() = 0;
  virtual void record(std::span<const Field> fields) = 0;
  virtual void keep() = 0;
  virtual void drop() = 0;
};

/// What the service gives at once, and where this program gives up. Smaller ones are for tests.
struct DefenderLimits {
  std::int64_t row_cap =
      limits::kHuntingRows;         ///< rows of a hunting response; the service cuts without a word
  std::int64_t page_size = 10'000;  ///< records asked for in a page: the most that it gives
  std::size_t page_cap = 10'000;    ///< pages of one list; a service that never ends is left there
  std::int64_t export_page_size = 200'000;  ///< rows of a page of the vulnerability export
  std::int64_t cve_page_size = 8'000;       ///< of the list of CVEs
};

class DefenderClient {
 public:
  DefenderClient(HttpClient& http, DefenderSettings settings, HuntingApi hunting,
                 const DefenderLimits& limits = {});
  ~DefenderClient();

  /// `/api/{resource}`, "machines" or "alerts", with an OData filter ("" for all), $top=10000
  /// pages, duplicates not removed (the stage's key does that). `keys`: fields of each record; the
  /// first one names it ("id"), by which a service that gives the same page for ever is noticed.
  ReadResult read_pages(std::string_view resource, const std::string& filter,
                        std::span<const std::string_view> keys, PageSink& sink);

  /// Alerts by Defender's own list or by Graph's (not automatic), as records with kAlertKeys
  /// (alerts.h). Throws as read_pages() does, and ListRefused. Defender may say "none" by a 404,
  /// Graph does not.
  ReadResult read_alerts(AlertsApi way, const AlertsWanted& wanted, PageSink& sink);

  /// `/api/machines/{id}`: true and one record, or false for a 404 of the service's own. Throws
  /// Error(bad_data) where a 200 does not hold that machine's record.
  bool read_machine(const std::string& id, std::span<const std::string_view> keys, PageSink& sink);

  /// `/api/machines/{id}/logonusers` for each id, up to 8 side by side. `done` is called once a
  /// machine after its records (handed to `sink` inside begin/keep). A machine that is refused does
  /// not stop the others; an authentication or forbidden error does. `failure` says why for all but
  /// ok and not_found, and what else was there for partly. After 24 calls in a row without a usable
  /// response (none, 429, 5xx) the rest is not asked.
  void read_logon_users(const std::vector<std::string>& ids, std::span<const std::string_view> keys,
                        PageSink& sink, const std::function<void(const std::string& id)>& before,
                        const std::function<void(const std::string& id, AskOutcome,
                                                 const std::string& failure)>& done);

  /// The vulnerability export, `/api/machines/SoftwareVulnerabilitiesByMachine`: the rows of all
  /// machines, from one snapshot; with `since` what changed since that time
  /// (`SoftwareVulnerabilityChangesByMachine`), where a 404 means nothing. A page that fails is
  /// asked for again. Where its link has expired the walk begins anew once: `begin_anew` forgets
  /// the rows so far. Throws Error(forbidden) also for 404 and 410 (no export here),
  /// Error(invalid_parameter) for a refused `since`.
  ReadResult read_software_export(const std::optional<std::string>& since,
                                  std::span<const std::string_view> keys, PageSink& sink,
                                  const std::function<void()>& begin_anew);

  /// `/api/vulnerabilities`: CVEs, those of the filter ("" for all that Defender knows), in pages
  /// of 8,000. Throws as the export does; a list that begins anew repeats records.
  ReadResult read_cves(const std::string& filter, std::span<const std::string_view> keys,
                       PageSink& sink);

  /// Which way hunting goes, decided on first use: Graph when its token carries
  /// ThreatHunting.Read.All or does not tell, else the retiring one with a dated warning (logged
  /// once).
  HuntingApi hunting_api();

  /// Runs queries whole, up to 4 side by side. When a response comes back with exactly the row cap
  /// or is refused for what it takes (size, memory, CPU, time), that part is asked again in shards
  /// by hash, and no further response of the larger ones is looked at. A failed shard fails the
  /// whole; what was kept before another shard proved too large comes again. Parts that a Gate has
  /// no room for are not begun. Throws Error(forbidden) for 403, 404, 410 in the service's own form
  /// and a 401 that speaks of the licence: no hunting here; NoTable for a table that is not there.
  ReadResult hunt(const HuntingTable& table, const HuntingParts& parts, PageSink& sink);
  /// A single query, of whose rows nothing is known.
  ReadResult hunt(const HuntingTable& table,
                  const std::function<std::string(int shards, int shard)>& query, PageSink& sink);

  /// GET `/api/{resource}?$top=1`, for `check`: throws as the readings do. False for a 404 of the
  /// service's own, by which it may say that there are none.
  bool probe(std::string_view resource);
  /// The same of the vulnerability export, where 404 is a refusal.
  void probe_software_export(PageSink& sink);

  /// The clock of Defender (or Graph, not login).
  const ServiceClock& clock() const noexcept;

  /// Roles of the token for Defender / Graph, nothing where the token does not tell. Logs in. For
  /// `check`.
  std::optional<std::set<std::string>> defender_roles();
  std::optional<std::set<std::string>> graph_roles();

  /// Which services were asked that end on 2027-02-01: "hunting", "alerts".
  const std::set<std::string>& retiring_used() const noexcept;

  /// Requests to Defender, Graph and login, each try counted.
  std::int64_t calls() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A KQL string literal, quoted and escaped: "…".
std::string kql_string(std::string_view text);

}  // namespace defender_car
