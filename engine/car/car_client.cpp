#include "car/car_client.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

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

namespace defender_car {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::int64_t kMaxBody = 64 << 20;
constexpr std::size_t kLongestIds = 1800;  // what the published framework keeps a page of ids under
constexpr std::size_t kLongestWords = 500;
constexpr int kParallelImports = 4;
constexpr int kParallelPatches = 8;
constexpr std::string_view kBare = "bare";
constexpr std::string_view kRegion = "region";

constexpr std::array kRecoverable{0, 302, 400, 401, 403, 408, 429, 500, 502, 503, 504};

/// Origin and path: what may stand in a message. The query of a long page of ids says nothing to a
/// person.
std::string shown(const std::string& url) {
  const std::size_t host = url.find("://");
  const std::size_t path = url.find('/', host == std::string::npos ? 0 : host + 3);
  std::string text = origin(url);
  if (path != std::string::npos) text += url.substr(path, url.find('?', path) - path);
  return text;
}

std::string asked(const HttpRequest& request) {
  return "CAR, " + request.label + " (" + request.method + " " + shown(request.url) + "): ";
}

std::string_view advice(int status) {
  switch (status) {
    case 0:
      return "No connection: check --car-url, the network, name resolution and --ca-file. The next "
             "run goes on from "
             "here";
    case 302:
      return "A redirect: something stands before CAR and asks for a login; check --car-url. The "
             "next run goes on "
             "from here";
    case 401:
      return "Check --car-key and --car-password-file, or --car-token-file. The next run goes on "
             "from here";
    case 403:
      return "The API key may not do this: give its owner the right to write to Connected Assets "
             "and Risk. The next "
             "run goes on from here";
    case 200:
      return "Something else answered in CAR's place: check --car-url and the proxy. The next run "
             "goes on from here";
    case 404:
      return "Check that --car-url ends in /api/car/v2. The next run is a full import";
    default:
      return std::find(kRecoverable.begin(), kRecoverable.end(), status) != kRecoverable.end()
                 ? "The next run goes on from here"
                 : "The next run is a full import";
  }
}

Error failure_of(const HttpRequest& request, const HttpResponse& response) {
  const bool page_in_its_place = response.status >= 200 && response.status < 300;
  const bool recoverable = page_in_its_place || std::find(kRecoverable.begin(), kRecoverable.end(),
                                                          response.status) != kRecoverable.end();
  return {recoverable ? ErrorKind::car_recoverable : ErrorKind::car_unrecoverable,
          asked(request) + describe(response) + ". " + std::string(advice(response.status))};
}

/// For an answer that came but does not say what it should.
[[noreturn]] void unreadable(const HttpRequest& request, const HttpResponse& response,
                             const std::string& why) {
  throw Error(ErrorKind::car_recoverable,
              asked(request) + "HTTP " + std::to_string(response.status) + ", but " + why + ": " +
                  excerpt(response.body.head(kLongestWords), 200) +
                  ". Check --car-url; the next run goes on from here");
}

/// A page of a proxy or a sign-in in the place of CAR is no success, whatever its status.
bool succeeded(const HttpResponse& response) {
  return response.status >= 200 && response.status < 300 && !response.body.head(1).starts_with('<');
}

rapidjson::Document json_of(const HttpRequest& request, const HttpResponse& response) {
  const std::string text = response.body.str();
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError()) unreadable(request, response, "no JSON");
  return document;
}

/// A member's value, or null where there is none.
const rapidjson::Value* member(const rapidjson::Value& value, const char* name) {
  if (!value.IsObject()) return nullptr;
  const auto found = value.FindMember(name);
  return found == value.MemberEnd() ? nullptr : &found->value;
}

