#include "http/proxy.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <string>

#include "base/secrets.h"
#include "http/url.h"

namespace defender_car {
namespace {

/// As curl knows them, and the upper case of one that it reads in lower case only.
constexpr const char* kVariables[] = {"https_proxy", "HTTPS_PROXY", "http_proxy",
                                      "HTTP_PROXY",  "all_proxy",   "ALL_PROXY"};

std::string without_percents(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned byte = 0;
    const bool escape = text[at] == '%' && text.size() - at > 2 &&
                        std::from_chars(text.data() + at + 1, text.data() + at + 3, byte, 16).ptr ==
                            text.data() + at + 3;
    out += escape ? static_cast<char>(byte) : text[at];
    if (escape) at += 2;
  }
  return out;
}

void keep_each_form(std::string_view text) {
  const std::string decoded = without_percents(text);
  for (const std::string& form : {std::string(text), decoded, url_escape(decoded)})
    keep_secret(form);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "host", "host:3128", "[::1]:3128/": nothing in it but what a message may name.
bool is_host_and_port(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  std::string_view port;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  const bool in_brackets = text.starts_with('[') && text.ends_with(']');
  return std::all_of(port.begin(), port.end(), is_digit) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ||
                  c == '_' || (in_brackets && (c == '[' || c == ']' || c == ':'));
         });
}

/// Its parts too: where curl takes another mark for the end of the password than was meant, it
/// takes a part of it for host or port, and names that.
void keep_parts(std::string_view text) {
  constexpr std::string_view kMarks = ":/@?#\\ ";
  while (!text.empty()) {
    const std::size_t end = std::min(text.size(), text.find_first_of(kMarks));
    keep_each_form(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

}  // namespace

void keep_proxy_secrets(std::string_view value) {
  const std::size_t scheme = value.find("://");
  std::string_view rest = scheme == std::string_view::npos ? value : value.substr(scheme + 3);
  if (is_host_and_port(rest)) return;
  keep_each_form(value);
  keep_each_form(rest);
  // Without an @ nobody can tell which part of it is what.
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) rest = rest.substr(0, at);
  keep_each_form(rest);
  keep_parts(rest);
  keep_parts(without_percents(rest));
  const std::size_t colon = rest.find(':');
  if (colon != std::string_view::npos) keep_each_form(rest.substr(colon + 1));
}

void keep_proxy_secrets() {
  for (const char* variable : kVariables) {
    if (const char* value = std::getenv(variable)) keep_proxy_secrets(value);
  }
}

}  // namespace defender_car
