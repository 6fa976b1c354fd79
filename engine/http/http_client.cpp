#include "http/http_client.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <list>

#include "base/cancel.h"
#include "base/no_network.h"
#include "http/curl_transport.h"

namespace defender_car {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::int64_t kSliceMs = 200;  // a signal is seen within this time

std::string seconds(std::int64_t ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ms) / 1000);
  return text;
}

/// Keeps one RateLimit by the times of the requests within its window.
class Pacer {
 public:
  Pacer(std::string url_prefix, RateLimit limit) : prefix_(std::move(url_prefix)), limit_(limit) {}

  const std::string& prefix() const noexcept { return prefix_; }
  bool covers(const std::string& url) const { return url.starts_with(prefix_); }

  Clock::time_point next_free(Clock::time_point now) const {
    if (sent_.size() < static_cast<std::size_t>(limit_.requests)) return now;
    return std::max(now, sent_.front() + std::chrono::seconds(limit_.seconds));
  }
  void note(Clock::time_point now) {
    sent_.push_back(now);
    if (sent_.size() > static_cast<std::size_t>(limit_.requests)) sent_.pop_front();
  }

 private:
  std::string prefix_;
  RateLimit limit_;
  std::deque<Clock::time_point> sent_;  ///< the last `requests` ones
};

struct Job {
  HttpRequest request;
  int tries = 0;
  Clock::time_point not_before;
  Clock::time_point begun{};  ///< the try under way
  bool paced = false;         ///< its wait for a free place has been logged
  Gate::Verdict closed;       ///< the gate's word: it does not go
  CurlTransport::TransferPtr transfer;
};

/// What all requests of a client share.
struct Sender {
  Sender(HttpOptions the_options, Progress& the_progress)
      : options(std::move(the_options)),
        progress(the_progress),
        transport(options.ca_file, options.stall_ms) {}

  bool start(Job& job);
  bool wait_for_place(Job& job);
  bool wait_at_gate(Job& job);
  void log_place(Job& job, const std::string& why, std::int64_t wait_ms);
  bool send_again(Job& job, const HttpResponse& response);
  void note_time(const Job& job, HttpResponse& response);
  bool within_budget(const Job& job, const HttpResponse& response);
  void log_wait(const std::string& what, std::int64_t wait_ms);

  HttpOptions options;
  Progress& progress;
  CurlTransport transport;
  std::vector<Pacer> pacers;
  Gate* gate = nullptr;
  std::mt19937_64 random{std::random_device{}()};
  std::int64_t requests_sent = 0;
  int retries = 0;  ///< but for 429
};

void Sender::log_wait(const std::string& what, std::int64_t wait_ms) {
  spdlog::info("{}: waiting {}", what, seconds(wait_ms));
  progress.waiting(what, wait_ms);
}

/// True while a limit keeps the job back.
bool Sender::wait_for_place(Job& job) {
  const Clock::time_point now = Clock::now();
  Clock::time_point free = now;
  for (const Pacer& pacer : pacers) {
    if (pacer.covers(job.request.url)) free = std::max(free, pacer.next_free(now));
  }
  if (free <= now) return false;
  job.not_before = free;
  log_place(job, "the rate limit is reached", std::chrono::ceil<milliseconds>(free - now).count());
  return true;
}

/// True where the gate lets the job wait, or does not let it go at all.
bool Sender::wait_at_gate(Job& job) {
  if (gate == nullptr) return false;
  Gate::Verdict verdict = gate->enter(job.request.url);
  if (!verdict.closed.empty()) {
    job.closed = std::move(verdict);
    return true;
  }
  if (verdict.wait_ms == 0) return false;
  job.not_before = Clock::now() + milliseconds(verdict.wait_ms);
  log_place(job, verdict.why, verdict.wait_ms);
  return true;
}

/// Others may take the place that it waits for; its wait is logged once all the same.
void Sender::log_place(Job& job, const std::string& why, std::int64_t wait_ms) {
  if (!job.paced) log_wait(job.request.label + ": " + why, wait_ms);
  job.paced = true;
}

