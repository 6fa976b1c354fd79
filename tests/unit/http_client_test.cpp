#include "http/http_client.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <ctime>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

// After Catch: httplib.h brings macros of its own.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <httplib.h>
#pragma GCC diagnostic pop

#include "base/cancel.h"
#include "raw_server.h"

using namespace defender_car;
using defender_car::test::RawServer;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t ms_since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
}

/// A real server on a port of its own.
class TestServer {
 public:
  TestServer() {
    server.new_task_queue = [] { return new httplib::ThreadPool(16); };
    int listener = -1;
    server.set_socket_options([&](int socket) { listener = socket; });
    port_ = server.bind_to_any_port("127.0.0.1");
    // httplib lets 5 connections wait; one more is dropped and comes back after a second.
    REQUIRE(::listen(listener, 64) == 0);
  }
  ~TestServer() {
    server.stop();
    if (thread_.joinable()) thread_.join();
  }
  void begin() {
    thread_ = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::sleep_for(1ms);
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  httplib::Server server;

 private:
  int port_ = 0;
  std::thread thread_;
};

struct RecordingProgress final : Progress {
  void report(std::string_view, std::int64_t, std::int64_t) override {}
  void waiting(std::string_view why, std::int64_t wait_ms) override {
    waits.emplace_back(why, wait_ms);
  }
  std::vector<std::pair<std::string, std::int64_t>> waits;
};

HttpOptions fast_options() {
  HttpOptions options;
  options.retry.first_wait_ms = 4;
  return options;
}

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  request.label = "test page";
  request.time_limit_ms = 5000;
  return request;
}

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::internal;
}

std::string http_date(std::time_t at) {
  char text[64];
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

}  // namespace

TEST_CASE("A request arrives as it was written and its answer comes back", "[http]") {
  TestServer server;
  httplib::Request seen;
  const auto note = [&](const httplib::Request& request, httplib::Response& response) {
    seen = request;
    response.set_header("X-Thing", "one");
    response.set_header("Date", "Tue, 24 Nov 2026 13:00:00 GMT");
    response.set_content("{}", "application/json");
  };
  server.server.Get("/x", note);
  server.server.Post("/x", note);
  server.server.Patch("/x", note);
  server.server.Delete("/x", note);
  server.begin();
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  for (const char* method : {"GET", "POST", "PATCH", "DELETE"}) {
    HttpRequest request = get(server.url("/x?a=b%2Fc"));
    request.method = method;
    request.headers = {
        {"Authorization", "Bearer t"}, {"Content-Type", "application/json"}, {"X-Empty", ""}};
    if (request.method == "POST") request.body = std::string("{\"\0\":1}", 8);
    const HttpResponse response = client.send(request);
    CHECK(response.status == 200);
    CHECK(response.tries == 1);
    CHECK(response.body.str() == "{}");
    CHECK(response.header("x-thing") == "one");
    CHECK_FALSE(response.header("absent"));
    CHECK(response.date == 1795525200000);
    CHECK(seen.method == method);
    CHECK(seen.body == request.body);
    CHECK(seen.get_param_value("a") == "b/c");
    CHECK(seen.get_header_value("Authorization") == "Bearer t");
    CHECK(seen.get_header_value("Content-Type") == "application/json");
    CHECK(seen.get_header_value("User-Agent") == "defender-car/0.1");
    CHECK_FALSE(seen.has_header("Expect"));
  }
  CHECK(client.requests_sent() == 4);
  CHECK(client.bytes_received() > 0);
}

TEST_CASE("Connections are used again", "[http]") {
  TestServer server;
  std::set<int> ports;
  server.server.Get("/", [&](const httplib::Request& request, httplib::Response&) {
    ports.insert(request.remote_port);
  });
  server.begin();
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  for (int i = 0; i < 4; ++i) client.send(get(server.url("/")));
  CHECK(ports.size() == 1);
}