/// A string as it is, another value as its JSON text, "" for null and nothing at all.
std::string text_of(const rapidjson::Value* value) {
  if (value == nullptr || value->IsNull()) return {};
  if (value->IsString()) return {value->GetString(), value->GetStringLength()};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value->Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

template <typename Fill>
std::string json_object(Fill&& fill) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  fill(writer);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

template <typename Writer>
void write_text(Writer& writer, const std::string& text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
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

/// CAR's own words of {"errors":[{"code","message"}]}.
std::string words_of(const rapidjson::Value& document, const HttpResponse& response) {
  std::string words;
  const auto* errors = member(document, "errors");
  if (errors != nullptr && errors->IsArray()) {
    for (const auto& error : errors->GetArray()) {
      words += (words.empty() ? "" : "; ") + text_of(member(error, "code")) + ": " +
               text_of(member(error, "message"));
    }
  }
  return words.empty() ? describe(response) : printable(words, kLongestWords);
}

bool is_malformed_data(const rapidjson::Value& document) {
  const auto* errors = member(document, "errors");
  return errors != nullptr && errors->IsArray() &&
         std::any_of(errors->Begin(), errors->End(), [](const auto& error) {
           return text_of(member(error, "code")) == "data_mal_formed";
         });
}

ImportReceipt receipt_of(const HttpRequest& request, const HttpResponse& response) {
  ImportReceipt receipt;
  if (response.status == 413) {
    receipt.kind = ImportReceipt::Kind::too_large;
    receipt.error = describe(response);
    return receipt;
  }
  if (response.status == 400) {
    rapidjson::Document document;
    const std::string text = response.body.str();
    document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
    if (document.HasParseError() || !is_malformed_data(document))
      throw failure_of(request, response);
    receipt.kind = ImportReceipt::Kind::refused;
    receipt.error = words_of(document, response);
    return receipt;
  }
  if (!succeeded(response)) throw failure_of(request, response);
  const auto document = json_of(request, response);
  receipt.job_id = text_of(member(document, "id"));
  if (receipt.job_id.empty()) unreadable(request, response, "without the id of an import");
  return receipt;
}

/// Where `model_state_id` stands: in the object itself, or in one that wraps it.
const rapidjson::Value* find_state_id(const rapidjson::Value& value, int depth) {
  if (const auto* found = member(value, "model_state_id")) return found;
  if (depth == 0) return nullptr;
  if (value.IsObject()) {
    for (const auto& one : value.GetObject()) {
      if (const auto* found = find_state_id(one.value, depth - 1)) return found;
    }
  } else if (value.IsArray()) {
    for (const auto& one : value.GetArray()) {
      if (const auto* found = find_state_id(one, depth - 1)) return found;
    }
  }
  return nullptr;
}

/// Sets the outcome of each asked id in one list of an importstatus answer; false when the list is
/// not there.
bool take_list(const rapidjson::Value& document, const char* list_name, ImportOutcome outcome,
               std::map<std::string, ImportStatus>& statuses) {
  const auto* list = member(document, list_name);
  if (list == nullptr || !list->IsArray()) return false;
  for (const auto& element : list->GetArray()) {
    const auto found =
        statuses.find(text_of(element.IsObject() ? member(element, "id") : &element));
    if (found == statuses.end()) continue;
    found->second = ImportStatus{.outcome = outcome, .error = {}, .status_code = 0};
    if (outcome != ImportOutcome::failed) continue;
    found->second.error = printable(text_of(member(element, "error")), kLongestWords);
    const auto* code = member(element, "statusCode");
    if (code != nullptr && code->IsInt()) found->second.status_code = code->GetInt();
  }
  return true;
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
  request.max_body_bytes = kMaxBody;
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
  const bool wanted =
      std::find(expected.begin(), expected.end(), response.status) != expected.end();
  if (!wanted && !succeeded(response)) throw failure_of(request, response);
  return response;
}

void CarClient::run_job(const HttpRequest& start) {
  const HttpResponse started = call(start);
  const std::string job_id = text_of(member(json_of(start, started), "job_id"));
  if (job_id.empty()) unreadable(start, started, "without the id of a job");

  const HttpRequest question = request("GET", "/jobstatus/" + url_escape(job_id),
                                       start.label + ", job " + printable(job_id, 100));
  Pauses pauses(settings_);
  while (true) {
    const HttpResponse response = call(question);
    const std::string status = text_of(member(json_of(question, response), "status"));
    if (status == "COMPLETE") return;
    if (status.empty()) unreadable(question, response, "without a status");
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
    const auto document = json_of(question, response);
    const auto* databases = member(document, "databases");
    if (databases == nullptr || !databases->IsArray() || databases->Empty()) {
      unreadable(question, response, "without a list of databases");
    }
    const auto& database = (*databases)[0];
    const auto* ready = member(database, "is_ready");
    if (ready != nullptr && ready->IsTrue()) return state;

    const auto* graph = member(database, "graph_name");
    const auto* collections = member(database, "collections_without_indexes");
    if (graph != nullptr && graph->IsString() && graph->GetStringLength() == 0) {
      run_job(with_body(request("PATCH", "/databases", "making the graph"),
                        R"({"graph_name":"assets"})"));
      // Without its graph the database held nothing that could be asked after.
      state = DatabaseState::newly_made;
    } else if (collections != nullptr && collections->IsArray() && !collections->Empty()) {
      run_job(with_body(request("PATCH", "/databases", "making indexes"),
                        "{\"collections_without_indexes\":" + text_of(collections) + "}"));
    } else {
      unreadable(question, response,
                 "the database is not ready and CAR names no step that would make it so");
    }
  }
  throw Error(ErrorKind::car_recoverable,
              asked(question) +
                  "not ready, although CAR called the jobs that make it so "
                  "complete. The next run tries again");
}

std::optional<IdentityModel> CarClient::import_schema_model() {
  HttpRequest question = request("GET", "", "import schema");
  question.url = v3_url("/importSchema?version=v2");
  const HttpResponse response = call(question, {404});
  if (response.status == 404) return std::nullopt;

  const auto document = json_of(question, response);
  const auto* schema = member(document, "schema");
  if (schema != nullptr) {
    if (const auto* properties = member(*schema, "properties")) {
      if (member(*properties, "asset_account") != nullptr) return IdentityModel::account;
      if (member(*properties, "asset_user") != nullptr) return IdentityModel::user;
    }
  }
  // A schema of another shape: the name as a quoted word decides. A schema may also come as one
  // string.
  const std::string text = text_of(schema != nullptr ? schema : &document);
  if (text.find("\"asset_account\"") != std::string::npos) return IdentityModel::account;
  if (text.find("\"asset_user\"") != std::string::npos) return IdentityModel::user;
  return std::nullopt;
}

std::optional<std::string> CarClient::save_point() {
  const HttpRequest question = request("GET", source_path(), "save point");
  const HttpResponse response = call(question, {404});
  if (response.status == 404) return std::nullopt;

  const auto document = json_of(question, response);
  const auto* state_id = find_state_id(document, 2);
  if (state_id == nullptr && !document.IsObject()) unreadable(question, response, "no source");
  if (state_id != nullptr && !state_id->IsNull() && !state_id->IsString() &&
      !state_id->IsNumber()) {
    unreadable(question, response, "its model_state_id is no text");
  }
  std::string text = text_of(state_id);
  if (text.empty()) return std::nullopt;
  return text;
}

void CarClient::set_save_point(const std::string& model_state_id) {
  call(with_body(
      request("PATCH", "/source?key=" + url_escape(settings_.source), "saving the save point"),
      json_object([&](auto& writer) {
        writer.Key("model_state_id");
        write_text(writer, model_state_id);
      })));
}

ImportReceipt CarClient::post_import(const std::string& envelope) {
  return post_imports({envelope}).front();
}

std::vector<ImportReceipt> CarClient::post_imports(const std::vector<std::string>& envelopes) {
  std::vector<ImportReceipt> receipts(envelopes.size());
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
          receipts[index] = receipt_of(request, response);
        } catch (const Error& error) {
          if (!failure) failure = error;
        }
      },
      kParallelImports);
  if (failure) throw Error(*failure);
  return receipts;
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
    const auto document = json_of(question, response);

    std::map<std::string, ImportStatus> page;
    for (auto id = first; id != last; ++id) page[*id];
    // In the order in which a later word outweighs an earlier one, should an id stand in two lists.
    bool any = take_list(document, "complete_imports", ImportOutcome::done, page);
    any |= take_list(document, "incomplete_imports", ImportOutcome::unfinished, page);
    any |= take_list(document, "notfound_imports", ImportOutcome::lost, page);
    any |= take_list(document, "error_imports", ImportOutcome::failed, page);
    if (!any) unreadable(question, response, "without any list of imports");
    all.merge(page);
    begin += count;
  }
  return all;
}

