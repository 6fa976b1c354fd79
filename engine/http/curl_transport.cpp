#include "http/curl_transport.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>

#include "base/limits.h"
#include "http/service_clock.h"
#include "http/url.h"

namespace defender_car {
namespace {

constexpr std::int64_t kStallBytes = 1024;

/// HTTP/2 must not be negotiated: libcurl 7.88.1 (Debian 12) forgets bytes of HTTP/2 that it has
/// buffered when nobody calls it for some milliseconds, as while a response is parsed; the transfer
/// then waits for ever. To be changed only for a version of libcurl that the test
/// "[http2-of-libcurl]" finds without fault.
constexpr long kHttpVersion = CURL_HTTP_VERSION_1_1;

using Clock = std::chrono::steady_clock;

struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

/// A setting that curl does not know means another curl than this program was built for.
template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  if (code != CURLE_OK) {
    throw Error(ErrorKind::internal,
                std::string("curl refused a setting: ") + curl_easy_strerror(code));
  }
}

void append(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

HeaderList header_list(const HttpRequest& request) {
  HeaderList list;
  // A 100-continue would cost a second where the server does not know it. The type of a body is the
  // caller's word, never curl's guess.
  append(list, "Expect:");
  bool typed = false;
  for (const auto& [name, value] : request.headers) {
    typed = typed || ::strcasecmp(name.c_str(), "Content-Type") == 0;
    std::string line = name;
    line.append(value.empty() ? ";" : ": ").append(value);
    append(list, line);
  }
  if (!typed) append(list, "Content-Type:");
  return list;
}

/// OpenSSL's word for a server that takes no protocol of those that were offered.
bool speaks_other_protocol(CURLcode code, std::string_view reason) {
  return code == CURLE_SSL_CONNECT_ERROR &&
         reason.find("no application protocol") != std::string_view::npos;
}

/// What to do about curl's reason, where that is more than trying again.
std::string advice(CURLcode code, std::string_view reason) {
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    return "; a certificate has to be in force, to name this host, and to come from an authority "
           "that the system or --ca-file trusts";
  if (speaks_other_protocol(code, reason) || code == CURLE_UNSUPPORTED_PROTOCOL)
    return "; the server was asked for HTTP/1.1, which is all that this program speaks: name a "
           "host or a proxy that speaks it";
  return "";
}

bool is_lasting(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_URL_MALFORMAT || code == CURLE_OUT_OF_MEMORY;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool is_header(const std::string& name, const std::string& value) {
  constexpr std::string_view kToken = "!#$%&'*+-.^_`|~";
  const bool named = !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kToken.find(c) != std::string_view::npos;
  });
  return named && std::none_of(value.begin(), value.end(), [](char c) {
           return (c >= 0 && c < ' ' && c != '\t') || c == 0x7F;
         });
}

/// What may be sent at all. Throws Error(usage), whose message shows no secret, for a URL that is
/// not one, plain http to a host that is not loopback, or a header that would smuggle another one.
void check_allowed(const HttpRequest& request) {
  const std::string host = origin(request.url);
  if (host.empty()) {
    throw Error(ErrorKind::usage,
                request.label +
                    ": its URL is no plain http(s)://host[:port]/ URL (no user name, "
                    "no spaces); correct the URL in the parameters");
  }
  if (host.starts_with("http:") && !is_loopback(request.url)) {
    throw Error(ErrorKind::usage, request.label + ": " + host +
                                      " would send secrets in the clear; use https:// " +
                                      "(plain http is for localhost, 127.0.0.0/8 and [::1] only)");
  }
  for (const auto& [name, value] : request.headers) {
    if (is_header(name, value)) continue;
    throw Error(ErrorKind::usage,
                request.label +
                    ": a request header holds characters that no header may hold (a "
                    "line break in a password or token?)");
  }
}

}  // namespace

struct CurlTransport::Impl {
  CURLM* multi = nullptr;
  std::vector<CURL*> idle;  ///< handles to use again
  std::string ca_file;
  std::int64_t stall_ms = 0;
  std::int64_t bytes_received = 0;
};

class CurlTransport::Transfer {
 public:
  Transfer(Impl& transport, const HttpRequest& request);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void end(CURLcode code) { ended_ = code; }
  std::optional<HttpResponse> take();

 private:
  void configure();
  void set_method();
  void add_header(std::string_view line);
  bool add_body(std::string_view bytes);
  bool is_stalled(std::int64_t received);
  void watch_end();
  bool is_cut_off() const;
  HttpResponse fault(CURLcode code) const;
  static std::size_t on_header(char* text, std::size_t, std::size_t size, void* transfer);
  static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* transfer);
  static int on_progress(void* transfer, curl_off_t, curl_off_t received, curl_off_t, curl_off_t);

  Impl& transport_;
  const HttpRequest& request_;
  CURL* easy_ = nullptr;
  HeaderList header_list_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  bool end_announced_ = false;  ///< TLS said that the connection ends
  std::string own_fault_;       ///< why a callback ended the transfer
  bool own_fault_lasts_ = true;
  std::exception_ptr thrown_;  ///< out of a callback: must not fly through curl
  Clock::time_point stall_begin_;
  std::int64_t stall_received_ = 0;
  std::optional<CURLcode> ended_;
};

