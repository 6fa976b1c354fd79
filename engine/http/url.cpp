#include "http/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>

#include "base/utf8.h"

namespace defender_car {
namespace {

struct UrlParts {
  std::string scheme;
  std::string host;  ///< lower case, IPv6 in brackets
  std::string port;
  std::string_view path;
};

struct FreeUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

/// "" for a part that is not there.
std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return "";
  const std::unique_ptr<char, decltype(&curl_free)> owner(text, &curl_free);
  return text;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/// `understood` is how libcurl reads what is written: a name decoded, an IPv6 address in its
/// shortest form and without a zone.
bool is_host(std::string_view written, const std::string& understood) {
  if (understood.starts_with('['))
    return written.starts_with('[') && written.ends_with(']') &&
           written.find('%') == std::string_view::npos;
  return written == lower(understood) &&
         std::all_of(written.begin(), written.end(), is_host_character);
}

/// Narrower than what libcurl takes, on purpose: nothing that two parsers could read in two ways,
/// since whether plain http is allowed, and where a token may go, hang on the host.
std::optional<UrlParts> parse_url(std::string_view url) {
  const bool ascii =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7F; });
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (!parsed) throw std::bad_alloc();
  if (!ascii || curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(),
                             CURLU_DISALLOW_USER) != CURLUE_OK)
    return std::nullopt;
  UrlParts parts{.scheme = lower(part(parsed.get(), CURLUPART_SCHEME)),
                 .host = {},
                 .port = part(parsed.get(), CURLUPART_PORT),
                 .path = {}};
  if ((parts.scheme != "http" && parts.scheme != "https") || parts.port == "0" ||
      url.find("://") != parts.scheme.size())
    return std::nullopt;

  url.remove_prefix(parts.scheme.size() + 3);
  const std::string authority = lower(url.substr(0, url.find_first_of("/?#")));
  const std::string port = parts.port.empty() ? "" : ":" + parts.port;
  if (!authority.ends_with(port)) return std::nullopt;
  parts.host = authority.substr(0, authority.size() - port.size());
  if (!is_host(parts.host, part(parsed.get(), CURLUPART_HOST))) return std::nullopt;
  if (parts.port.empty()) parts.port = parts.scheme == "https" ? "443" : "80";
  parts.path = url.substr(authority.size());
  parts.path = parts.path.substr(0, parts.path.find_first_of("?#"));
  return parts;
}

}  // namespace

std::string url_escape(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

bool is_loopback(std::string_view url) {
  const std::optional<UrlParts> parts = parse_url(url);
  if (!parts) return false;
  if (parts->host.starts_with('[')) {
    in6_addr address;
    const std::string text = parts->host.substr(1, parts->host.size() - 2);
    return ::inet_pton(AF_INET6, text.c_str(), &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
  }
  in_addr address;
  if (::inet_pton(AF_INET, parts->host.c_str(), &address) == 1)
    return ntohl(address.s_addr) >> 24 == 127;
  return parts->host == "localhost";
}

std::string origin(std::string_view url) {
  const std::optional<UrlParts> parts = parse_url(url);
  return parts ? parts->scheme + "://" + parts->host + ":" + parts->port : "";
}

std::string_view path_of(std::string_view url) {
  const std::optional<UrlParts> parts = parse_url(url);
  return parts ? parts->path : std::string_view();
}

}  // namespace defender_car