std::map<std::string, ImportStatus> CarClient::wait_for_imports(
    const std::vector<std::string>& job_ids) {
  std::map<std::string, ImportStatus> all;
  std::vector<std::string> open = job_ids;
  Pauses pauses(settings_);
  while (true) {
    for (auto& [id, status] : import_status(open)) all[id] = status;
    std::erase_if(
        open, [&](const std::string& id) { return all[id].outcome != ImportOutcome::unfinished; });
    if (open.empty() || !pauses.wait()) return all;
  }
}

void CarClient::begin_full_import() {
  run_job(request("POST", source_path() + "/full-import-in-progress",
                  "beginning the full-import session"));
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
      json_object([&](auto& writer) {
        writer.Key(patch.last_modified ? "last_modified" : "active");
        if (patch.last_modified) {
          writer.Int64(*patch.last_modified);
        } else {
          writer.Bool(false);
        }
      }));
}

void CarClient::patch(const std::vector<Patch>& patches,
                      const std::function<void(std::size_t index, PatchResult, int status)>& done) {
  struct Asking {
    std::size_t index;
    std::string_view form;  // what it was asked in before, "" the first time
  };
  std::deque<Asking> waiting;
  for (std::size_t i = 0; i < patches.size(); ++i) waiting.push_back({i, ""});
  std::vector<Asking> under_way(patches.size());
  std::optional<Error> failure;

  const auto take_next = [&]() -> std::optional<std::size_t> {
    if (failure || waiting.empty()) return std::nullopt;
    const Asking asking = waiting.front();
    waiting.pop_front();
    const std::string_view other = asking.form == kBare ? kRegion : kBare;
    const std::string_view known = address_form_ == kRegion ? kRegion : kBare;
    under_way[asking.index] = {asking.index, address_form_.empty() ? other : known};
    return asking.index;
  };
  const auto answered = [&](std::size_t index, const HttpRequest& request,
                            const HttpResponse& response) {
    const Patch& patch = patches[index];
    const bool has_address = patch.from_is_address || patch.to_is_address;
    const std::string_view form = under_way[index].form;
    if (succeeded(response)) {
      if (has_address && address_form_.empty()) address_form_ = form;
      done(index, PatchResult::done, response.status);
    } else if (response.status == 404) {
      // Asked in the wrong form, or in the first of two while it is not known which one is right.
      // At the front, so that a long list of patches settles the form with its first ones.
      const bool wrong_form = address_form_.empty() ? form == kBare : form != address_form_;
      if (has_address && wrong_form) {
        waiting.push_front({index, form});
      } else {
        done(index, PatchResult::gone, response.status);
      }
    } else if (!failure) {
      failure = failure_of(request, response);
    }
  };
  const auto make = [&](std::size_t index) {
    return patch_request(patches[index], index, under_way[index].form == kRegion);
  };
  while (!waiting.empty() && !failure) send_numbered(take_next, make, answered, kParallelPatches);
  if (failure) throw Error(*failure);
}

