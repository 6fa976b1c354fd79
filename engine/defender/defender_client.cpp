#include "defender/defender_client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "defender/alerts.h"
#include "defender/api.h"
#include "defender/export.h"
#include "defender/hunting.h"
#include "defender/pages.h"
#include "defender/responses.h"
#include "http/url.h"

namespace defender_car {
namespace {

constexpr int kParallel = 8;
// So many per-machine calls in a row without a usable response: the service is down, or the hour's
// budget is spent. The rest is then not asked, which would take hours of back-off.
constexpr int kFailuresInARow = 24;

constexpr std::string_view kOwner = "WindowsDefenderATP";

constexpr std::string_view kSoftwareExport = "machines/SoftwareVulnerabilitiesByMachine";
constexpr std::string_view kSoftwareChanges = "machines/SoftwareVulnerabilityChangesByMachine";

Permission permission_for(std::string_view resource) {
  return {resource == "alerts" ? "Alert.Read.All" : "Machine.Read.All", kOwner};
}

constexpr Permission kUsersPermission{"User.Read.All", kOwner};
constexpr Permission kGraphAlertsPermission{"SecurityAlert.Read.All", "Microsoft Graph"};

constexpr std::int64_t kGraphPage = 2'000;  // alerts: the most that Graph gives at once

/// A list in pages, and how it is asked for.
struct List {
  Api& api;
  std::string label;  ///< for messages: "machines"
  std::string path;   ///< "/api/machines"
  std::string filter;
  std::int64_t page_size;
  Permission permission;
  bool may_have_none = true;  ///< what a 404 on the first page says
  std::vector<std::pair<std::string, std::string>> headers{};
};

struct Cloud {
  std::string_view name, login, defender, graph, defender_resource;
};

constexpr std::array kClouds{
    Cloud{"commercial", "https://login.microsoftonline.com", "https://api.security.microsoft.com",
          "https://graph.microsoft.com", "https://api.securitycenter.microsoft.com"},
    Cloud{"gcc", "https://login.microsoftonline.com", "https://api-gcc.securitycenter.microsoft.us",
          "https://graph.microsoft.com", "https://api-gcc.securitycenter.microsoft.us"},
    Cloud{"gcc-high", "https://login.microsoftonline.us",
          "https://api-gov.securitycenter.microsoft.us", "https://graph.microsoft.us",
          "https://api-gov.securitycenter.microsoft.us"},
    Cloud{"dod", "https://login.microsoftonline.us", "https://api-gov.securitycenter.microsoft.us",
          "https://dod-graph.microsoft.us", "https://api-gov.securitycenter.microsoft.us"},
};

/// Ids are hexadecimal digits, which some responses have in capitals.
bool names(const Field& field, const std::string& id) {
  return field.type == Field::Type::text && lower(field.text) == lower(id);
}

/// One reading of a list, page after page in their order. In a long list the next page is computed
/// and comes in while this one is parsed.
class ListReading {
 public:
  ListReading(List list, DefenderLimits limits, std::span<const std::string_view> keys,
              PageSink& sink)
      : list_(std::move(list)),
        pager_(list_.api.url(), list_.path, list_.filter, with_pages(limits, list_.page_size)),
        keys_(keys),
        sink_(sink) {}

  ReadResult run() {
    list_.api.send_all([this] { return next(); },
                       [this](const HttpRequest& request, HttpResponse response) {
                         take_early(request, std::move(response));
                       },
                       2);
    return result_;
  }

 private:
  std::optional<HttpRequest> next() {
    if (ended_) return std::nullopt;
    if (asked_.insert(pager_.url()).second) return page_request(pager_.url(), pager_.number());
    const auto ahead = ahead_ ? pager_.ahead() : std::nullopt;
    if (!ahead || !asked_.insert(*ahead).second) return std::nullopt;
    HttpRequest request = page_request(*ahead, pager_.number() + 1);
    request.retry = false;  // nobody needs it yet
    return request;
  }

  HttpRequest page_request(const std::string& url, std::size_t number) const {
    HttpRequest request =
        get(url, list_.label + " page " + std::to_string(number), limits::kPageBody);
    request.headers = list_.headers;
    return request;
  }

  void take_early(const HttpRequest& request, HttpResponse response) {
    if (!request.retry && response.status != 200) {
      // Whether it is needed shows in its turn, and then it gets its tries.
      ahead_ = false;
      asked_.erase(request.url);
      return;
    }
    early_.insert_or_assign(request.url, std::move(response));
    while (!ended_) {
      const auto page = early_.extract(pager_.url());
      if (!page) return;
      ended_ = !take(page_request(page.key(), pager_.number()), page.mapped());
    }
  }