CurlTransport::Transfer::Transfer(Impl& transport, const HttpRequest& request)
    : transport_(transport), request_(request), header_list_(header_list(request)) {
  if (transport_.idle.empty()) {
    easy_ = curl_easy_init();
    if (easy_ == nullptr) throw std::bad_alloc();
  } else {
    easy_ = transport_.idle.back();
    transport_.idle.pop_back();
  }
  try {
    configure();
    const CURLMcode code = curl_multi_add_handle(transport_.multi, easy_);
    if (code != CURLM_OK) throw Error(ErrorKind::internal, curl_multi_strerror(code));
  } catch (...) {
    curl_easy_cleanup(easy_);
    throw;
  }
}

CurlTransport::Transfer::~Transfer() {
  curl_multi_remove_handle(transport_.multi, easy_);
  curl_easy_reset(easy_);
  transport_.idle.push_back(easy_);
}

void CurlTransport::Transfer::configure() {
  set(easy_, CURLOPT_URL, request_.url.c_str());
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy_, CURLOPT_HTTP_VERSION, kHttpVersion);
  set(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy_, CURLOPT_ACCEPT_ENCODING, "");
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_USERAGENT, "defender-car/0.1");
  set(easy_, CURLOPT_HTTPHEADER, header_list_.get());
  set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // curl sends a request again by itself when a connection that it uses again ends before an
  // response.
  if (!request_.retry_unanswered) set(easy_, CURLOPT_FRESH_CONNECT, 1L);
  if (!transport_.ca_file.empty()) set(easy_, CURLOPT_CAINFO, transport_.ca_file.c_str());
  // What is allowed in the clear because it stays on this machine must not leave it by a proxy.
  if (is_loopback(request_.url)) set(easy_, CURLOPT_PROXY, "");

  const std::int64_t limit = std::max<std::int64_t>(request_.time_limit_ms, 1);
  set(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(limit));
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(limit, limits::kConnectMs)));

  set(easy_, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  set(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
  // Not curl's low-speed limit: that one counts the minutes too in which Defender works on a query.
  set(easy_, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  set(easy_, CURLOPT_XFERINFODATA, static_cast<void*>(this));
  set(easy_, CURLOPT_NOPROGRESS, 0L);
  set_method();
}

void CurlTransport::Transfer::set_method() {
  const std::string& method = request_.method;
  if (method == "HEAD") {
    set(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  // A POST, PUT or PATCH without a body still says so with a Content-Length of 0.
  if (!request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy_, CURLOPT_POSTFIELDS, request_.body.data());
  }
  set(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
}

std::size_t CurlTransport::Transfer::on_header(char* text, std::size_t, std::size_t size,
                                               void* transfer) {
  auto& self = *static_cast<Transfer*>(transfer);
  self.header_bytes_ += size;
  if (self.header_bytes_ > limits::kHeaders) {
    self.own_fault_ = "the headers of the answer are larger than 64 KiB";
    return 0;
  }
  try {
    self.add_header({text, size});
  } catch (...) {
    self.thrown_ = std::current_exception();
    return 0;
  }
  return size;
}

void CurlTransport::Transfer::add_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // the final response begins anew after a 1xx
    response_.headers.clear();
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  response_.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
}

std::size_t CurlTransport::Transfer::on_body(char* bytes, std::size_t, std::size_t size,
                                             void* transfer) {
  auto& self = *static_cast<Transfer*>(transfer);
  try {
    return self.add_body({bytes, size}) ? size : 0;
  } catch (...) {
    self.thrown_ = std::current_exception();
    return 0;
  }
}

bool CurlTransport::Transfer::add_body(std::string_view bytes) {
  if (static_cast<std::int64_t>(response_.body.size() + bytes.size()) > request_.max_body_bytes) {
    own_fault_ = "the answer is larger than the limit of " +
                 std::to_string(request_.max_body_bytes) + " bytes; the rest was not read";
    return false;
  }
  response_.body.append(bytes);
  return true;
}

int CurlTransport::Transfer::on_progress(void* transfer, curl_off_t, curl_off_t received,
                                         curl_off_t, curl_off_t) {
  auto& self = *static_cast<Transfer*>(transfer);
  self.watch_end();
  if (!self.is_stalled(received)) return 0;
  self.own_fault_lasts_ = false;
  self.own_fault_ = "the answer stalled after " + std::to_string(received) +
                    " bytes (under 1 KiB in " + std::to_string(self.transport_.stall_ms) + " ms)";
  return 1;
}

bool CurlTransport::Transfer::is_stalled(std::int64_t received) {
  if (received == 0) return false;
  const Clock::time_point now = Clock::now();
  if (stall_begin_ == Clock::time_point() || received - stall_received_ >= kStallBytes) {
    stall_begin_ = now;
    stall_received_ = received;
  }
  return now - stall_begin_ > std::chrono::milliseconds(transport_.stall_ms);
}

/// Called by curl once more after the last byte, while the connection is still there.
void CurlTransport::Transfer::watch_end() {
  curl_tlssessioninfo* session = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_TLS_SSL_PTR, &session);
  if (session == nullptr || session->backend != CURLSSLBACKEND_OPENSSL ||
      session->internals == nullptr)
    return;
  const int ends = SSL_get_shutdown(static_cast<const SSL*>(session->internals));
  end_announced_ = (ends & SSL_RECEIVED_SHUTDOWN) != 0;
}

/// A body without a length is whole when the connection ends. curl takes an end that TLS did not
/// announce for one: a connection that was cut off anywhere between.
bool CurlTransport::Transfer::is_cut_off() const {
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  return origin(request_.url).starts_with("https:") && version <= CURL_HTTP_VERSION_1_1 &&
         !end_announced_ && response_.body.size() > 0 && !response_.header("Content-Length") &&
         !response_.header("Transfer-Encoding");
}

HttpResponse CurlTransport::Transfer::fault(CURLcode code) const {
  HttpResponse response;
  std::string reason = own_fault_;
  // curl gathers a line of headers before it hands it on, and has this word for one that is too
  // long.
  if (reason.empty() && code == CURLE_OUT_OF_MEMORY)
    reason = "a header of the answer is larger than curl takes, or the memory is at its end";
  if (reason.empty()) reason = error_text_.data();
  if (reason.empty()) reason = curl_easy_strerror(code);
  const bool lasts = is_lasting(code) || speaks_other_protocol(code, reason);
  if (own_fault_.empty()) reason += advice(code, reason);
  response.transport_error = origin(request_.url) + ": " + reason;
  response.lasting_fault = own_fault_.empty() ? lasts : own_fault_lasts_;
  curl_off_t sent = 0;  // when it began to be; 0: no connection came about
  curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &sent);
  response.late = code == CURLE_OPERATION_TIMEDOUT && sent > 0;
  return response;
}

std::optional<HttpResponse> CurlTransport::Transfer::take() {
  if (!ended_) return std::nullopt;
  if (thrown_) std::rethrow_exception(thrown_);
  curl_off_t received = 0;
  curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &received);
  transport_.bytes_received += received;
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (*ended_ != CURLE_OK) return fault(*ended_);
  if (status == 0) return fault(CURLE_GOT_NOTHING);
  if (is_cut_off()) {
    own_fault_lasts_ = false;
    own_fault_ = "the connection was cut off within an answer of unknown length";
    return fault(CURLE_RECV_ERROR);
  }

  response_.status = static_cast<int>(status);
  read_clock(response_, system_now());
  return std::move(response_);
}

