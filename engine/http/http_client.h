#pragma once
// HTTP over libcurl's multi interface: the only door to the network. curl itself stays in
// curl_transport.cpp.
//
// Guarantees: every request has a time limit and a size limit; no redirect is followed; TLS is
// verified; plain http is refused but for loopback hosts; 408, 429, 500, 502, 503, 504 and
// transport faults are sent again with back-off, Retry-After (seconds or date) obeyed; every wait
// is logged and shown. Single-threaded: parallel means several transfers in one loop. Does not know
// what it carries; headers with secrets are never logged.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/body.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/progress.h"
#include "base/time.h"

namespace defender_car {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  std::int64_t time_limit_ms = limits::kRequestMs;  ///< for one try, from connect to the last byte
  std::int64_t max_body_bytes = limits::kPageBody;  ///< after decompression
  bool retry = true;                                ///< false: one try only
  /// false: not again after a try that may have been carried out (no response, or 5xx but 503)
  bool retry_unanswered = true;
  bool retry_late =
      true;           ///< false: a late response is not waited for again; the caller asks for less
  std::string label;  ///< "machines page 3": what messages call it
};

struct HttpResponse {
  int status = 0;  ///< 0: no response; then transport_error says why
  Headers headers;
  Body body;
  std::string transport_error;
  std::string not_sent;  ///< why a Gate did not let it go (again); status is 0 then
  bool lasting_fault =
      false;  ///< of transport: another try cannot help (body over the limit, bad certificate)
  /// The request was sent, and its time limit passed, or a 408 or 504 came after
  /// HttpOptions::late_ms.
  bool late = false;
  std::optional<EpochMs> date;      ///< the service's clock: the Date header, and Age moved it on
  std::optional<EpochMs> retry_at;  ///< a Retry-After that is a date, by this machine's clock
  /// The service asks for a wait that is longer than a run waits: until then, by this machine's
  /// clock. Also of what a Gate did not let go for that.
  std::optional<EpochMs> not_before;
  int tries = 1;

  std::optional<std::string> header(std::string_view name) const;  ///< name without regard to case
};

/// The wait that a passing failure asks for, by Retry-After or, a 429, in words.
std::optional<std::int64_t> asked_wait_ms(const HttpResponse& response, EpochMs now);

/// How failing requests are sent again. Values in ms. The pure part of the client: no clock, no
/// network.
struct RetryPolicy {
  int max_tries = 5;
  std::int64_t first_wait_ms = 500;
  std::int64_t longest_wait_ms = 30'000;  ///< of our own back-off
  std::int64_t longest_retry_after_ms =
      900'000;  ///< longer is not waited for: the request has failed

  /// The wait before the next try, or nothing when this response is final.
  std::optional<std::int64_t> next_wait_ms(const HttpResponse& response, int tries, EpochMs now,
                                           std::mt19937_64& random) const;
};

struct HttpOptions {
  std::string ca_file;  ///< empty: the system's
  int max_parallel = 8;
  std::int64_t stall_ms = limits::kStallMs;  ///< a response that has begun and brings under 1 KiB
                                             ///< in this time is given up
  /// A 408 or 504 that took longer tells of the request; one that comes sooner, of a busy service.
  std::int64_t late_ms = 30'000;
  std::int64_t longest_try_ms =
      limits::kHuntingMs;  ///< over HttpRequest::time_limit_ms, whichever is shorter
  RetryPolicy retry;
  int max_retries_in_all =
      1'000;  ///< of the client's whole life, 429 not counted; after them each request has one try
};

/// At most `requests` within any `seconds`; 0 requests: no limit.
struct RateLimit {
  int requests = 0;
  int seconds = 1;
};

/// Who has a say in whether a request may go, and counts those that go.
class Gate {
 public:
  struct Verdict {
    std::int64_t wait_ms = 0;  ///< to be asked again then; 0: the request goes, and counts
    std::string why{};         ///< of the wait
    std::string closed{};      ///< not in this run, and why
    std::optional<EpochMs> not_before{};  ///< closed by the service's own word, until then
  };
  virtual ~Gate() = default;
  /// Before every try of a request to that URL.
  virtual Verdict enter(const std::string& url) = 0;
  /// Before work that is worth nothing unless it is done whole: why there is no room for so many
  /// requests now, "" where there is.
  virtual std::string no_room(const std::string& url, std::int64_t requests) = 0;
  /// The service wants no such request before then, which is longer than a run waits; `why` is its
  /// response.
  virtual void close(const std::string& url, EpochMs until, const std::string& why) = 0;
};

class HttpClient {
 public:
  HttpClient(HttpOptions options, Progress& progress);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The response after retries, whatever its status; a transport fault that lasts is status 0.
  /// Throws Error(usage) for a URL that is not allowed, Error(interrupted) when a signal came.
  HttpResponse send(const HttpRequest& request);

  using NextRequest = std::function<std::optional<HttpRequest>()>;
  using OnResponse = std::function<void(const HttpRequest&, HttpResponse)>;

  /// Up to `parallel` requests side by side; responses in the order in which they come. `next` may
  /// give none for now: it is asked again after each response, and all ends when it gives none
  /// while nothing is under way. What is under way goes on, in the kernel, while `on_response`
  /// works. An exception of `on_response` ends all transfers and passes on.
  void send_all(const NextRequest& next, const OnResponse& on_response, int parallel);

  /// Paces all later requests whose URL begins with `url_prefix` ahead of time.
  void limit_rate(std::string url_prefix, RateLimit limit);

  /// Asked from now on; nullptr: nobody is.
  void set_gate(Gate* gate);
  /// The gate's word; "" where there is none.
  std::string no_room(const std::string& url, std::int64_t requests) const;

  std::int64_t requests_sent() const noexcept;
  std::int64_t bytes_received() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// For messages: status, the service's own error code and message (Defender's, OAuth's and CAR's
/// error bodies), at most 300 characters of it, control characters removed. Never request headers.
std::string describe(const HttpResponse& response);

}  // namespace defender_car
