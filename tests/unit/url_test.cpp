#include "http/url.h"

#include <catch2/catch.hpp>

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

TEST_CASE("A URL that libcurl would read otherwise than it is written is none", "[url]") {
  for (const char* url : {"https:/h", "https:///h", "https://%6c/", "https://127.1",
                          "https://0x7f.1", "https://h:0443", "https://[fe80::1%25eth0]/",
                          "https://h\\@x/", "https://h\xC3\xB6.example/", "https://h/\xC3\xB6"}) {
    INFO(url);
    CHECK(origin(url).empty());
    CHECK(path_of(url).empty());
  }
  CHECK(origin("https://[0:0::1]") == "https://[0:0::1]:443");
}

TEST_CASE("The path is what is written without query and fragment", "[url]") {
  CHECK(path_of("https://h/api/machines?$top=1#x") == "/api/machines");
  CHECK(path_of("https://h:8443/a/../b/%2F/") == "/a/../b/%2F/");
  for (const char* url : {"https://h", "https://h?x=/y", "https://h#/y", "h/x", ""}) {
    INFO(url);
    CHECK(path_of(url).empty());
  }
}
