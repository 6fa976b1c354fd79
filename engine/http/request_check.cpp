#include "http/request_check.h"

#include <algorithm>
#include <string_view>

namespace defender_car {
namespace {

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

}  // namespace

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

}  // namespace defender_car
