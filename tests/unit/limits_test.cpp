// What a hostile server can make this program do, over real HTTP: base/limits.h.

#include "base/limits.h"

#include <zlib.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "defender/defender_client.h"
#include "http/http_client.h"
#include "loopback_server.h"
#include "raw_server.h"

using namespace defender_car;
using namespace defender_car::test;

namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\n";
constexpr std::int64_t kMiB = 1 << 20;

HttpOptions patient_options() {
  HttpOptions options;
  options.retry.max_tries = 2;
  options.retry.first_wait_ms = 2;
  return options;
}

struct Client {
  explicit Client(HttpOptions options = patient_options()) : http(std::move(options), progress) {}

  HttpResponse get(const std::string& url, std::int64_t time_limit_ms = 30'000) {
    HttpRequest request;
    request.url = url;
    request.label = "test";
    request.max_body_bytes = kMiB;
    request.time_limit_ms = time_limit_ms;
    return http.send(request);
  }

  SilentProgress progress;
  HttpClient http;
};

/// 16 MiB of zeros as one piece of a gzip text that may come again and again.
struct Bomb {
  Bomb() {
    const std::string zeros(16 * kMiB, '\0');
    std::string packed(1 << 20, '\0');
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
    stream.avail_in = static_cast<uInt>(zeros.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    REQUIRE(deflate(&stream, Z_FULL_FLUSH) == Z_OK);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    piece = packed;
  }
  const std::string head{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10};
  std::string piece;
};

/// Login and Defender on one server; `answer` for what is not a login.
struct Tenant {
  explicit Tenant(std::string defender_answer, std::string token = "opaque")
      : server([=](const httplib::Request& request, httplib::Response& response) {
          const bool login = request.path.find("/oauth2/") != std::string::npos;
          json(response,
               login ? R"({"expires_in":3599,"access_token":")" + token + "\"}" : defender_answer);
        }),
        http(patient_options(), progress),
        client(http, settings(), HuntingApi::defender, {.row_cap = 10}) {}

  DefenderSettings settings() const {
    DefenderSettings settings;
    settings.tenant_id = "tenant";
    settings.client_id = "app";
    settings.client_secret = "hush-7731";
    settings.login_url = settings.defender_url = settings.graph_url = server.url();
    return settings;
  }

  struct Sink final : PageSink {
    void begin() override {}
    void record(std::span<const Field>) override { ++records; }
    void keep() override { ++kept; }
    void drop() override { ++dropped; }
    std::int64_t records = 0;
    int kept = 0;
    int dropped = 0;
  };

  /// The error of reading all machines.
  Error machines_error() {
    constexpr std::array<std::string_view, 2> keys{"id", "ipAddresses"};
    try {
      client.read_pages("machines", "", keys, sink);
    } catch (const Error& error) {
      return error;
    }
    FAIL("nothing was thrown");
    return {ErrorKind::internal, ""};
  }

  LoopbackServer server;
  SilentProgress progress;
  HttpClient http;
  DefenderClient client;
  Sink sink;
};

}  // namespace

TEST_CASE("A gzip bomb ends at the limit of a body", "[limits]") {
  const Bomb bomb;  // some kB that become 2 GiB
  REQUIRE(bomb.piece.size() < 64 * 1024);
  RawServer server([&](int socket) {
    say(socket, std::string(kOk) + "Content-Encoding: gzip\r\n\r\n" + bomb.head);
    for (int i = 0; i < 128 && say(socket, bomb.piece); ++i) continue;
  });
  Client client;
  const HttpResponse response = client.get(server.url());
  CHECK(response.status == 0);
  CHECK(response.tries == 1);
  CHECK_THAT(response.transport_error, Catch::Contains("larger than the limit of 1048576 bytes"));
  CHECK(client.http.bytes_received() < kMiB);
}

TEST_CASE("Layers of compression are not taken off without end", "[limits]") {
  std::string encodings = "gzip";
  for (int i = 0; i < 20; ++i) encodings += ", gzip";
  RawServer server(std::string(kOk) + "Content-Encoding: " + encodings + "\r\n\r\nx");
  CHECK(Client().get(server.url()).status == 0);
}

TEST_CASE("Headers end at their limit, in whatever form they come", "[limits]") {
  // Each would go on for 64 MB.
  const std::string line = "X-Filler: " + std::string(1000, 'y') + "\r\n";
  std::string head{kOk};
  std::string begin;
  std::string again;
  SECTION("many headers") {
    begin = kOk;
    again = line;
  }
  SECTION("one endless header") {
    begin = std::string(kOk) + "X-Filler: ";
    again = std::string(1000, 'y');
  }
  SECTION("an endless status line") {
    begin = "HTTP/1.1 200 ";
    again = std::string(1000, 'K');
  }
  SECTION("answers before the answer") { again = "HTTP/1.1 103 Early Hints\r\n" + line + "\r\n"; }
  SECTION("trailers behind the body") {
    begin = std::string(kOk) + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";
    again = line;
  }
  std::atomic<std::int64_t> sent = 0;
  RawServer server([&](int socket) {
    say(socket, begin);
    for (int i = 0; i < 64'000 && say(socket, again); ++i) {
      sent += static_cast<std::int64_t>(again.size());
    }
  });
  const HttpResponse response = Client().get(server.url());
  CHECK(response.status == 0);
  CHECK(response.tries == 1);
  CHECK_THAT(response.transport_error, Catch::Contains("header"));
  CHECK(sent < 32 * kMiB);  // what socket buffers take
}

