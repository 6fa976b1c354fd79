#include "defender/defender_client.h"

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/printable.h"
#include "defender/answers.h"
#include "defender/hunting.h"
#include "defender/token.h"

namespace defender_car {
namespace {

constexpr int kParallel = 8;
// So many empty pages in a row are followed where each says that there are more. A list must not
// end at a gap, but the service has been seen to put a nextLink on every page, the last one
// included.
constexpr int kEmptyPages = 3;
// So many per-machine calls in a row without a usable answer: the service is down, or the hour's
// budget is spent. The rest is then not asked, which would take hours of back-off.
constexpr int kFailuresInARow = 24;

constexpr std::string_view kOwner = "WindowsDefenderATP";

Permission permission_for(std::string_view resource) {
  return {resource == "alerts" ? "Alert.Read.All" : "Machine.Read.All", kOwner};
}

constexpr Permission kUsersPermission{"User.Read.All", kOwner};

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

/// Whether a link stays below the service's own URL: only there may the token go.
bool leads_here(std::string_view link, std::string_view base) {
  const bool odd =
      std::any_of(link.begin(), link.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; });
  const std::string_view authority =
      after_scheme(link).substr(0, after_scheme(link).find_first_of("/?#"));
  if (odd || authority.find_first_of("@\\") != std::string_view::npos) return false;
  const std::string prefix = std::string(path_of(base)) + "/";
  return !origin(link).empty() && origin(link) == origin(base) &&
         path_of(link).substr(0, prefix.size()) == prefix;
}

/// Where the next page is: by nextLink where the service gives one, else by $skip after a full
/// page.
class Pager {
 public:
  Pager(const std::string& base, std::string_view resource, const std::string& filter,
        const DefenderLimits& limits)
      : base_(base), limits_(limits), list_url_(base + "/api/" + std::string(resource) + "?") {
    if (!filter.empty()) list_url_ += "$filter=" + url_escape(filter) + "&";
    list_url_ += "$top=" + std::to_string(limits_.page_size) + "&$skip=";
    url_ = list_url_ + "0";
    visited_.insert(url_);
  }

  const std::string& url() const noexcept { return url_; }
  std::size_t number() const noexcept { return visited_.size(); }
  bool first() const noexcept { return visited_.size() == 1; }

  /// False when that page was the last. `first` and `last` are the ids of its first and last
  /// record.
  bool advance(const ListResult& page, std::string first_id, std::string last_id) {
    const std::int64_t elements = page.records + page.not_objects;
    seen_ += elements;
    const bool leads_on = page.next_link && !page.next_link->empty();
    empty_pages_ = elements == 0 ? empty_pages_ + 1 : 0;
    if (elements == 0 && (!leads_on || empty_pages_ > kEmptyPages)) return false;
    if (elements > 0) refuse_repetition(std::move(first_id), std::move(last_id));

    if (leads_on) {
      if (!leads_here(*page.next_link, base_))
        give_up("its nextLink leads to another place: " + *page.next_link);
      go(*page.next_link);
      return true;
    }
    if (elements < limits_.page_size) return false;
    go(list_url_ + std::to_string(seen_));
    return true;
  }

 private:
  void go(std::string url) {
    if (visited_.size() >= limits_.page_cap)
      give_up("it has more than " + std::to_string(limits_.page_cap) + " pages");
    if (!visited_.insert(url).second) give_up("its nextLink goes round in a circle: " + url);
    url_ = std::move(url);
  }

  /// Also of short pages behind nextLinks: what should have stood there is missing.
  void refuse_repetition(std::string first_id, std::string last_id) {
    if (first_id.empty() || seen_pages_.emplace(std::move(first_id), std::move(last_id)).second)
      return;
    give_up("a page came that was there before, so what should have stood there is missing");
  }

  [[noreturn]] void give_up(const std::string& why) const {
    throw Error(ErrorKind::defender, "page " + std::to_string(number()) + " of " + origin(base_) +
                                         std::string(path_of(list_url_)) + ": " +
                                         printable(why, 500) +
                                         ". The list is incomplete; the next run reads it again");
  }

