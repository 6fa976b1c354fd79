#include "car/car_client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <thread>
#include <unordered_map>

#include "base/cancel.h"
#include "base/error.h"
#include "base/printable.h"
#include "base/secrets.h"
#include "car/readback.h"
#include "http/url.h"
#include "json/rapid_json.h"

namespace defender_car {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLongestIds = 1800;  // what the published framework keeps a page of ids under
constexpr std::size_t kLongestWords = 500;
constexpr std::string_view kPlain = "bare";
constexpr std::string_view kRegion = "region";

/// Whether CAR carried out a PATCH or DELETE. CAR's words for it are not specified, so a response
/// without any will do; but one that broke off on its way, or that somebody else began, is not
/// CAR's.
bool says_done(const HttpResponse& response) {
  return succeeded(response) && !is_broken_json(response.body.str());
}

/// Nothing where the response is not CAR's word on this one change.
std::optional<ChangeAnswer> answer_to_change(const HttpResponse& response) {
  const std::string status = std::to_string(response.status);
  if (says_done(response)) return ChangeAnswer{ChangeResult::done, status};
  if (response.status == 404 && !is_foreign_404(response))
    return ChangeAnswer{ChangeResult::gone, status + ": was gone already"};
  if (!is_refusal(response)) return std::nullopt;
  return ChangeAnswer{ChangeResult::refused, status + ": " + *read_own_error(response.body.str())};
}

/// The pauses between two questions after a job: short at first, since small jobs end at once.
class Pauses {
 public:
  explicit Pauses(const CarSettings& settings)
      : end_(steady_clock::now() + milliseconds(settings.job_time_limit_ms)),
        longest_(settings.poll_ms) {}

  /// False when the time is over.
  bool wait() {
    throw_if_cancelled();
    const auto left = std::chrono::duration_cast<milliseconds>(end_ - steady_clock::now());
    if (left <= milliseconds(0)) return false;
    std::this_thread::sleep_for(std::min({next_, longest_, left}));
    next_ = std::min(next_ * 2, longest_);
    throw_if_cancelled();
    return true;
  }

 private:
  steady_clock::time_point end_;
  milliseconds longest_;
  milliseconds next_{50};
};

/// How many ids from `begin` on fit into `limit` characters, escaped and with commas; at least one.
std::size_t count_that_fit(const std::vector<std::string>& ids, std::size_t begin,
                           std::size_t limit) {
  std::size_t length = 0;
  std::size_t count = 0;
  while (begin + count < ids.size()) {
    length += url_escape(ids[begin + count]).size() + (count > 0 ? 1 : 0);
    if (count > 0 && length >= limit) break;
    ++count;
  }
  return count;
}

template <typename Iterator>
std::string joined(Iterator begin, Iterator end) {
  std::string text;
  for (auto id = begin; id != end; ++id) {
    if (id != begin) text += ',';
    text += url_escape(*id);
  }
  return text;
}

/// What `read` makes of the response's text; throws with the call's name when it cannot.
template <typename Read>
auto read_response(const HttpRequest& request, const HttpResponse& response, Read&& read) {
  try {
    return read(response.body.str());
  } catch (const UnreadableResponse& why) {
    throw unreadable(request, response, why.what());
  }
}

ImportReceipt receipt_of(const HttpRequest& request, const HttpResponse& response) {
  ImportReceipt receipt;
  if (response.status == 413) {
    receipt.kind = ImportReceipt::Kind::too_large;
    receipt.error = describe(response);
    return receipt;
  }
  if (response.status == 400 || response.status == 422) {
    auto words = read_own_error(response.body.str());
    if (!words || !speaks_of_records(*words)) throw failure_of(request, response);
    receipt.kind = ImportReceipt::Kind::refused;
    receipt.error = std::move(*words);
    return receipt;
  }
  if (!succeeded(response)) throw failure_of(request, response);
  receipt.job_id = read_response(request, response, read_import_id);
  return receipt;
}

}  // namespace