void CarClient::send_numbered(
    const std::function<std::optional<std::size_t>()>& next,
    const std::function<HttpRequest(std::size_t)>& make,
    const std::function<void(std::size_t, const HttpRequest&, const HttpResponse&)>& on_response,
    int parallel) {
  // Answers come in any order; a label holds its number and so tells which one it is.
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

PatchResult CarClient::delete_assets(const std::vector<std::string>& external_ids) {
  if (external_ids.empty()) return PatchResult::done;
  const HttpResponse response =
      call(request("DELETE",
                   source_path() +
                       "/asset?external_ids=" + joined(external_ids.begin(), external_ids.end()),
                   "deleting " + std::to_string(external_ids.size()) + " assets"),
           {404});
  return response.status == 404 ? PatchResult::gone : PatchResult::done;
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

std::optional<std::int64_t> CarClient::count_assets() {
  // GraphQL takes its strings in JSON's form.
  rapidjson::StringBuffer literal;
  rapidjson::Writer<rapidjson::StringBuffer> source(literal);
  write_text(source, settings_.source);
  const std::string query =
      "{ asset(where:{source:{_eq:" + std::string(literal.GetString(), literal.GetSize()) +
      "}}) { external_id } }";

  HttpRequest question =
      with_body(request("POST", "", "counting assets"), json_object([&](auto& writer) {
                  writer.Key("query");
                  write_text(writer, query);
                }));
  question.url = v3_url("/query");
  const HttpResponse response = http_.send(question);
  if (!succeeded(response)) return std::nullopt;
  rapidjson::Document document;
  const std::string text = response.body.str();
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError()) return std::nullopt;
  const auto* data = member(document, "data");
  const auto* assets = data != nullptr ? member(*data, "asset") : nullptr;
  if (assets == nullptr || !assets->IsArray()) return std::nullopt;
  return static_cast<std::int64_t>(assets->Size());
}

}  // namespace defender_car
