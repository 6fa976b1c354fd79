#include <catch2/catch.hpp>

#include "http/http_client.h"

using namespace defender_car;

TEST_CASE("All but unreserved characters are escaped", "[url]") {
  CHECK(url_escape("AZaz09-._~") == "AZaz09-._~");
  CHECK(url_escape("a b/c?d&e=f+g%") == "a%20b%2Fc%3Fd%26e%3Df%2Bg%25");
  CHECK(url_escape("é") == "%C3%A9");
  CHECK(url_escape(std::string_view("\0", 1)) == "%00");
}

TEST_CASE("Loopback hosts are told from look-alikes", "[url]") {
  for (const char* url : {"http://127.0.0.1", "http://127.255.3.4:8080/x", "http://localhost/",
                          "HTTP://LocalHost:1?x", "https://[::1]:8443/", "http://[0:0::1]"}) {
    INFO(url);
    CHECK(is_loopback(url));
  }
  for (const char* url : {"http://127.0.0.1.evil.example", "http://localhost.evil.example",
                          "http://localhost@evil.example", "http://127.0.0.1:80@evil.example/",
                          "http://evil.example/127.0.0.1", "http://evil.example#@localhost",
                          "http://evil.example\\@localhost", "http://128.0.0.1", "http://[::2]",
                          "http://127.1", "http://0.0.0.0", "ftp://localhost", "localhost",
                          "http://", "", "http://[::1", "http://[::1]x", "http://local host"}) {
    INFO(url);
    CHECK_FALSE(is_loopback(url));
  }
}

TEST_CASE("The origin names scheme host and port", "[url]") {
  CHECK(origin("https://API.Security.microsoft.com/api/machines?x=http://y") ==
        "https://api.security.microsoft.com:443");
  CHECK(origin("HTTP://localhost:80") == "http://localhost:80");
  CHECK(origin("https://[::1]:8443/x") == "https://[::1]:8443");
  for (const char* url : {"", "https://", "https:///x", "https://h:0", "https://h:65536",
                          "https://h:x", "https://h:", "https://u:p@h", "https://h:80:80",
                          "file:///etc/passwd", "https://h\n", "https://h /x"}) {
    INFO(url);
    CHECK(origin(url).empty());
  }
}