CurlTransport::CurlTransport(std::string ca_file, std::int64_t stall_ms)
    : impl_(std::make_unique<Impl>()) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  impl_->multi = initialised == CURLE_OK ? curl_multi_init() : nullptr;
  if (impl_->multi == nullptr) throw Error(ErrorKind::internal, "curl does not start");
  impl_->ca_file = std::move(ca_file);
  impl_->stall_ms = stall_ms;
}

CurlTransport::~CurlTransport() {
  for (CURL* easy : impl_->idle) curl_easy_cleanup(easy);
  curl_multi_cleanup(impl_->multi);
}

void CurlTransport::End::operator()(Transfer* transfer) const noexcept { delete transfer; }

CurlTransport::TransferPtr CurlTransport::start(const HttpRequest& request) {
  check_allowed(request);
  return TransferPtr(new Transfer(*impl_, request));
}

void CurlTransport::run(std::int64_t wait_ms) {
  const auto check = [](CURLMcode code) {
    if (code != CURLM_OK) throw Error(ErrorKind::internal, curl_multi_strerror(code));
  };
  int running = 0;
  check(curl_multi_perform(impl_->multi, &running));
  int queued = 0;
  CURLMsg* message = curl_multi_info_read(impl_->multi, &queued);
  if (message == nullptr) {
    check(curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(wait_ms), nullptr));
    check(curl_multi_perform(impl_->multi, &running));
    message = curl_multi_info_read(impl_->multi, &queued);
  }
  for (; message != nullptr; message = curl_multi_info_read(impl_->multi, &queued)) {
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->end(message->data.result);
  }
}

std::optional<HttpResponse> CurlTransport::take(Transfer& transfer) { return transfer.take(); }

std::int64_t CurlTransport::bytes_received() const noexcept { return impl_->bytes_received; }

}  // namespace defender_car
