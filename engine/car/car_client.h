#pragma once
// IBM's Connected Assets and Risk service as this program writes it: databases, save point, imports
// as jobs, full-import sessions, PATCHes and DELETEs. Facts: docs/services/car.md. Knows no
// database of ours.
//
// Guarantees: an import counts as done only when its id stands in complete_imports; a status that
// cannot be read is never taken for done; every job has a deadline. Throws Error: car_recoverable
// (302 400 401 403 408 429 500 502 503 504 and lost connections), car_unrecoverable (any other
// failure).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "car/responses.h"
#include "http/http_client.h"
#include "http/service_clock.h"

namespace defender_car {

struct CarSettings {
  std::string url;  ///< ends in /api/car/v2
  std::string key;  ///< Basic auth …
  std::string password;
  std::string token_url;  ///< … or, when set, this URL with `Authorization: car-token TOKEN`
  std::string token;
  std::string source;
  int concurrency = 8;  ///< imports and PATCHes side by side
  std::int64_t job_time_limit_ms = 30 * 60'000;
  std::int64_t poll_ms = 1000;    ///< longest pause between two questions after a job
  std::int64_t page_rows = 2000;  ///< asked for at once when CAR is read back
  int pages = 10'000;             ///< of one collection, then its list counts as one without end
};

enum class DatabaseState { ready, newly_made };

/// CAR's word on one PATCH or DELETE.
enum class ChangeResult { done, gone, refused };
struct ChangeAnswer {
  ChangeResult result = ChangeResult::done;
  std::string text{};  ///< "200", "404: was gone already", "409: CAR's words"
};

/// Ways to ask CAR how many assets it holds, the cheapest first: one number, one row at an offset,
/// all of them.
enum class CountForm { aggregate, row, list };
enum class AssetsHeld {
  more,
  not_more,
  not_asked_so,  ///< CAR does not take the question in this form
  unanswered,
};

/// What the response to POST /imports says.
struct ImportReceipt {
  enum class Kind { accepted, refused, too_large };
  Kind kind = Kind::accepted;
  std::string job_id;
  std::string error;  ///< refused: CAR's words
};

class CarClient {
 public:
  CarClient(HttpClient& http, CarSettings settings);

  /// Makes or readies the databases when they are not, and waits for it. A new graph counts as
  /// newly made, too.
  DatabaseState ensure_databases();

  /// What ensure_databases() would say; asks, and makes nothing.
  DatabaseState look_at_databases();

  /// What the service's import schema names, of `fields` too; nothing for 404. Any other failure
  /// throws.
  std::optional<ImportSchema> import_schema(std::span<const std::string> fields);

  /// model_state_id of our source; nothing for 404 or a source without one (absent, null or ""). A
  /// failure to read throws.
  std::optional<std::string> save_point();
  void set_save_point(const std::string& model_state_id);

  /// Up to `concurrency` envelopes side by side; `done(index, receipt)` for each as it comes. 413
  /// is too_large; 400 and 422 with CAR's own words about records are refused. After another
  /// failure no further one is sent; it throws once those under way have their responses and were
  /// handed on.
  void post_imports(const std::vector<std::string>& envelopes,
                    const std::function<void(std::size_t index, ImportReceipt)>& done);

  /// Asks once after these jobs (ids in pages); each id has an entry in what is returned.
  std::map<std::string, ImportStatus> import_status(const std::vector<std::string>& job_ids);

  /// Asks until all of these jobs, or one of them, have ended. At the deadline (job_time_limit_ms)
  /// the rest is still `unfinished`. Each id has an entry in what is returned.
  enum class WaitFor { all, one };
  std::map<std::string, ImportStatus> wait_for_imports(const std::vector<std::string>& job_ids,
                                                       WaitFor wanted);

  void begin_full_import();
  void end_full_import();

  /// PATCH /{edge}?source&from&to with {"active":false} or {"last_modified":ms}. `from` and `to`
  /// are the ends' keys without a collection; `from_is_address`/`to_is_address` mark ipaddress
  /// ends, which this service may want in the other form: each 404 is asked again in it, and a 200
  /// shows which one to begin with (see address_form).
  struct Patch {
    std::string edge;
    std::string from;
    std::string to;
    bool from_is_address = false;
    bool to_is_address = false;
    std::optional<EpochMs> last_modified;  ///< nothing: disable
  };
  /// Sends all, up to `concurrency` side by side; `done(index, answer)` for each as it
  /// comes. The first failure throws after the responses under way have been handed on.
  void patch(const std::vector<Patch>& patches,
             const std::function<void(std::size_t index, const ChangeAnswer& answer)>& done);

  /// The form of an address in PATCH parameters: "", "bare" or "region" ("0/" + address). "" while
  /// unknown.
  const std::string& address_form() const noexcept { return address_form_; }
  void set_address_form(std::string form) { address_form_ = std::move(form); }

  /// DELETE by external id of one page of ids whose joined, escaped length the caller keeps small
  /// (ids_that_fit). Of several ids, `gone` and `refused` may be said of one of them alone.
  ChangeAnswer delete_assets(const std::vector<std::string>& external_ids);

  /// How many ids from `begin` on fit one DELETE (under 1,800 characters, escaped and with commas;
  /// at least one).
  static std::size_t ids_that_fit(const std::vector<std::string>& ids, std::size_t begin);

  /// GET /v3/health and /databases (having no databases is fine), for `check`. Throws like the
  /// others.
  void check_health();

  /// Whether CAR holds more than so many assets of our source, by one try of one request.
  AssetsHeld assets_held(std::int64_t more_than, CountForm form);

  /// How many assets of our source CAR says it holds (POST /v3/query); nothing where it cannot be
  /// asked.
  std::optional<std::int64_t> count_assets();

  /// POST /v3/query with a GraphQL text. Judges the response's status only: a service without
  /// GraphQL (404, 405, 501, a web page) and every other failure throw Error(car_recoverable); 200
  /// and 400 (a refusal, for read_page) come back.
  HttpResponse query(const std::string& graphql, const std::string& label);
  const CarSettings& settings() const noexcept { return settings_; }

  /// CAR's clock.
  const ServiceClock& clock() const noexcept { return clock_; }

 private:
  HttpRequest request(std::string_view method, std::string_view path, std::string label) const;
  HttpRequest with_body(HttpRequest request, std::string body) const;
  std::string v3_url(std::string_view path) const;
  HttpRequest query_request(const std::string& graphql, std::string label) const;
  std::string source_path() const;

  /// The response when it is 2xx or among `expected`; every other one throws.
  HttpResponse call(const HttpRequest& request, std::initializer_list<int> expected = {});
  void send_numbered(
      const std::function<std::optional<std::size_t>()>& next,
      const std::function<HttpRequest(std::size_t)>& make,
      const std::function<void(std::size_t, const HttpRequest&, const HttpResponse&)>& on_response,
      int parallel);
  /// Sends what starts a job and waits until CAR calls it complete.
  void run_job(const HttpRequest& request);
  HttpRequest patch_request(const Patch& patch, std::size_t number, bool region) const;

  HttpClient& http_;
  CarSettings settings_;
  std::string base_;  // without a trailing slash
  std::string address_form_;
  ServiceClock clock_;
};

}  // namespace defender_car