TEST_CASE("Passing failures are sent again and each wait is told", "[http]") {
  TestServer server;
  std::atomic<int> calls = 0;
  server.server.Get("/later", [&](const httplib::Request&, httplib::Response& response) {
    response.status = ++calls < 3 ? 503 : 200;
  });
  server.server.Get("/never", [&](const httplib::Request&, httplib::Response& response) {
    response.status = 500;
  });
  server.server.Get(
      "/bad", [&](const httplib::Request&, httplib::Response& response) { response.status = 404; });
  server.begin();
  RecordingProgress progress;
  HttpClient client(fast_options(), progress);
  const HttpResponse later = client.send(get(server.url("/later")));
  CHECK(later.status == 200);
  CHECK(later.tries == 3);
  REQUIRE(progress.waits.size() == 2);
  CHECK_THAT(progress.waits[0].first, Catch::Contains("test page") && Catch::Contains("503"));
  const HttpResponse never = client.send(get(server.url("/never")));
  CHECK(never.status == 500);
  CHECK(never.tries == 5);
  CHECK(client.send(get(server.url("/bad"))).tries == 1);
  HttpRequest once = get(server.url("/never"));
  once.retry = false;
  CHECK(client.send(once).tries == 1);
}

TEST_CASE("Retries are counted over all requests", "[http]") {
  TestServer server;
  std::atomic<int> requests = 0;
  server.server.Get("/busy", [&](const httplib::Request&, httplib::Response& response) {
    ++requests;
    response.status = 429;
  });
  server.server.Get("/broken", [&](const httplib::Request&, httplib::Response& response) {
    ++requests;
    response.status = 503;
  });
  server.begin();
  SilentProgress progress;
  HttpOptions options;
  options.retry = {.max_tries = 4, .first_wait_ms = 1, .longest_wait_ms = 1};
  options.max_retries_in_all = 5;
  HttpClient http(options, progress);
  const auto tries = [&](const std::string& path) {
    requests = 0;
    HttpRequest request;
    request.url = server.url(path);
    http.send(request);
    return requests.load();
  };
  CHECK(tries("/broken") == 4);
  CHECK(tries("/broken") == 3);
  CHECK(tries("/broken") == 1);
  CHECK(tries("/busy") == 4);  // 429 is the service's pace
}