bool Sender::start(Job& job) {
  if (wait_for_place(job) || wait_at_gate(job)) return false;
  job.request.time_limit_ms = std::min(job.request.time_limit_ms, options.longest_try_ms);
  job.transfer = transport.start(job.request);
  job.begun = Clock::now();
  for (Pacer& pacer : pacers) {
    if (pacer.covers(job.request.url)) pacer.note(Clock::now());
  }
  ++job.tries;
  ++requests_sent;
  job.paced = false;
  spdlog::debug("{} {} (try {})", job.request.method, job.request.label, job.tries);
  return true;
}

/// A service that fails at every second request must not make a run last for ever. 429 is pace, not
/// failure: the run's deadline bounds that.
bool Sender::within_budget(const Job& job, const HttpResponse& response) {
  if (response.status == 429) return true;
  if (retries < options.max_retries_in_all) return ++retries > 0;
  spdlog::warn("{}: {}; not tried again, as the {} retries of a run are used up", job.request.label,
               describe(response), options.max_retries_in_all);
  return false;
}

/// Whether it took too long; and the wait that it asks for, where nobody waits that long: that
/// applies to all requests that are taken from the same quota.
void Sender::note_time(const Job& job, HttpResponse& response) {
  if (response.status == 408 || response.status == 504)
    response.late = Clock::now() - job.begun > milliseconds(options.late_ms);
  const EpochMs now = system_now();
  const auto wait_ms = asked_wait_ms(response, now);
  if (!wait_ms || *wait_ms <= options.retry.longest_retry_after_ms) return;
  response.not_before = now + *wait_ms;
  if (gate != nullptr) gate->close(job.request.url, *response.not_before, describe(response));
}

bool Sender::send_again(Job& job, const HttpResponse& response) {
  if (!job.request.retry) return false;
  if (response.late && !job.request.retry_late) return false;
  const bool refused = response.status == 429 || response.status == 503 || response.status == 408;
  if (!job.request.retry_unanswered && !refused) return false;
  const auto wait_ms = options.retry.next_wait_ms(response, job.tries, system_now(), random);
  if (!wait_ms || !within_budget(job, response)) return false;
  job.not_before = Clock::now() + milliseconds(*wait_ms);
  log_wait(job.request.label + ": " + describe(response), *wait_ms);
  return true;
}

/// The jobs of one send_all.
class Batch {
 public:
  Batch(Sender& sender, const HttpClient::NextRequest& next,
        const HttpClient::OnResponse& on_response, int parallel)
      : sender_(sender),
        next_(next),
        on_response_(on_response),
        parallel_(static_cast<std::size_t>(
            std::max(1, std::min(parallel, sender.options.max_parallel)))) {}

  void run() {
    while (true) {
      throw_if_cancelled();
      pull();
      start_due();
      if (jobs_.empty()) return;
      sender_.transport.run(more_may_have_ended_ ? 0 : longest_sleep_ms());
      collect();
    }
  }

 private:
  /// A job that waits for its next try gives its place to others, within bounds: a service that
  /// refuses everything must not fill the memory with waiting jobs.
  void pull() {
    const std::size_t most_waiting = 4 * parallel_;
    while (!no_more_for_now_ && waiting_ < most_waiting && jobs_.size() - waiting_ < parallel_) {
      std::optional<HttpRequest> request = next_();
      if (!request) {
        no_more_for_now_ = true;
        return;
      }
      jobs_.emplace_back().request = std::move(*request);
    }
  }

  void start_due() {
    const Clock::time_point now = Clock::now();
    for (Job& job : jobs_) {
      if (active_ == parallel_) return;
      if (job.transfer || job.not_before > now || !sender_.start(job)) continue;
      ++active_;
      if (job.tries > 1) --waiting_;
    }
  }