  const std::string& base_;
  const DefenderLimits& limits_;
  std::string list_url_;
  std::string url_;
  std::set<std::string> visited_;
  std::int64_t seen_ = 0;
  int empty_pages_ = 0;                                         // in a row
  std::set<std::pair<std::string, std::string>> seen_pages_{};  // by first and last id
};

/// read_values with the place in its error.
ListResult read_page(const HttpRequest& request, const HttpResponse& response,
                     std::span<const std::string_view> keys, const OnRecord& on_record) {
  try {
    return read_values(response.body, keys, on_record);
  } catch (const Error& error) {
    throw Error(error.kind(), request.label + " from " + origin(request.url) + ": " + error.what());
  }
}

HttpRequest get(std::string url, std::string label, std::int64_t max_body) {
  HttpRequest request;
  request.url = std::move(url);
  request.label = std::move(label);
  request.max_body_bytes = max_body;
  return request;
}

/// One reading of many machines' logon users, several calls side by side.
class LogonUsers {
 public:
  using Before = std::function<void(const std::string&)>;
  using Done = std::function<void(const std::string&, AskOutcome, const std::string&)>;

  LogonUsers(HttpClient& http, Api& api, std::span<const std::string_view> keys, PageSink& sink,
             const Before& before, const Done& done)
      : http_(http), api_(api), keys_(keys), sink_(sink), before_(before), done_(done) {}

  void run(const std::vector<std::string>& ids) {
    waiting_.assign(ids.begin(), ids.end());
    while (!waiting_.empty() && failures_ < kFailuresInARow && held_back_.empty()) {
      // A login cannot happen while transfers are under way, so a round ends when the token does.
      api_.token().text();
      bool asked_one = false;
      token_refused_ = false;
      http_.send_all(
          [&]() -> std::optional<HttpRequest> {
            if (waiting_.empty() || token_refused_ || failures_ >= kFailuresInARow ||
                !held_back_.empty())
              return std::nullopt;
            if (asked_one && !api_.token().usable()) return std::nullopt;
            asked_one = true;
            return next();
          },
          [&](const HttpRequest& request, const HttpResponse& response) {
            answer(request, response);
          },
          kParallel);
      if (token_refused_) api_.token().forget();
    }
    for (const std::string& id : waiting_) {
      if (!held_back_.empty()) {
        done_(id, AskOutcome::not_asked, held_back_);
        continue;
      }
      done_(id, AskOutcome::failed,
            "not asked: " + std::to_string(kFailuresInARow) +
                " calls in a row failed, the last one with " + last_failure_);
    }
  }

 private:
  HttpRequest next() {
    const std::string id = std::move(waiting_.front());
    waiting_.pop_front();
    HttpRequest request =
        api_.authorized(get(api_.url() + "/api/machines/" + url_escape(id) + "/logonusers",
                            "logon users of " + printable(id, 100), limits::kUsersBody));
    id_by_url_.emplace(request.url, id);
    return request;
  }

  void answer(const HttpRequest& request, const HttpResponse& response) {
    api_.note(response);
    const std::string& id = id_by_url_.at(request.url);
    if (!response.held_back.empty()) {
      held_back_ = response.held_back;
      waiting_.push_front(id);
      return;
    }
    if (response.status == 401 && asked_again_.insert(id).second) {
      token_refused_ = true;
      waiting_.push_front(id);
      return;
    }
    if (response.status == 401 || response.status == 403)
      api_.fail(request, response, kUsersPermission);

    const bool unanswered =
        response.status == 0 || response.status == 429 || response.status >= 500;
    failures_ = unanswered ? failures_ + 1 : 0;
    if (response.status == 200) {
      take(id, request, response);
    } else if (response.status == 404) {
      done_(id, AskOutcome::not_found, "");
    } else {
      last_failure_ = asked(request, response);
      done_(id, AskOutcome::failed, last_failure_);
    }
  }

  void take(const std::string& id, const HttpRequest& request, const HttpResponse& response) {
    before_(id);
    try {
      in_page(sink_, [&] {
        const ListResult list = read_page(
            request, response, keys_, [&](std::span<const Field> fields) { sink_.record(fields); });
        if (list.next_link && !list.next_link->empty())
          throw Error(ErrorKind::bad_data, asked(request, response) +
                                               ": a nextLink in an answer that is known to have no "
                                               "pages, so there are more users than it says");
        return true;
      });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::bad_data) throw;
      done_(id, AskOutcome::failed, error.what());
      return;
    }
    done_(id, AskOutcome::ok, "");
  }