  /// False when that page was the last.
  bool take(const HttpRequest& request, const HttpResponse& response) {
    if (list_.may_have_none && pager_.first() && says_not_there(response)) {
      result_.not_found = true;
      return false;
    }
    if (response.status != 200) fail(request, response);

    ListResult page;
    std::string first_id;
    std::string last_id;
    in_page(sink_, [&] {
      page = read_page(request, response, keys_, [&](std::span<const Field> fields) {
        if (!fields.empty()) last_id = fields.front().text;
        if (first_id.empty()) first_id = last_id;
        sink_.record(fields);
      });
      return true;
    });
    add(result_, page);
    result_.pages = pager_.number();
    return pager_.advance(page, first_id, last_id);
  }

  [[noreturn]] void fail(const HttpRequest& request, const HttpResponse& response) {
    try {
      list_.api.fail(request, response, list_.permission);
    } catch (const Error& error) {
      if (says_refused_for_good(response)) throw ListRefused(error.kind(), error.what());
      throw;
    }
  }

  static DefenderLimits with_pages(DefenderLimits limits, std::int64_t page_size) {
    limits.page_size = page_size;
    return limits;
  }

  List list_;
  Pager pager_;
  std::span<const std::string_view> keys_;
  PageSink& sink_;
  std::set<std::string> asked_;
  std::map<std::string, HttpResponse> early_;  ///< responses whose turn has not come: one at most
  bool ahead_ = true;
  bool ended_ = false;
  ReadResult result_;
};

/// One reading of many machines' logon users, several calls side by side.
class LogonUsers {
 public:
  using Before = std::function<void(const std::string&)>;
  using Done = std::function<void(const std::string&, AskOutcome, const std::string&)>;

  LogonUsers(Api& api, std::span<const std::string_view> keys, PageSink& sink, const Before& before,
             const Done& done)
      : api_(api), keys_(keys), sink_(sink), before_(before), done_(done) {}

  void run(const std::vector<std::string>& ids) {
    if (ids.empty()) return;
    waiting_.assign(ids.begin(), ids.end());
    api_.send_all([this] { return next(); },
                  [this](const HttpRequest& request, const HttpResponse& response) {
                    take(request, response);
                  },
                  kParallel);
    for (const std::string& id : waiting_) done_(id, *stopped_, why_stopped_);
  }

 private:
  std::optional<HttpRequest> next() {
    if (waiting_.empty() || stopped_) return std::nullopt;
    // The first one goes alone: should the quota be used up, no other is asked in vain.
    if (!id_by_url_.empty() && !first_responded_) return std::nullopt;
    const std::string id = std::move(waiting_.front());
    waiting_.pop_front();
    HttpRequest request = get(api_.url() + "/api/machines/" + url_escape(id) + "/logonusers",
                              "logon users of " + printable(id, 100), limits::kUsersBody);
    id_by_url_.emplace(request.url, id);
    return request;
  }

  void take(const HttpRequest& request, const HttpResponse& response) {
    first_responded_ = true;
    const std::string& id = id_by_url_.at(request.url);
    if (!response.not_sent.empty()) {
      waiting_.push_front(id);
      return stop(response.not_before ? AskOutcome::not_now : AskOutcome::not_asked,
                  response.not_sent);
    }
    if (response.status == 401 || response.status == 403)
      api_.fail(request, response, kUsersPermission);

    const bool unanswered =
        response.status == 0 || response.status == 429 || response.status >= 500;
    failures_ = unanswered ? failures_ + 1 : 0;
    if (response.status == 200) return take_users(id, request, response);
    if (says_not_there(response)) return done_(id, AskOutcome::not_found, "");
    const std::string why = asked(request, response);
    done_(id, refusal(response), why);
    if (response.not_before) stop(AskOutcome::not_now, "not asked, since " + why);
    if (failures_ >= kFailuresInARow)
      stop(AskOutcome::not_now, "not asked: " + std::to_string(kFailuresInARow) +
                                    " calls in a row failed, the last one with " + why);
  }

  /// Too many calls are nobody's own; what the service says in its own form of a good request is.
  static AskOutcome refusal(const HttpResponse& response) {
    if (response.status == 429) return AskOutcome::failed;
    const bool own = response.status >= 400 && response.status < 500 && read_refusal(response);
    return own ? AskOutcome::refused_for_good : AskOutcome::refused;
  }

  void stop(AskOutcome outcome, const std::string& why) {
    if (stopped_) return;
    stopped_ = outcome;
    why_stopped_ = why;
  }