  std::int64_t longest_sleep_ms() const {
    Clock::time_point wake = Clock::now() + milliseconds(kSliceMs);
    for (const Job& job : jobs_) {
      if (!job.transfer) wake = std::min(wake, job.not_before);
    }
    const auto sleep = std::chrono::ceil<milliseconds>(wake - Clock::now()).count();
    // With every place taken, a job that is due waits for a response, not for the clock.
    return active_ == parallel_ ? kSliceMs : std::clamp<std::int64_t>(sleep, 0, kSliceMs);
  }

  /// One response at a time: the next request is on its way before another response is worked on.
  void collect() {
    more_may_have_ended_ = false;
    for (auto job = jobs_.begin(); job != jobs_.end();) {
      std::optional<HttpResponse> response =
          job->closed.closed.empty() ? taken(*job) : unsent(*job);
      if (!response) {
        ++job;
        continue;
      }
      response->tries = job->tries;
      const HttpRequest request = std::move(job->request);
      job = jobs_.erase(job);
      no_more_for_now_ = false;
      more_may_have_ended_ = true;
      on_response_(request, std::move(*response));
      return;
    }
  }

  /// Nothing while it is under way, and where it is sent again.
  std::optional<HttpResponse> taken(Job& job) {
    if (!job.transfer) return std::nullopt;
    std::optional<HttpResponse> response = sender_.transport.take(*job.transfer);
    if (!response) return std::nullopt;
    job.transfer.reset();
    --active_;
    sender_.note_time(job, *response);
    if (!sender_.send_again(job, *response)) return response;
    ++waiting_;
    return std::nullopt;
  }

  HttpResponse unsent(const Job& job) {
    if (job.tries > 0) --waiting_;
    HttpResponse response;
    response.not_sent = response.transport_error = job.closed.closed;
    response.not_before = job.closed.not_before;
    response.lasting_fault = true;
    return response;
  }

  Sender& sender_;
  const HttpClient::NextRequest& next_;
  const HttpClient::OnResponse& on_response_;
  const std::size_t parallel_;
  std::list<Job> jobs_;
  std::size_t active_ = 0;   ///< jobs under way
  std::size_t waiting_ = 0;  ///< jobs between two tries
  bool more_may_have_ended_ = false;
  bool no_more_for_now_ = false;  ///< `next` gave none since the last response
};

}  // namespace

struct HttpClient::Impl {
  Impl(HttpOptions options, Progress& progress) : sender(std::move(options), progress) {}
  Sender sender;
};

HttpClient::HttpClient(HttpOptions options, Progress& progress)
    : impl_(std::make_unique<Impl>(std::move(options), progress)) {}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request) {
  HttpResponse last;
  bool handed_out = false;
  send_all(
      [&]() -> std::optional<HttpRequest> {
        return std::exchange(handed_out, true) ? std::nullopt : std::optional(request);
      },
      [&](const HttpRequest&, HttpResponse response) { last = std::move(response); }, 1);
  return last;
}

void HttpClient::send_all(const NextRequest& next, const OnResponse& on_response, int parallel) {
  if (NoNetwork::in_force())
    throw Error(ErrorKind::internal, "a request was about to be sent inside a transaction");
  Batch(impl_->sender, next, on_response, parallel).run();
}

void HttpClient::limit_rate(std::string url_prefix, RateLimit limit) {
  std::erase_if(impl_->sender.pacers,
                [&](const Pacer& pacer) { return pacer.prefix() == url_prefix; });
  if (limit.requests > 0) impl_->sender.pacers.emplace_back(std::move(url_prefix), limit);
}

void HttpClient::set_gate(Gate* gate) { impl_->sender.gate = gate; }

std::string HttpClient::no_room(const std::string& url, std::int64_t requests) const {
  return impl_->sender.gate == nullptr ? "" : impl_->sender.gate->no_room(url, requests);
}

std::int64_t HttpClient::requests_sent() const noexcept { return impl_->sender.requests_sent; }

std::int64_t HttpClient::bytes_received() const noexcept {
  return impl_->sender.transport.bytes_received();
}

}  // namespace defender_car