  HttpClient& http_;
  Api& api_;
  std::span<const std::string_view> keys_;
  PageSink& sink_;
  const Before& before_;
  const Done& done_;
  std::deque<std::string> waiting_;
  std::unordered_map<std::string, std::string> id_by_url_;
  std::set<std::string> asked_again_;
  bool token_refused_ = false;
  int failures_ = 0;
  std::string last_failure_;
  std::string held_back_;  ///< the gate's word, once it has closed
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
      : http(client),
        settings(std::move(wanted)),
        limits(given),
        defender(http, settings, settings.defender_url, settings.defender_resource, traffic),
        graph(http, settings, settings.graph_url, settings.graph_resource, traffic),
        hunting(defender, graph, hunting_way, limits.row_cap) {}

  HttpClient& http;
  DefenderSettings settings;
  DefenderLimits limits;
  Traffic traffic;
  Api defender;
  Api graph;
  Hunting hunting;
};

DefenderClient::DefenderClient(HttpClient& http, DefenderSettings settings, HuntingApi hunting,
                               const DefenderLimits& limits)
    : impl_(std::make_unique<Impl>(http, std::move(settings), hunting, limits)) {}

DefenderClient::~DefenderClient() = default;

ReadResult DefenderClient::read_pages(std::string_view resource, const std::string& filter,
                                      std::span<const std::string_view> keys, PageSink& sink) {
  Pager pager(impl_->defender.url(), resource, filter, impl_->limits);
  ReadResult result;
  ListResult page;
  std::string first_id;
  std::string last_id;
  do {
    const HttpRequest request =
        get(pager.url(), std::string(resource) + " page " + std::to_string(pager.number()),
            limits::kPageBody);
    const HttpResponse response = impl_->defender.send(request);
    if (response.status == 404 && pager.first()) {
      result.not_found = true;
      return result;
    }
    if (response.status != 200) impl_->defender.fail(request, response, permission_for(resource));

    first_id.clear();
    last_id.clear();
    in_page(sink, [&] {
      page = read_page(request, response, keys, [&](std::span<const Field> fields) {
        if (!fields.empty()) last_id = fields.front().text;
        if (first_id.empty()) first_id = last_id;
        sink.record(fields);
      });
      return true;
    });
    result.records += page.records;
    result.not_objects += page.not_objects;
    result.pages = pager.number();
  } while (pager.advance(page, first_id, last_id));
  return result;
}

bool DefenderClient::read_machine(const std::string& id, std::span<const std::string_view> keys,
                                  PageSink& sink) {
  const HttpRequest request = get(impl_->defender.url() + "/api/machines/" + url_escape(id),
                                  "machine " + printable(id, 100), limits::kPageBody);
  const HttpResponse response = impl_->defender.send(request);
  if (response.status == 404) return false;
  if (response.status != 200) impl_->defender.fail(request, response, permission_for("machines"));

  const std::string where = request.label + " from " + origin(request.url) + ": ";
  std::vector<Field> fields;
  try {
    fields = read_object(response.body, keys);
  } catch (const Error& error) {
    throw Error(error.kind(), where + error.what());
  }
  const bool empty = std::all_of(fields.begin(), fields.end(), [](const Field& field) {
    return field.type == Field::Type::absent;
  });
  if (empty) throw Error(ErrorKind::bad_data, where + "HTTP 200 without a machine");
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
  LogonUsers(impl_->http, impl_->defender, keys, sink, before, done).run(ids);
}

HuntingApi DefenderClient::hunting_api() { return impl_->hunting.way(); }

ReadResult DefenderClient::hunt(const HuntingTable& table,
                                const std::function<std::string(int shards, int shard)>& query,
                                PageSink& sink) {
  return impl_->hunting.run(table, query, sink);
}

void DefenderClient::probe(std::string_view resource) {
  const HttpRequest request =
      get(impl_->defender.url() + "/api/" + std::string(resource) + "?$top=1",
          "one of " + std::string(resource), limits::kPageBody);
  const HttpResponse response = impl_->defender.send(request);
  if (response.status == 404) return;  // how an empty list may be answered
  if (response.status != 200) impl_->defender.fail(request, response, permission_for(resource));
  read_page(request, response, {}, [](std::span<const Field>) {});
}

std::optional<EpochMs> DefenderClient::server_date() const { return impl_->traffic.server_date; }

std::set<std::string> DefenderClient::defender_roles() { return impl_->defender.token().roles(); }

std::set<std::string> DefenderClient::graph_roles() { return impl_->graph.token().roles(); }

std::int64_t DefenderClient::calls() const noexcept { return impl_->traffic.calls; }

}  // namespace defender_car
