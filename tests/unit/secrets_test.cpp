#include "base/secrets.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "http/proxy.h"
#include "http/url.h"

using namespace defender_car;

namespace {

constexpr std::size_t kLong = 1000;

std::string with_between(std::string_view text, std::string_view mark) {
  std::string out;
  for (const char c : text) out.append(1, c).append(mark);
  return out;
}

/// Each byte by one escape of its own.
std::string escaped(std::string_view text, const char* format) {
  std::string out;
  for (const char c : text) {
    char escape[16];
    std::snprintf(escape, sizeof escape, format, static_cast<unsigned char>(c));
    out += escape;
  }
  return out;
}

}  // namespace

TEST_CASE("kept secrets and tokens are left out of foreign text in each form", "[base]") {
  keep_secret("hush/100%-of-it");
  const std::string basic = base64("hush/100%-of-it");
  CHECK(printable("a hush/100%-of-it b", 100) == "a *** b");
  CHECK(printable("Basic " + basic, 100).find(basic.substr(0, 12)) == std::string::npos);
  CHECK(printable("cut: hush/100%-of-it", 12) == "cut: ***");
  CHECK(printable("x eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJo.c2ln y", 100) == "x *** y");
  CHECK(printable("eyJ is no token", 100) == "eyJ is no token");
}

TEST_CASE("a secret of three letters hides nothing", "[base]") {
  keep_secret("car");
  CHECK(printable("the car", 100) == "the car");
}

TEST_CASE("what does not show hides no secret", "[base][secrets]") {
  const std::string secret = "hush/100%-of-it";
  keep_secret(secret);
  std::vector<std::string> marks = {std::string(1, '\0'), "\x1b[31m", "\xff", "\xc3",
                                    "\xe2\x80",           "\r\n",     "\t",   " ",
                                    "\xEF\xBF\xBD"};
  // Each character that is hidden or blank, and each mark that combines with the letter before it.
  for (std::uint32_t code = 0; code <= 0xE0FFF; ++code) {
    const bool combines = code >= 0x300 && code <= 0x36F;
    if (code != 0x1b && (is_hidden(code) || is_blank(code) || combines))
      marks.push_back(utf8_of(code));
  }
  CHECK(marks.size() > 4000);
  for (const std::string& mark : marks) {
    const std::string shown = printable("a " + with_between(secret, mark) + "b", kLong);
    if (shown.starts_with("a ***") && shown.size() < 10) continue;
    FAIL_CHECK("shown as '" << shown << "'");
  }
}

TEST_CASE("no escape hides a secret, nor two of them", "[base][secrets]") {
  const std::string secret = "hush \"100%\" /of <it> & more";
  keep_secret(secret);
  std::vector<std::string> forms = {
      secret,
      "HUSH \"100%\" /OF <IT> & MORE",
      "hush \\\"100%\\\" \\/of <it> & more",
      "hush &quot;100%&quot; /of &lt;it&gt; &amp; more",
      "hush+%22100%25%22+%2Fof+%3Cit%3E+%26+more",
      url_escape(secret),
      escaped(secret, "%%%02x"),
      escaped(secret, "\\u%04x"),
      escaped(secret, "\\u%04X"),
      escaped(secret, "&#%d;"),
      escaped(secret, "&#x%x;"),
      with_between(secret, "\\u200b"),
      with_between(secret, "%E2%80%8B"),
      with_between(secret, "&#8203;"),
      base64(secret),
      with_between(base64(secret), "\r\n"),
  };
  for (std::size_t at = 0, single = forms.size(); at < single; ++at) {
    forms.push_back(url_escape(forms[at]));
    forms.push_back(escaped(forms[at], "\\u%04x"));
  }
  for (const std::string& form : forms) {
    INFO(form);
    const std::string shown = printable("a " + form + " b", kLong);
    CHECK(shown.starts_with("a ***"));
    // Of base64 the last character may belong to what follows.
    CHECK(shown.size() < form.size() / 8 + 12);
  }
}

TEST_CASE("a secret is found in the middle of a longer base64 text", "[base][secrets]") {
  const std::string secret = "hush~~100%-of-it";  // has a + and a / in one place or the other
  keep_secret(secret);
  for (const std::string before : {"", "k", "ke", "key"}) {
    for (const std::string after : {"", ":", "::"}) {
      std::string encoded = base64(before + secret + after);
      const std::size_t middle = before.size() * 4 / 3 + 4;
      INFO(encoded);
      CHECK(printable(encoded, kLong).find(encoded.substr(middle, 8)) == std::string::npos);
    }
  }
}

TEST_CASE("an error's message holds no secret, whoever wrote it", "[base][secrets]") {
  keep_secret("hush/100%-of-it");
  const Error error(ErrorKind::usage,
                    "first h\xE2\x80\x8Bush/100%-of-it\n  second\x1b[2J\n\n third");
  CHECK(std::string(error.what()) == "first ***\n  second\n\nthird");
}

TEST_CASE("the words that forbid an excerpt are found through what does not show", "[base]") {
  CHECK(excerpt("pass\xE2\x80\x8Bword=x", kLong).starts_with("(not shown"));
  CHECK(excerpt("Autho\xC2\xADriza\xfftion: x", kLong).starts_with("(not shown"));
  CHECK(excerpt("all is well", kLong) == "all is well");
}

TEST_CASE("what stands in a proxy's URL beside host and port is secret", "[http][secrets]") {
  struct {
    const char* value;
    const char* secret;
  } const cases[] = {
      {"http://proxyuser1:proxypass1@px.example:3128", "proxypass1"},
      {"http://proxyuser1:proxypass1@px.example:3128", "proxyuser1"},
      {"proxyuser2:proxypass2@px.example:3128/", "proxypass2"},
      {"htp:://proxyuser3:proxypass3@px.example", "proxypass3"},
      {"socks5h://u:proxypass4@[::1]:1080", "proxypass4"},
      {"http://u:proxy%2Fpass5@px.example:3128", "proxy/pass5"},
      {"http://u:proxy%2Fpass6@px.example:3128", "proxy%2Fpass6"},
      {"http://u:proxy+pass7@px.example:3128", "proxy%2Bpass7"},
      {"http://u:proxy@pass8@px.example:3128", "pass8"},
      {"http://u:proxy/pass9@px.example:3128", "proxy/pass9"},
      {"http://u:31:28proxy#passA@px.example:3128", "28proxy"},
      {"http://u:proxy passB@px.example:3128", "proxy passB"},
      {"http://proxyuserC:proxypassC", "proxypassC"},
      {"px.example:3128:proxyuserD:proxypassD", "proxypassD"},
      {"http://u:proxypassE%40px.example:3128", "proxypassE"},
  };
  for (const auto& one : cases) {
    keep_proxy_secrets(one.value);
    INFO(one.value);
    const std::string secret = one.secret;
    CHECK(printable("Unsupported proxy '" + std::string(one.value) + "'", kLong).find(secret) ==
          std::string::npos);
    CHECK(printable("resolve: " + secret, kLong) == "resolve: ***");
  }
  for (const char* const plain :
       {"http://plainhost:8080", "plainhost", "plainhost:8080/", "https://[fe80::1]:8080"}) {
    keep_proxy_secrets(plain);
    CHECK(printable(plain, kLong) == plain);
  }
}