CarClient::CarClient(HttpClient& http, CarSettings settings)
    : http_(http),
      settings_(std::move(settings)),
      base_(settings_.token_url.empty() ? settings_.url : settings_.token_url) {
  while (!base_.empty() && base_.back() == '/') base_.pop_back();
  keep_secret(settings_.password);
  keep_secret(settings_.token);
  if (!settings_.password.empty()) keep_secret(settings_.key + ":" + settings_.password);
}

HttpRequest CarClient::request(std::string_view method, std::string_view path,
                               std::string label) const {
  HttpRequest request;
  request.method = method;
  request.url = base_ + std::string(path);
  request.headers.emplace_back("Authorization",
                               settings_.token_url.empty()
                                   ? "Basic " + base64(settings_.key + ":" + settings_.password)
                                   : "car-token " + settings_.token);
  request.headers.emplace_back("Accept", "application/json");
  request.max_body_bytes = limits::kCarBody;
  request.label = std::move(label);
  return request;
}

HttpRequest CarClient::with_body(HttpRequest request, std::string body) const {
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

std::string CarClient::v3_url(std::string_view path) const {
  std::string url = base_;
  if (url.ends_with("/v2")) url.resize(url.size() - 3);
  return url + "/v3" + std::string(path);
}

std::string CarClient::source_path() const { return "/source/" + url_escape(settings_.source); }

HttpResponse CarClient::call(const HttpRequest& request, std::initializer_list<int> expected) {
  HttpResponse response = http_.send(request);
  clock_.note(response);
  const bool wanted =
      std::find(expected.begin(), expected.end(), response.status) != expected.end() &&
      !is_foreign_404(response);
  if (!wanted && !succeeded(response)) throw failure_of(request, response);
  return response;
}

void CarClient::run_job(const HttpRequest& start) {
  const HttpResponse started = call(start);
  const std::string job_id = read_response(start, started, read_job_id);

  const HttpRequest question = request("GET", "/jobstatus/" + url_escape(job_id),
                                       start.label + ", job " + printable(job_id, 100));
  Pauses pauses(settings_);
  while (true) {
    const HttpResponse response = call(question);
    const std::string status = read_response(question, response, read_job_status);
    if (status == "COMPLETE") return;
    if (status == "ERROR") {
      throw Error(ErrorKind::car_recoverable,
                  asked(question) +
                      "the job failed: " + excerpt(response.body.head(kLongestWords), 300) +
                      ". The next run tries again; if it fails again, look into CAR's own log");
    }
    if (!pauses.wait()) {
      throw Error(ErrorKind::car_recoverable,
                  asked(question) + "still " + printable(status, 50) + " after " +
                      std::to_string(settings_.job_time_limit_ms / 1000) +
                      " s. The next run tries again");
    }
  }
}

DatabaseState CarClient::look_at_databases() {
  const HttpRequest question = request("GET", "/databases", "databases");
  const HttpResponse response = call(question, {400});
  if (response.status == 400) return DatabaseState::newly_made;
  return read_response(question, response, read_databases).wants == DatabaseResponse::Wants::graph
             ? DatabaseState::newly_made
             : DatabaseState::ready;
}

DatabaseState CarClient::ensure_databases() {
  const HttpRequest question = request("GET", "/databases", "databases");
  DatabaseState state = DatabaseState::ready;
  // At most one round for the graph, one for the indexes, and a last look.
  for (int round = 0; round < 3; ++round) {
    const HttpResponse response = call(question, {400});
    if (response.status == 400) {
      run_job(request("POST", "/databases", "making the databases"));
      return DatabaseState::newly_made;
    }
    const DatabaseResponse database = read_response(question, response, read_databases);
    if (database.wants == DatabaseResponse::Wants::nothing) return state;
    if (database.wants == DatabaseResponse::Wants::graph) {
      run_job(with_body(request("PATCH", "/databases", "making the graph"),
                        R"({"graph_name":"assets"})"));
      // Without its graph the database held nothing that could be asked after.
      state = DatabaseState::newly_made;
    } else {
      run_job(with_body(request("PATCH", "/databases", "making indexes"),
                        "{\"collections_without_indexes\":" + database.indexes + "}"));
    }
  }
  throw Error(ErrorKind::car_recoverable,
              asked(question) +
                  "not ready, although CAR called the jobs that make it so "
                  "complete. The next run tries again");
}

std::optional<ImportSchema> CarClient::import_schema(std::span<const std::string> fields) {
  HttpRequest question = request("GET", "", "import schema");
  question.url = v3_url("/importSchema?version=v2");
  const HttpResponse response = call(question, {404});
  if (response.status == 404) return std::nullopt;
  return read_response(question, response,
                       [&](std::string_view text) { return read_import_schema(text, fields); });
}

std::optional<std::string> CarClient::save_point() {
  const HttpRequest question = request("GET", source_path(), "save point");
  const HttpResponse response = call(question, {404});
  if (response.status == 404) return std::nullopt;
  return read_response(question, response, read_save_point);
}

void CarClient::set_save_point(const std::string& model_state_id) {
  call(with_body(
      request("PATCH", "/source?key=" + url_escape(settings_.source), "saving the save point"),
      json::object_text([&](auto& writer) {
        writer.Key("model_state_id");
        json::write_text(writer, model_state_id);
      })));
}

void CarClient::post_imports(const std::vector<std::string>& envelopes,
                             const std::function<void(std::size_t, ImportReceipt)>& done) {
  std::optional<Error> failure;
  std::size_t next = 0;
  send_numbered(
      [&]() -> std::optional<std::size_t> {
        if (failure || next == envelopes.size()) return std::nullopt;
        return next++;
      },
      [&](std::size_t index) {
        return with_body(request("POST", "/imports",
                                 "import " + std::to_string(index + 1) + " of " +
                                     std::to_string(envelopes.size())),
                         envelopes[index]);
      },
      [&](std::size_t index, const HttpRequest& request, const HttpResponse& response) {
        try {
          done(index, receipt_of(request, response));
        } catch (const Error& error) {
          if (!failure) failure = error;
        }
      },
      settings_.concurrency);
  if (failure) throw Error(*failure);
}

std::map<std::string, ImportStatus> CarClient::import_status(
    const std::vector<std::string>& job_ids) {
  std::map<std::string, ImportStatus> all;
  const std::string path = "/importstatus?ids=";
  const std::size_t used = base_.size() + path.size();
  for (std::size_t begin = 0; begin < job_ids.size();) {
    const std::size_t count =
        count_that_fit(job_ids, begin, kLongestIds > used ? kLongestIds - used : 1);
    const auto first = job_ids.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = first + static_cast<std::ptrdiff_t>(count);
    const HttpRequest question = request("GET", path + joined(first, last),
                                         "status of " + std::to_string(count) + " imports");
    const HttpResponse response = call(question);
    all.merge(read_response(question, response, [&](const std::string& text) {
      return read_import_status(text, {first, last});
    }));
    begin += count;
  }
  return all;
}

std::map<std::string, ImportStatus> CarClient::wait_for_imports(
    const std::vector<std::string>& job_ids, WaitFor wanted) {
  std::map<std::string, ImportStatus> all;
  std::vector<std::string> open = job_ids;
  Pauses pauses(settings_);
  while (true) {
    for (auto& [id, status] : import_status(open)) all[id] = status;
    std::erase_if(
        open, [&](const std::string& id) { return all[id].outcome != ImportOutcome::unfinished; });
    const bool enough = open.empty() || (wanted == WaitFor::one && open.size() < job_ids.size());
    if (enough || !pauses.wait()) return all;
  }
}

void CarClient::begin_full_import() {
  HttpRequest begin = request("POST", source_path() + "/full-import-in-progress",
                              "beginning the full-import session");
  // A try without a response may be carried out late. Begun once more, the session forgets what was
  // reported meanwhile, and at its end that falls away.
  begin.retry_unanswered = false;
  run_job(begin);
}

void CarClient::end_full_import() {
  run_job(request("DELETE", source_path() + "/full-import-in-progress",
                  "ending the full-import session"));
}

HttpRequest CarClient::patch_request(const Patch& patch, std::size_t number, bool region) const {
  const auto end = [&](const std::string& key, bool is_address) {
    return url_escape(region && is_address ? "0/" + key : key);
  };
  const std::string path = "/" + url_escape(patch.edge) +
                           "?source=" + url_escape(settings_.source) +
                           "&from=" + end(patch.from, patch.from_is_address) +
                           "&to=" + end(patch.to, patch.to_is_address);
  return with_body(
      request("PATCH", path, patch.edge + " edge, patch " + std::to_string(number + 1)),
      json::object_text([&](auto& writer) {
        writer.Key(patch.last_modified ? "last_modified" : "active");
        if (patch.last_modified) {
          writer.Int64(*patch.last_modified);
        } else {
          writer.Bool(false);
        }
      }));
}

void CarClient::patch(
    const std::vector<Patch>& patches,
    const std::function<void(std::size_t index, const ChangeAnswer& answer)>& done) {
  struct Asking {
    std::size_t index;
    std::string_view form;  // what it was asked in, "" before the first time
    bool again;             // the second time, in the other form
  };
  std::deque<Asking> waiting;
  for (std::size_t i = 0; i < patches.size(); ++i) waiting.push_back({i, "", false});
  std::vector<Asking> under_way(patches.size());
  std::optional<Error> failure;

  const auto take_next = [&]() -> std::optional<std::size_t> {
    if (failure || waiting.empty()) return std::nullopt;
    const Asking asking = waiting.front();
    waiting.pop_front();
    const std::string_view known = address_form_ == kRegion ? kRegion : kPlain;
    const std::string_view other = asking.form == kPlain ? kRegion : kPlain;
    under_way[asking.index] = {asking.index, asking.form.empty() ? known : other,
                               !asking.form.empty()};
    return asking.index;
  };
  const auto take = [&](std::size_t index, const HttpRequest& request,
                        const HttpResponse& response) {
    const Patch& patch = patches[index];
    const bool has_address = patch.from_is_address || patch.to_is_address;
    const std::string_view form = under_way[index].form;
    auto answer = answer_to_change(response);
    // That the other form is refused says nothing against the 404 of the first one.
    if (answer && answer->result == ChangeResult::refused && under_way[index].again)
      answer = ChangeAnswer{ChangeResult::gone, "404: was gone already"};
    if (!answer) {
      if (!failure) failure = failure_of(request, response);
    } else if (answer->result == ChangeResult::gone) {
      // Also where the form is known: a service that has changed its mind would else keep every
      // edge that we take for gone. At the front, so that a long list of patches learns the form
      // with its first ones.
      if (has_address && !under_way[index].again) {
        waiting.push_front({index, form, false});
      } else {
        done(index, *answer);
      }
    } else {
      if (has_address && answer->result == ChangeResult::done) address_form_ = form;
      done(index, *answer);
    }
  };
  const auto make = [&](std::size_t index) {
    return patch_request(patches[index], index, under_way[index].form == kRegion);
  };
  while (!waiting.empty() && !failure) send_numbered(take_next, make, take, settings_.concurrency);
  if (failure) throw Error(*failure);
}

void CarClient::send_numbered(
    const std::function<std::optional<std::size_t>()>& next,
    const std::function<HttpRequest(std::size_t)>& make,
    const std::function<void(std::size_t, const HttpRequest&, const HttpResponse&)>& on_response,
    int parallel) {
  // Responses come in any order; a label holds its number and so tells which one it is.
  std::unordered_map<std::string, std::size_t> under_way;
  http_.send_all(
      [&]() -> std::optional<HttpRequest> {
        const auto number = next();
        if (!number) return std::nullopt;
        HttpRequest request = make(*number);
        under_way[request.label] = *number;
        return request;
      },
      [&](const HttpRequest& request, const HttpResponse& response) {
        const auto found = under_way.extract(request.label);
        on_response(found.mapped(), request, response);
      },
      parallel);
}

ChangeAnswer CarClient::delete_assets(const std::vector<std::string>& external_ids) {
  if (external_ids.empty()) return {};
  const HttpRequest deletion = request(
      "DELETE",
      source_path() + "/asset?external_ids=" + joined(external_ids.begin(), external_ids.end()),
      "deleting " + std::to_string(external_ids.size()) + " assets");
  const HttpResponse response = http_.send(deletion);
  auto answer = answer_to_change(response);
  if (!answer) throw failure_of(deletion, response);
  return std::move(*answer);
}

std::size_t CarClient::ids_that_fit(const std::vector<std::string>& ids, std::size_t begin) {
  return count_that_fit(ids, begin, kLongestIds);
}

void CarClient::check_health() {
  HttpRequest health = request("GET", "", "health");
  health.url = v3_url("/health");
  call(health);
  call(request("GET", "/databases", "databases"), {400});
}

HttpRequest CarClient::query_request(const std::string& graphql, std::string label) const {
  HttpRequest question =
      with_body(request("POST", "", std::move(label)), json::object_text([&](auto& writer) {
                  writer.Key("query");
                  json::write_text(writer, graphql);
                }));
  question.url = v3_url("/query");
  return question;
}

AssetsHeld CarClient::assets_held(std::int64_t more_than, CountForm form) {
  const std::string where = "(where:{source:{_eq:" + graphql_text(settings_.source) + "}}";
  const std::string row = ", limit:1, offset:" + std::to_string(more_than);
  HttpRequest question = query_request(
      form == CountForm::aggregate
          ? "{ asset_aggregate" + where + ") { aggregate { count } } }"
          : "{ asset" + where + (form == CountForm::row ? row : "") + ") { external_id } }",
      "comparing the number of assets");
  question.retry = false;
  const HttpResponse response = http_.send(question);
  const int status = response.status;
  const bool is_own_word = succeeded(response) || status == 400 || status == 404 || status == 405 ||
                           status == 422 || status == 501;
  if (!is_own_word) return AssetsHeld::unanswered;
  const auto count = succeeded(response) ? read_asset_count(response.body.str()) : std::nullopt;
  if (!count) return AssetsHeld::not_asked_so;
  // The row behind so many; a service that does not heed the limit lists all.
  const std::int64_t wanted = form == CountForm::row && *count <= 1 ? 0 : more_than;
  return *count > wanted ? AssetsHeld::more : AssetsHeld::not_more;
}

std::optional<std::int64_t> CarClient::count_assets() {
  const HttpResponse response = http_.send(query_request(
      "{ asset(where:{source:{_eq:" + graphql_text(settings_.source) + "}}) { external_id } }",
      "counting assets"));
  if (!succeeded(response)) return std::nullopt;
  return read_asset_count(response.body.str());
}

HttpResponse CarClient::query(const std::string& graphql, const std::string& label) {
  const HttpRequest question = query_request(graphql, label);
  HttpResponse response = http_.send(question);
  if (succeeded(response) || response.status == 400) return response;
  const bool no_graphql = response.status == 404 || response.status == 405 ||
                          response.status == 501 ||
                          (response.status >= 200 && response.status < 300);
  if (no_graphql) {
    throw Error(ErrorKind::car_recoverable,
                asked(question) + describe(response) +
                    ". This service has no GraphQL there, so what it holds cannot be read back "
                    "and nothing was compared. Check --car-url; if it is right, this CAR cannot be "
                    "verified");
  }
  throw Error(ErrorKind::car_recoverable,
              asked(question) + describe(response) + ". Nothing was compared; run it again later");
}

}  // namespace defender_car