TEST_CASE("A redirect is not followed, wherever it leads", "[limits]") {
  const int status = GENERATE(301, 302, 303, 307, 308);
  LoopbackServer server([&](const httplib::Request& request, httplib::Response& response) {
    response.status = status;
    response.set_header("Location", request.path == "/" ? "/there" : "file:///etc/passwd");
  });
  CHECK(Client().get(server.url() + "/").status == status);
  CHECK(server.targets == std::vector<std::string>{"GET /"});
}

TEST_CASE("A request has an end however little comes", "[limits]") {
  HttpOptions options = patient_options();
  options.retry.max_tries = 1;
  options.stall_ms = 100;
  const auto dripping = [](std::string head, std::string drop) {
    return [=](int socket) {
      say(socket, head);
      while (say(socket, drop)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    };
  };
  SECTION("headers that drip end with the time of the request") {
    RawServer server(dripping(std::string(kOk), "A: b\r\n"));
    CHECK(Client(options).get(server.url(), 400).status == 0);
  }
  SECTION("a body that drips is given up long before that") {
    RawServer server(dripping(std::string(kOk) + "Content-Length: 100000\r\n\r\n", "x"));
    const HttpResponse response = Client(options).get(server.url(), 60'000);
    CHECK_THAT(response.transport_error, Catch::Contains("stalled"));
  }
  SECTION("extensions of chunks are no body") {
    RawServer server(
        dripping(std::string(kOk) + "Transfer-Encoding: chunked\r\n\r\n1;", std::string(500, 'e')));
    CHECK(Client(options).get(server.url(), 400).status == 0);
  }
}

TEST_CASE("A nested value is kept up to the length of a string", "[limits]") {
  const auto with_list = [](std::size_t bytes) {
    std::string text = R"({"value":[{"id":"m1","ipAddresses":[)";
    for (std::size_t i = 0; i < bytes / 8; ++i) text += R"("12345",)";
    return Body(text + "1]}]}");
  };
  constexpr std::array<std::string_view, 1> keys{"ipAddresses"};
  std::size_t kept = 0;
  const auto keep = [&](std::span<const Field> fields) { kept = fields[0].text.size(); };
  read_list(with_list(limits::kText - 64), {"value", keys}, keep);
  CHECK(kept > limits::kText - 128);
  CHECK_THROWS_WITH(read_list(with_list(limits::kText), {"value", keys}, keep),
                    Catch::Contains("16 MiB"));
  // What nobody asked for costs nothing.
  CHECK_NOTHROW(read_list(with_list(limits::kText), {"value", {}}, [](auto) {}));
}

TEST_CASE("A nextLink has a length", "[limits]") {
  Tenant tenant(R"({"value":[{"id":"m1"}],"@odata.nextLink":"http://127.0.0.1/)" +
                std::string(9'000'000, 'x') + "\"}");
  const Error error = tenant.machines_error();
  CHECK(error.kind() == ErrorKind::bad_data);
  CHECK_THAT(error.what(), Catch::Contains("nextLink"));
  CHECK(tenant.sink.dropped == 1);
}

TEST_CASE("A token that no header can hold is the login's fault", "[limits]") {
  const std::string token = GENERATE(std::string(R"(a\r\nX-Evil: 1)"), std::string("a b"),
                                     std::string("\xc3\xa9"), std::string(limits::kToken + 1, 'x'));
  Tenant tenant(R"({"value":[]})", token);
  const Error error = tenant.machines_error();
  CHECK(error.kind() == ErrorKind::defender);
  CHECK_THAT(error.what(), Catch::Contains("HTTP 200 without a token"));
}

TEST_CASE("A hunting answer is staged up to the cap", "[limits]") {
  constexpr std::array<std::string_view, 1> columns{"DeviceId"};
  const std::string schema = R"({"Schema":[{"Name":"DeviceId","Type":"string"}],"Results":[)";
  std::string rows = "{}";
  for (int i = 1; i < 1000; ++i) rows += ",{}";
  Tenant tenant(schema + rows + "]}");
  const auto hunt = [&] {
    tenant.client.hunt(
        {"T", columns}, [](int, int) { return std::string("T"); }, tenant.sink);
  };
  CHECK_THROWS_AS(hunt(), Error);
  CHECK(tenant.sink.kept == 0);
  // One try a size of parts, the cap of 10 rows each: what is too large is not staged first.
  CHECK(tenant.sink.records == 10 * tenant.sink.dropped);
}

TEST_CASE("A hunting schema is read up to its limit", "[limits]") {
  constexpr std::array<std::string_view, 1> columns{"Last"};
  const auto answer = [](std::size_t others) {
    std::string text = R"({"Results":[],"Schema":[)";
    for (std::size_t i = 0; i < others; ++i) text += R"({"Name":"x"},)";
    return Body(text + R"({"Name":"Last"}]})");
  };
  const auto count = [&](std::size_t others) {
    return read_list(answer(others), {"results", columns}, [](auto) {}).schema_columns.size();
  };
  CHECK(count(limits::kColumns - 1) == limits::kColumns);
  CHECK(count(100'000) == limits::kColumns);
}
