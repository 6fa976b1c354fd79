#pragma once
// One try of one request after the other, many side by side, over curl's multi interface.
// HttpClient's lower half: no retries, no pacing, no waiting but for sockets. Single-threaded; may
// be entered again from between its calls.

#include <cstdint>
#include <memory>
#include <string>

#include "http/http_client.h"

namespace defender_car {

class CurlTransport {
 public:
  /// Options as in HttpOptions.
  CurlTransport(std::string ca_file, std::int64_t stall_ms);
  ~CurlTransport();
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  /// A request under way. Its end, at whatever time, ends the request; it must not outlive its
  /// transport, nor the HttpRequest it.
  class Transfer;
  struct End {
    void operator()(Transfer* transfer) const noexcept;
  };
  using TransferPtr = std::unique_ptr<Transfer, End>;

  /// Throws Error(usage) for a URL or header that is not allowed.
  TransferPtr start(const HttpRequest& request);

  /// Moves all transfers on; waits at most so long for something to happen.
  void run(std::int64_t wait_ms);

  /// The response, once, when the transfer has ended. Throws what went wrong on this side (disk
  /// full).
  std::optional<HttpResponse> take(Transfer& transfer);

  std::int64_t bytes_received() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace defender_car