  void take_users(const std::string& id, const HttpRequest& request, const HttpResponse& response) {
    before_(id);
    ReadResult result;
    try {
      in_page(sink_, [&] {
        const ListResult list = read_page(
            request, response, keys_, [&](std::span<const Field> fields) { sink_.record(fields); });
        if (list.next_link && !list.next_link->empty())
          throw Error(ErrorKind::bad_data, asked(request, response) +
                                               ": a nextLink in an answer that is known to have no "
                                               "pages, so there are more users than it says");
        add(result, list);
        return true;
      });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::bad_data) throw;
      done_(id, AskOutcome::refused, error.what());
      return;
    }
    if (result.not_understood == 0) return done_(id, AskOutcome::ok, "");
    done_(id, AskOutcome::partly, place_of(request) + ": " + result.not_understood_text());
  }

  Api& api_;
  std::span<const std::string_view> keys_;
  PageSink& sink_;
  const Before& before_;
  const Done& done_;
  std::deque<std::string> waiting_;
  std::unordered_map<std::string, std::string> id_by_url_;
  bool first_responded_ = false;
  int failures_ = 0;                   ///< in a row
  std::optional<AskOutcome> stopped_;  ///< of those that are not asked any more
  std::string why_stopped_;
};

}  // namespace

void set_cloud(DefenderSettings& settings, std::string_view cloud) {
  const auto found = std::find_if(kClouds.begin(), kClouds.end(),
                                  [&](const Cloud& one) { return one.name == cloud; });
  if (found == kClouds.end()) {
    throw Error(ErrorKind::usage,
                "--cloud " + std::string(cloud) + " is none of commercial, gcc, gcc-high and dod");
  }
  settings.login_url = found->login;
  settings.defender_url = found->defender;
  settings.graph_url = found->graph;
  settings.defender_resource = found->defender_resource;
  settings.graph_resource = found->graph;
}

struct DefenderClient::Impl {
  Impl(HttpClient& client, DefenderSettings wanted, HuntingApi hunting_way,
       const DefenderLimits& given)
      : settings(std::move(wanted)),
        limits(given),
        defender(client, settings, settings.defender_url, settings.defender_resource, traffic),
        graph(client, settings, settings.graph_url, settings.graph_resource, traffic),
        hunting(defender, graph, hunting_way, limits.row_cap, retiring_used) {}

  DefenderSettings settings;
  DefenderLimits limits;
  Traffic traffic;
  Api defender;
  Api graph;
  std::set<std::string> retiring_used;
  Hunting hunting;

  ReadResult read_alerts(AlertsApi way, const AlertsWanted& wanted, const DefenderLimits& pages,
                         PageSink& sink);
};

DefenderClient::DefenderClient(HttpClient& http, DefenderSettings settings, HuntingApi hunting,
                               const DefenderLimits& limits)
    : impl_(std::make_unique<Impl>(http, std::move(settings), hunting, limits)) {}

DefenderClient::~DefenderClient() = default;

ReadResult DefenderClient::read_pages(std::string_view resource, const std::string& filter,
                                      std::span<const std::string_view> keys, PageSink& sink) {
  const std::string name(resource);
  return ListReading({impl_->defender, name, "/api/" + name, filter, impl_->limits.page_size,
                      permission_for(resource)},
                     impl_->limits, keys, sink)
      .run();
}

ReadResult DefenderClient::Impl::read_alerts(AlertsApi way, const AlertsWanted& wanted,
                                             const DefenderLimits& pages, PageSink& sink) {
  if (way != AlertsApi::graph) {
    retiring_used.emplace("alerts");
    return ListReading({defender, "alerts", "/api/alerts", defender_alerts_filter(wanted),
                        pages.page_size, permission_for("alerts")},
                       pages, kAlertKeys, sink)
        .run();
  }
  GraphAlertSink as_defenders(sink);
  return ListReading({graph,
                      "alerts_v2",
                      std::string(kGraphAlerts),
                      graph_alerts_filter(wanted),
                      std::min(pages.page_size, kGraphPage),
                      kGraphAlertsPermission,
                      false,
                      {{"Prefer", "include-unknown-enum-members"}}},
                     pages, kGraphAlertKeys, as_defenders)
      .run();
}

ReadResult DefenderClient::read_alerts(AlertsApi way, const AlertsWanted& wanted, PageSink& sink) {
  try {
    return impl_->read_alerts(way, wanted, impl_->limits, sink);
  } catch (const Error& error) {
    // The filter by inequality is not documented; without it the list has the open ones, too.
    const bool open_ones = !wanted.since && !wanted.resolved_too;
    if (way != AlertsApi::graph || error.kind() != ErrorKind::invalid_parameter || !open_ones)
      throw;
  }
  return impl_->read_alerts(way, {.since = {}, .resolved_too = true}, impl_->limits, sink);
}

