// Against node's HTTP/2 server, which speaks TLS and prefers HTTP/2 as the real services do.
#include <curl/curl.h>
#include <stdio.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "certificate.h"
#include "http/http_client.h"

using namespace defender_car;
using namespace std::chrono_literals;

namespace {

/// http2_peer.js as a process of its own; it ends when its standard input does.
class Http2Peer {
 public:
  explicit Http2Peer(const std::string& versions) {
    const std::string command = std::string("exec node '") + PROJECT_ROOT +
                                "/tests/unit/http2_peer.js' " + certificate_.file() + " " +
                                certificate_.key() + " " + versions + " >" + output();
    process_ = ::popen(command.c_str(), "w");
    REQUIRE(process_ != nullptr);
    for (int i = 0; i < 6000 && port_.find('\n') == std::string::npos; ++i) {
      std::this_thread::sleep_for(5ms);
      std::ifstream stream(output());
      port_.assign(std::istreambuf_iterator<char>(stream), {});
    }
    REQUIRE(!port_.empty());
    port_.pop_back();
  }
  ~Http2Peer() { ::pclose(process_); }
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;

  /// Of an answer of so many bytes.
  std::string url(int bytes) const {
    return "https://127.0.0.1:" + port_ + "/" + std::to_string(bytes);
  }
  std::string ca_file() const { return certificate_.file(); }

 private:
  std::string output() const { return certificate_.file() + ".port"; }

  Certificate certificate_;
  FILE* process_ = nullptr;
  std::string port_;
};

HttpOptions options_for(const Http2Peer& peer) {
  HttpOptions options;
  options.ca_file = peer.ca_file();
  options.stall_ms = 2000;
  options.retry.max_tries = 1;
  return options;
}

HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  request.label = "test page";
  return request;
}

}  // namespace

TEST_CASE("A peer that prefers HTTP/2 is asked by HTTP/1.1, and no answer stalls", "[http][tls]") {
  const Http2Peer peer("both");
  SilentProgress progress;
  HttpClient client(options_for(peer), progress);
  std::set<std::string> versions;
  for (int round = 0; round < 20; ++round) {
    // Two large answers, and while they come small ones, each of which stops the loop for a while.
    std::vector<int> sizes(12, 100);
    sizes.insert(sizes.end(), {40'000 + round * 5000, 50'000 + round * 5000});
    const int asked = static_cast<int>(sizes.size());
    int whole = 0;
    std::string fault;
    client.send_all(
        [&]() -> std::optional<HttpRequest> {
          if (sizes.empty()) return std::nullopt;
          const int size = sizes.back();
          sizes.pop_back();
          return get(peer.url(size));
        },
        [&](const HttpRequest& request, const HttpResponse& response) {
          versions.insert(response.body.head(3));
          fault += response.transport_error;
          if (request.url == peer.url(static_cast<int>(response.body.size()))) ++whole;
          // As while an answer is parsed: the bytes of the other one come, and nobody calls curl.
          std::this_thread::sleep_for(3ms);
        },
        3);
    INFO("round " << round << ": " << fault);
    REQUIRE(whole == asked);
  }
  CHECK(versions == std::set<std::string>{"1.1"});
}

namespace {

struct FreeMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using Multi = std::unique_ptr<CURLM, FreeMulti>;
using Easy = std::unique_ptr<CURL, FreeEasy>;

std::size_t count_bytes(char*, std::size_t, std::size_t size, void* sum) {
  *static_cast<std::size_t*>(sum) += size;
  return size;
}

/// Two transfers by HTTP/2, with a pause after each call. False when nothing has come for so long
/// that nothing will.
bool round_ends(CURLM* multi, const Http2Peer& peer, int bytes) {
  const std::array urls{peer.url(bytes), peer.url(bytes + 7000)};
  const std::string ca_file = peer.ca_file();
  std::size_t received = 0;
  std::array<Easy, 2> transfers{Easy(curl_easy_init()), Easy(curl_easy_init())};
  for (std::size_t i = 0; i < 2; ++i) {
    const Easy& easy = transfers[i];
    curl_easy_setopt(easy.get(), CURLOPT_URL, urls[i].c_str());
    curl_easy_setopt(easy.get(), CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(easy.get(), CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &count_bytes);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &received);
    curl_multi_add_handle(multi, easy.get());
  }
  int running = 2;
  int polls_in_vain = 0;
  while (running > 0 && polls_in_vain < 5) {
    const std::size_t before = received;
    curl_multi_perform(multi, &running);
    std::this_thread::sleep_for(3ms);
    int ready = 0;
    curl_multi_poll(multi, nullptr, 0, 200, &ready);
    polls_in_vain = ready > 0 || received > before ? 0 : polls_in_vain + 1;
  }
  for (const Easy& easy : transfers) curl_multi_remove_handle(multi, easy.get());
  return running == 0;
}

}  // namespace

// Not run unless it is named, and no judgement: how many rounds stand still depends on the machine.
// A version of libcurl of which none ever does may be asked for HTTP/2 (kHttpVersion in
// curl_transport.cpp).
TEST_CASE("Whether this libcurl loses bytes of HTTP/2", "[.][http2-of-libcurl]") {
  const Http2Peer peer("only");
  const Multi multi(curl_multi_init());
  constexpr int kRounds = 40;
  int stood_still = 0;
  for (int round = 0; round < kRounds; ++round) {
    if (!round_ends(multi.get(), peer, 20'000 + round * 1000)) ++stood_still;
  }
  WARN(curl_version() << ": " << stood_still << " of " << kRounds << " rounds stood still");
}