TEST_CASE("Retry-After is waited for on the wire", "[http]") {
  const bool as_date = GENERATE(false, true);
  TestServer server;
  std::vector<Clock::time_point> calls;
  server.server.Get("/", [&](const httplib::Request&, httplib::Response& response) {
    calls.push_back(Clock::now());
    if (calls.size() > 1) return;
    response.status = 429;
    // A server whose clock is a day behind: what counts is its own Date.
    const std::time_t now = std::time(nullptr) - 86'400;
    response.set_header("Date", http_date(now));
    response.set_header("Retry-After", as_date ? http_date(now + 1) : "1");
  });
  server.begin();
  RecordingProgress progress;
  HttpClient client(fast_options(), progress);
  CHECK(client.send(get(server.url("/"))).status == 200);
  REQUIRE(calls.size() == 2);
  const auto gap =
      std::chrono::duration_cast<std::chrono::milliseconds>(calls[1] - calls[0]).count();
  CHECK(gap >= (as_date ? 990 : 1000));
  CHECK(gap < 30'000);  // not until a day has passed, and not for ever
}

TEST_CASE("Every broken answer is a transport fault with host and reason", "[http]") {
  const auto check = [](const std::string& what, const RawServer& server) {
    INFO(what);
    SilentProgress progress;
    HttpOptions options = fast_options();
    options.retry.max_tries = 2;
    options.stall_ms = 150;
    HttpClient client(options, progress);
    HttpRequest request = get(server.url());
    request.headers = {{"Authorization", "Bearer hidden"}};
    request.time_limit_ms = 600;
    const HttpResponse response = client.send(request);
    INFO(response.transport_error);
    CHECK(response.status == 0);
    CHECK(response.tries == 2);
    CHECK(response.body.size() == 0);
    CHECK_THAT(response.transport_error, Catch::StartsWith("http://127.0.0.1:"));
    CHECK_THAT(response.transport_error, !Catch::Contains("hidden"));
    CHECK(response.transport_error.size() > 30);
    // It may still be busy with the first one when the second try has been given up.
    for (int i = 0; i < 2000 && server.connections < 2; ++i) std::this_thread::sleep_for(5ms);
    CHECK(server.connections == 2);
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const auto text = [&](const char* what, const std::string& bytes) {
    check(what, RawServer(bytes));
  };
  text("closed at once", "");
  text("garbage", "SSH-2.0-OpenSSH_9.2\r\n");
  text("cut in the head", "HTTP/1.1 200 O");
  text("body too short", ok + "Content-Length: 100\r\n\r\nshort");
  text("length is no number", ok + "Content-Length: many\r\n\r\nx");
  text("chunk cut", ok + "Transfer-Encoding: chunked\r\n\r\n64\r\nshort");
  text("chunk garbage", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nshort");
  text("no gzip", ok + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
  check("reset", RawServer([&](int socket) {
          const std::string head = ok + "Content-Length: 100\r\n\r\nx";
          static_cast<void>(::send(socket, head.data(), head.size(), MSG_NOSIGNAL));
          const linger hard{1, 0};
          ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }));
  check("silent", RawServer([](int) { std::this_thread::sleep_for(650ms); }));
  check("dripping", RawServer([&](int socket) {
          const std::string head = ok + "Content-Length: 1000\r\n\r\n";
          static_cast<void>(::send(socket, head.data(), head.size(), MSG_NOSIGNAL));
          for (int i = 0; i < 30; ++i) {
            if (::send(socket, "x", 1, MSG_NOSIGNAL) < 0) return;
            std::this_thread::sleep_for(20ms);
          }
        }));
}

TEST_CASE("A server that is not there is a transport fault", "[http]") {
  std::string url;
  {
    const RawServer gone("");
    url = gone.url();
  }
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  const HttpResponse response = client.send(get(url));
  CHECK(response.status == 0);
  CHECK(response.tries == 5);
  CHECK_THAT(describe(response), Catch::StartsWith("no answer: http://127.0.0.1"));
}

TEST_CASE("A body over the limit stops and is not asked for again", "[http]") {
  TestServer server;
  server.server.Get("/", [&](const httplib::Request&, httplib::Response& response) {
    response.set_content(std::string(5'000'000, 'x'), "text/plain");  // some kB when compressed
  });
  server.begin();
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  HttpRequest request = get(server.url("/"));
  request.max_body_bytes = 1'000'000;
  const HttpResponse response = client.send(request);
  CHECK(response.status == 0);
  CHECK(response.tries == 1);
  CHECK_THAT(response.transport_error, Catch::Contains("larger than the limit of 1000000 bytes"));
  request.max_body_bytes = 5'000'000;
  const HttpResponse whole = client.send(request);
  CHECK(whole.body.size() == 5'000'000);
  CHECK(whole.body.file() != nullptr);
  CHECK(client.bytes_received() < 1'000'000);
}

TEST_CASE("Headers over the limit stop", "[http]") {
  RawServer server("HTTP/1.1 200 OK\r\n" + [] {
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "X: " + std::string(1000, 'y') + "\r\n";
    return lines;
  }() + "\r\n");
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  const HttpResponse response = client.send(get(server.url()));
  CHECK(response.status == 0);
  CHECK_THAT(response.transport_error, Catch::Contains("64 KiB"));
}

TEST_CASE("Compressed answers are unpacked", "[http]") {
  const bool gzip = GENERATE(true, false);
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i) + "\n";
  std::string packed(text.size(), '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, gzip ? 31 : 15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  RawServer server(
      "HTTP/1.1 200 OK\r\nContent-Encoding: " + std::string(gzip ? "gzip" : "deflate") +
      "\r\nContent-Length: " + std::to_string(packed.size()) + "\r\n\r\n" + packed);
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  CHECK(client.send(get(server.url())).body.str() == text);
}

TEST_CASE("A redirect is an answer", "[http]") {
  TestServer server;
  std::atomic<bool> followed = false;
  server.server.Get("/", [&](const httplib::Request&, httplib::Response& response) {
    response.set_redirect("/there");
  });
  server.server.Get("/there",
                    [&](const httplib::Request&, httplib::Response&) { followed = true; });
  server.begin();
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  const HttpResponse response = client.send(get(server.url("/")));
  CHECK(response.status == 302);
  CHECK(response.header("Location") == "/there");
  CHECK_FALSE(followed);
}

TEST_CASE("What would leave this machine in the clear is refused", "[http]") {
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  for (const char* url :
       {"http://example.com/", "http://localhost.example.com/", "ftp://localhost/",
        "file:///etc/passwd", "http://u:pass@localhost/", "", "https://a b/"}) {
    INFO(url);
    CHECK(kind_of([&] { client.send(get(url)); }) == ErrorKind::usage);
  }
  CHECK_THROWS_WITH(client.send(get("http://example.com/")), Catch::Contains("use https://"));
  CHECK_THROWS_WITH(client.send(get("http://u:pass@localhost/")), !Catch::Contains("pass"));
  HttpRequest injected = get("http://127.0.0.1:9/");
  injected.headers = {{"Authorization", "x\r\nEvil: y"}};
  CHECK(kind_of([&] { client.send(injected); }) == ErrorKind::usage);
  CHECK(client.requests_sent() == 0);
}

TEST_CASE("Loopback goes past any proxy", "[http]") {
  TestServer server;
  server.server.Get("/", [](const httplib::Request&, httplib::Response&) {});
  server.begin();
  ::setenv("http_proxy", "http://127.0.0.1:9", 1);
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  CHECK(client.send(get(server.url("/"))).status == 200);
  ::unsetenv("http_proxy");
}

TEST_CASE("Requests go side by side up to the limit", "[http]") {
  TestServer server;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<bool> all_came = false;
  const int parallel = GENERATE(1, 4, 100);
  const int wanted = std::min(parallel, 8);
  server.server.Get("/", [&](const httplib::Request&, httplib::Response&) {
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    // Until as many are here as may be, and a moment longer, in which one too many would come.
    for (int i = 0; i < 2000 && inside < wanted && !all_came; ++i) std::this_thread::sleep_for(5ms);
    all_came = true;
    std::this_thread::sleep_for(50ms);
    --inside;
  });
  server.begin();
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  int given = 0;
  int answered = 0;
  client.send_all(
      [&]() -> std::optional<HttpRequest> {
        if (given == 16) return std::nullopt;
        ++given;
        return get(server.url("/"));
      },
      [&](const HttpRequest&, HttpResponse response) { answered += response.status == 200; },
      parallel);
  CHECK(answered == 16);
  CHECK(most == wanted);
}

TEST_CASE("Whoever has no request for now is asked again after each answer", "[http]") {
  TestServer server;
  server.server.Get("/", [](const httplib::Request&, httplib::Response&) {});
  server.begin();
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  int answered = 0;
  int given = 0;
  client.send_all(
      [&]() -> std::optional<HttpRequest> {
        if (given > answered || given == 5) return std::nullopt;
        ++given;
        return get(server.url("/"));
      },
      [&](const HttpRequest&, HttpResponse) { ++answered; }, 4);
  CHECK(answered == 5);
}

TEST_CASE("A request that waits for its next try holds no other", "[http]") {
  TestServer server;
  std::atomic<int> slow_calls = 0;
  server.server.Get("/slow", [&](const httplib::Request&, httplib::Response& response) {
    if (++slow_calls > 1) return;
    response.status = 503;
    response.set_header("Retry-After", "2");
  });
  server.server.Get("/fast", [](const httplib::Request&, httplib::Response&) {});
  server.begin();
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  std::vector<std::string> order;
  int given = 0;
  client.send_all(
      [&]() -> std::optional<HttpRequest> {
        if (given == 11) return std::nullopt;
        return get(server.url(given++ == 0 ? "/slow" : "/fast"));
      },
      [&](const HttpRequest& request, HttpResponse response) {
        CHECK(response.status == 200);
        order.push_back(request.url.substr(request.url.size() - 5));
      },
      1);
  REQUIRE(order.size() == 11);
  CHECK(order.back() == "/slow");
}

TEST_CASE("A callback may send and may throw", "[http]") {
  TestServer server;
  server.server.Get(
      "/", [](const httplib::Request&, httplib::Response&) { std::this_thread::sleep_for(10ms); });
  server.begin();
  SilentProgress progress;
  HttpClient client(fast_options(), progress);
  int given = 0;
  int inner = 0;
  const auto next = [&]() -> std::optional<HttpRequest> {
    if (given == 10) return std::nullopt;
    ++given;
    return get(server.url("/"));
  };
  client.send_all(
      next,
      [&](const HttpRequest&, HttpResponse) {
        inner += client.send(get(server.url("/"))).status == 200;
      },
      4);
  CHECK(inner == 10);
  given = 0;
  CHECK_THROWS_AS(
      client.send_all(
          next, [](const HttpRequest&, HttpResponse) { throw std::logic_error("mine"); }, 4),
      std::logic_error);
  CHECK(client.send(get(server.url("/"))).status == 200);
}

TEST_CASE("The rate limit holds in every window", "[http]") {
  TestServer server;
  std::mutex mutex;
  std::vector<Clock::time_point> calls;
  server.server.Get("/paced", [&](const httplib::Request&, httplib::Response&) {
    const std::lock_guard lock(mutex);
    calls.push_back(Clock::now());
  });
  server.server.Get("/free", [](const httplib::Request&, httplib::Response&) {});
  server.begin();
  RecordingProgress progress;
  HttpClient client(fast_options(), progress);
  client.limit_rate(server.url("/paced"), {.requests = 3, .seconds = 1});
  int given = 0;
  client.send_all(
      [&]() -> std::optional<HttpRequest> {
        if (given == 7) return std::nullopt;
        ++given;
        return get(server.url("/paced"));
      },
      [](const HttpRequest&, HttpResponse) {}, 8);
  REQUIRE(calls.size() == 7);
  for (std::size_t i = 3; i < calls.size(); ++i) CHECK(calls[i] - calls[i - 3] > 700ms);
  CHECK(calls[6] - calls[0] < 4000ms);
  CHECK_FALSE(progress.waits.empty());
  const auto begin = Clock::now();
  for (int i = 0; i < 10; ++i) client.send(get(server.url("/free")));
  client.limit_rate(server.url("/paced"), {});
  for (int i = 0; i < 10; ++i) client.send(get(server.url("/paced")));
  CHECK(ms_since(begin) < 2500);  // at that pace they would take three seconds
}

TEST_CASE("A signal ends a wait and the second one kills", "[http]") {
  TestServer server;
  server.server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.status = 503;
    response.set_header("Retry-After", "60");
  });
  server.begin();
  const auto begin = Clock::now();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {  // the flag of a signal never goes out: not in the process of the other tests
    install_cancel_signals();
    SilentProgress progress;
    HttpClient client(fast_options(), progress);
    std::thread([pid = ::getpid()] {
      std::this_thread::sleep_for(100ms);
      ::kill(pid, SIGTERM);
    }).detach();
    if (kind_of([&] { client.send(get(server.url("/"))); }) != ErrorKind::interrupted) ::_exit(1);
    install_cancel_signals();
    ::raise(SIGTERM);
    ::_exit(2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  CHECK(ms_since(begin) < 30'000);
}

TEST_CASE("Failures are described by the service's own words", "[http]") {
  const auto text = [](int status, const std::string& body, Headers headers = {}) {
    HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = Body(body);
    return describe(response);
  };
  CHECK(text(403, R"({"error":{"code":"Forbidden","message":"Missing roles","target":"7e1"}})") ==
        "HTTP 403: Forbidden: Missing roles (id 7e1)");
  CHECK(
      text(
          401,
          R"({"error":"invalid_client","error_description":"AADSTS7000215: wrong\r\nTrace","correlation_id":"c1"})") ==
      "HTTP 401: invalid_client: AADSTS7000215: wrong Trace (id c1)");
  CHECK(
      text(
          400,
          R"({"errors":[{"code":"data_mal_formed","message":"no key"},{"code":"x"}],"trace":"t9"})") ==
      "HTTP 400: data_mal_formed: no key (id t9)");
  CHECK(text(500, R"({"error":{"code":429,"message":"\u001b[31mred"}})", {{"Request-Id", "r"}}) ==
        "HTTP 500: 429: red (id r)");
  CHECK(text(502, "<html>\x1b]0;evil\x07 busy\n</html>") == "HTTP 502: <html> busy </html>");
  CHECK(text(204, "") == "HTTP 204");
  CHECK_THAT(text(500, R"({"access_token":"eyJ"})"), !Catch::Contains("eyJ"));
  CHECK(text(500, R"({"error":{"message":")" + std::string(5000, 'x') + R"(","target":"t"}})")
            .size() <= 310);
}

namespace {

/// Lets so many requests go after one wait each, then none.
class CountingGate final : public Gate {
 public:
  explicit CountingGate(int places) : places_(places) {}
  Verdict enter(const std::string&) override {
    if (places_ == 0) return {.wait_ms = 0, .why = "", .closed = "no place is left"};
    if (std::exchange(waits_, !waits_)) return {.wait_ms = 20, .why = "the gate is full"};
    --places_;
    return {};
  }
  std::string no_room(const std::string&, std::int64_t requests) override {
    return requests > places_ ? "no room" : "";
  }
  void close(const std::string& url, EpochMs until, const std::string& why) override {
    closed.push_back({url, until, why});
  }

  struct Closed {
    std::string url;
    EpochMs until;
    std::string why;
  };
  std::vector<Closed> closed;

 private:
  int places_;
  bool waits_ = true;
};

}  // namespace

TEST_CASE("A gate lets requests wait, counts each try and holds the rest back", "[http]") {
  TestServer server;
  std::atomic<int> asked = 0;
  server.server.Get("/x", [&](const httplib::Request&, httplib::Response& response) {
    response.status = ++asked == 1 ? 503 : 200;
  });
  server.begin();
  RecordingProgress progress;
  HttpClient client(fast_options(), progress);
  CHECK(client.no_room(server.url("/x"), 1'000'000) == "");
  CountingGate gate(3);
  client.set_gate(&gate);
  CHECK(client.no_room(server.url("/x"), 4) == "no room");
  int left = 5;
  int answered = 0;
  int held_back = 0;
  client.send_all(
      [&]() -> std::optional<HttpRequest> {
        return left-- > 0 ? std::optional(get(server.url("/x"))) : std::nullopt;
      },
      [&](const HttpRequest&, const HttpResponse& response) {
        if (response.status == 200) ++answered;
        if (response.not_sent == "no place is left" && response.status == 0) ++held_back;
      },
      2);
  CHECK(asked == 3);  // one of them failed and was sent again
  CHECK(answered == 2);
  CHECK(held_back == 3);
  CHECK(std::any_of(progress.waits.begin(), progress.waits.end(), [](const auto& wait) {
    return wait == std::pair<std::string, std::int64_t>("test page: the gate is full", 20);
  }));
  client.set_gate(nullptr);
  CHECK(client.send(get(server.url("/x"))).status == 200);
}

TEST_CASE("A wait that is longer than a run waits is told to the gate and not waited for",
          "[http]") {
  const auto [header, body] = GENERATE(table<std::string, std::string>(
      {{"2053", ""}, {"", "You can send requests again in 2053 seconds."}, {"", "in 00:34:13"}}));
  TestServer server;
  std::atomic<int> asked = 0;
  server.server.Get("/x", [&, header = header, body = body](const auto&, auto& response) {
    ++asked;
    response.status = 429;
    if (!header.empty()) response.set_header("Retry-After", header);
    response.set_content(body, "text/plain");
  });
  server.begin();
  RecordingProgress progress;
  HttpClient client(fast_options(), progress);
  CountingGate gate(3);
  client.set_gate(&gate);
  const EpochMs before = system_now();
  const HttpResponse response = client.send(get(server.url("/x")));
  CHECK(asked == 1);
  REQUIRE(response.not_before);
  CHECK(*response.not_before - before >= 2'053'000);
  CHECK(*response.not_before - before < 2'063'000);
  REQUIRE(gate.closed.size() == 1);
  CHECK(gate.closed[0].url == server.url("/x"));
  CHECK(gate.closed[0].until == *response.not_before);
  CHECK_THAT(gate.closed[0].why, Catch::Contains("not to be asked again before 20"));
}

TEST_CASE("A request whose time was too short is sent again only where that is wanted", "[http]") {
  const int status = GENERATE(0, 408, 504);
  const bool late = status == 0 || GENERATE(true, false);
  const bool again = GENERATE(true, false);
  std::atomic<int> asked = 0;
  std::atomic<bool> ended = false;
  TestServer server;  // after what its handlers use: its end waits for them
  server.server.Get("/x", [&](const auto&, auto& response) {
    ++asked;
    for (int i = 0; status == 0 && !ended && i < 2'000; ++i) std::this_thread::sleep_for(5ms);
    response.status = status;
  });
  server.begin();
  RecordingProgress progress;
  HttpOptions options = fast_options();
  options.late_ms = late ? -1 : 60'000;
  HttpClient client(options, progress);
  HttpRequest request = get(server.url("/x"));
  request.time_limit_ms = status == 0 ? 300 : 10'000;
  request.retry_late = again;
  const HttpResponse response = client.send(request);
  ended = true;
  CHECK(response.status == status);
  CHECK(response.late == late);
  CHECK(asked == (again || !late ? fast_options().retry.max_tries : 1));
}