bool DefenderClient::read_machine(const std::string& id, std::span<const std::string_view> keys,
                                  PageSink& sink) {
  const HttpRequest request = get(impl_->defender.url() + "/api/machines/" + url_escape(id),
                                  "machine " + printable(id, 100), limits::kPageBody);
  const HttpResponse response = impl_->defender.send(request);
  if (says_not_there(response)) return false;
  if (response.status != 200) impl_->defender.fail(request, response, permission_for("machines"));

  const std::vector<Field> fields =
      read_at(request, [&] { return read_object(response.body, keys); });
  // Neither there nor gone: the response is no word on this machine.
  if (!names(fields.front(), id))
    throw Error(ErrorKind::bad_data,
                place_of(request) + ": HTTP 200 without this machine" +
                    (fields.front().text.empty()
                         ? ""
                         : ", but with the id " + printable(fields.front().text, 100)));
  in_page(sink, [&] {
    sink.record(fields);
    return true;
  });
  return true;
}

void DefenderClient::read_logon_users(const std::vector<std::string>& ids,
                                      std::span<const std::string_view> keys, PageSink& sink,
                                      const std::function<void(const std::string& id)>& before,
                                      const std::function<void(const std::string& id, AskOutcome,
                                                               const std::string& failure)>& done) {
  LogonUsers(impl_->defender, keys, sink, before, done).run(ids);
}

ReadResult DefenderClient::read_software_export(const std::optional<std::string>& since,
                                                std::span<const std::string_view> keys,
                                                PageSink& sink,
                                                const std::function<void()>& begin_anew) {
  const std::string& base = impl_->defender.url();
  const DefenderLimits& limits = impl_->limits;
  std::string url = base + "/api/" + std::string(since ? kSoftwareChanges : kSoftwareExport) + "?";
  if (since) url += "sinceTime=" + url_escape(*since) + "&";
  url += "pageSize=" + std::to_string(limits.export_page_size);
  ExportList list{since ? "vulnerability changes" : "vulnerability export",
                  [&] { return Pager(base, url, limits.page_cap); }, since.has_value(), begin_anew};
  return ExportWalk(impl_->defender, std::move(list), keys, sink).run();
}

ReadResult DefenderClient::read_cves(const std::string& filter,
                                     std::span<const std::string_view> keys, PageSink& sink) {
  DefenderLimits limits = impl_->limits;
  limits.page_size = limits.cve_page_size;
  ExportList list{
      "vulnerabilities",
      [&] { return Pager(impl_->defender.url(), "/api/vulnerabilities", filter, limits); },
      !filter.empty(), [] {}};
  return ExportWalk(impl_->defender, std::move(list), keys, sink).run();
}

HuntingApi DefenderClient::hunting_api() { return impl_->hunting.way(); }

ReadResult DefenderClient::hunt(const HuntingTable& table,
                                const std::function<std::string(int shards, int shard)>& query,
                                PageSink& sink) {
  return hunt(table,
              {.query = [&](std::size_t, int shards, int shard) { return query(shards, shard); }},
              sink);
}

ReadResult DefenderClient::hunt(const HuntingTable& table, const HuntingParts& parts,
                                PageSink& sink) {
  return impl_->hunting.run(table, parts, sink);
}

bool DefenderClient::probe(std::string_view resource) {
  const HttpRequest request =
      get(impl_->defender.url() + "/api/" + std::string(resource) + "?$top=1",
          "one of " + std::string(resource), limits::kPageBody);
  const HttpResponse response = impl_->defender.send(request);
  if (says_not_there(response)) return false;
  if (response.status != 200) impl_->defender.fail(request, response, permission_for(resource));
  read_page(request, response, {}, [](std::span<const Field>) {});
  return true;
}

void DefenderClient::probe_software_export(PageSink& sink) {
  const std::string& base = impl_->defender.url();
  ExportList list{
      "one of the vulnerability export",
      [&] { return Pager(base, base + "/api/" + std::string(kSoftwareExport) + "?$top=1", 1); },
      false, [] {}};
  ExportWalk(impl_->defender, std::move(list), {}, sink).first_page();
}

const ServiceClock& DefenderClient::clock() const noexcept { return impl_->traffic.clock; }

std::optional<std::set<std::string>> DefenderClient::defender_roles() {
  return impl_->defender.token().roles();
}

std::optional<std::set<std::string>> DefenderClient::graph_roles() {
  return impl_->graph.token().roles();
}

const std::set<std::string>& DefenderClient::retiring_used() const noexcept {
  return impl_->retiring_used;
}

std::int64_t DefenderClient::calls() const noexcept { return impl_->traffic.calls; }

}  // namespace defender_car
