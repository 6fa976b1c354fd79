#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "http/http_client.h"
#include "tls_server.h"

using namespace defender_car;
using defender_car::test::TlsServer;

namespace {

constexpr std::string_view kSmall = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

const Certificate& certificate() {
  static const Certificate made;
  return made;
}

HttpOptions options_for(const Certificate& trusted) {
  HttpOptions options;
  options.ca_file = trusted.file();
  options.retry.first_wait_ms = 4;
  return options;
}

HttpRequest get(const TlsServer& server) {
  HttpRequest request;
  request.url = server.url();
  request.label = "test page";
  request.time_limit_ms = 30'000;
  return request;
}

HttpResponse answer_of(const TlsServer& server, const Certificate& trusted = certificate()) {
  SilentProgress progress;
  HttpClient client(options_for(trusted), progress);
  return client.send(get(server));
}

/// Answers each request, on a connection that is kept.
void behave_well(TlsServer& self, SSL* tls) {
  while (!self.next_request(tls).empty()) TlsServer::say(tls, kSmall);
}

}  // namespace

TEST_CASE("HTTP/1.1 is the only protocol that is offered in TLS", "[http][tls]") {
  TlsServer server(certificate(), behave_well);
  CHECK(answer_of(server).status == 200);
  CHECK(server.offered == "\x08http/1.1");
}

TEST_CASE("A server that speaks HTTP/2 alone is named with what to do, and asked once",
          "[http][tls]") {
  const auto check = [](const TlsServer& server, int tries) {
    const HttpResponse response = answer_of(server);
    CHECK(response.status == 0);
    CHECK(response.tries == tries);
    CHECK_THAT(response.transport_error,
               Catch::StartsWith("https://127.0.0.1:") &&
                   Catch::EndsWith("the server was asked for HTTP/1.1, which is all that this "
                                   "program speaks: name a host or a proxy that speaks it"));
    CHECK(describe(response).size() < 300);  // whole: it is not cut off
  };
  TlsServer server(certificate(), behave_well);
  server.wants_http2 = true;
  check(server, 1);
  // One that does not ask what is offered, and begins with its SETTINGS.
  const TlsServer frames(certificate(), [](TlsServer& self, SSL* tls) {
    TlsServer::say(tls, std::string_view("\0\0\0\4\0\0\0\0\0\0\0\0\4\1\0\0\0\0", 18));
    self.next_request(tls);
    SSL_shutdown(tls);
  });
  check(frames, 5);
}

TEST_CASE("Connections in TLS are kept, and eight requests go side by side", "[http][tls]") {
  std::atomic<int> inside = 0;
  std::atomic<bool> all_came = false;
  TlsServer server(certificate(), [&](TlsServer& self, SSL* tls) {
    while (!self.next_request(tls).empty()) {
      // The first eight are answered when all of them are here.
      ++inside;
      for (int i = 0; i < 6000 && !all_came && inside < 8; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      all_came = true;
      --inside;
      TlsServer::say(tls, kSmall);
    }
  });
  SilentProgress progress;
  HttpClient client(options_for(certificate()), progress);
  int asked = 0;
  int answered = 0;
  client.send_all(
      [&]() -> std::optional<HttpRequest> {
        return asked++ < 64 ? std::optional(get(server)) : std::nullopt;
      },
      [&](const HttpRequest&, const HttpResponse& response) { answered += response.status == 200; },
      100);
  CHECK(answered == 64);
  CHECK(server.connections == 8);
}

TEST_CASE("A connection that ended while it was kept is opened again and is no failure",
          "[http][tls]") {
  std::atomic<int> resumed = 0;
  // Every connection has one answer; the second request on it finds it closed.
  TlsServer server(certificate(), [&](TlsServer& self, SSL* tls) {
    resumed += SSL_session_reused(tls);
    if (self.next_request(tls).empty()) return;
    TlsServer::say(tls, kSmall);
    self.next_request(tls);
  });
  SilentProgress progress;
  HttpClient client(options_for(certificate()), progress);
  for (int i = 0; i < 4; ++i) {
    const HttpResponse response = client.send(get(server));
    CHECK(response.status == 200);
    CHECK(response.tries == 1);
  }
  CHECK(resumed > 0);
}

TEST_CASE("What must not be sent twice is not, when a kept connection ends", "[http][tls]") {
  std::atomic<int> posts = 0;
  TlsServer server(certificate(), [&](TlsServer& self, SSL* tls) {
    while (true) {
      const std::string head = self.next_request(tls);
      if (head.starts_with("POST")) ++posts;
      if (!head.starts_with("GET")) return;
      TlsServer::say(tls, kSmall);
    }
  });
  SilentProgress progress;
  HttpClient client(options_for(certificate()), progress);
  CHECK(client.send(get(server)).status == 200);
  HttpRequest post = get(server);
  post.method = "POST";
  post.retry_unanswered = false;
  CHECK(client.send(post).status == 0);
  CHECK(posts == 1);
}

TEST_CASE("A body without a length is whole only when TLS says so", "[http][tls]") {
  const bool says_farewell = GENERATE(true, false);
  TlsServer server(certificate(), [&](TlsServer& self, SSL* tls) {
    self.next_request(tls);
    TlsServer::say(tls, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"value\":[]}");
    if (says_farewell) SSL_shutdown(tls);
  });
  const HttpResponse response = answer_of(server);
  INFO(response.transport_error);
  CHECK(response.status == (says_farewell ? 200 : 0));
  CHECK(response.tries == (says_farewell ? 1 : 5));
  CHECK(response.body.str() == (says_farewell ? "{\"value\":[]}" : ""));
}

TEST_CASE("A certificate that does not hold is named with what to do, and tried once",
          "[http][tls]") {
  const Certificate expired("IP:127.0.0.1", -1);
  const Certificate of_another_host("DNS:other.example");
  const auto check = [](const Certificate& shown, const Certificate& trusted, const char* reason) {
    const TlsServer server(shown, behave_well);
    const HttpResponse response = answer_of(server, trusted);
    CHECK(response.status == 0);
    CHECK(response.tries == 1);
    CHECK_THAT(response.transport_error,
               Catch::Contains(reason) && Catch::EndsWith("that the system or --ca-file trusts"));
    CHECK(describe(response).size() < 300);
  };
  check(expired, expired, "certificate has expired");
  check(of_another_host, of_another_host, "subject name");
  check(certificate(), of_another_host, "self-signed certificate");
}
