#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "http/http_client.h"

namespace defender_car {
namespace {

struct UrlParts {
  std::string scheme;
  std::string host;  ///< lower case, IPv6 without brackets
  int port = 0;
  bool is_ipv6 = false;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool parse_host(std::string_view host, UrlParts& parts) {
  if (parts.is_ipv6) {
    in6_addr address;
    parts.host = host;
    return ::inet_pton(AF_INET6, parts.host.c_str(), &address) == 1;
  }
  parts.host = host;
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character);
}

bool parse_port(std::string_view text, UrlParts& parts) {
  if (text.empty()) {
    parts.port = parts.scheme == "https" ? 443 : 80;
    return true;
  }
  text.remove_prefix(1);  // the colon
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts.port);
  return error == std::errc() && end == text.data() + text.size() && parts.port > 0 &&
         parts.port <= 65535;
}

/// Narrower than what curl takes, on purpose: no user name, no escapes, nothing that two parsers
/// could read in two ways, since whether plain http is allowed hangs on the host.
std::optional<UrlParts> parse_url(std::string_view url) {
  const bool clean =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c != 0x7F; });
  const std::size_t colon = url.find("://");
  if (!clean || colon == std::string_view::npos) return std::nullopt;
  UrlParts parts;
  parts.scheme = lower(url.substr(0, colon));
  if (parts.scheme != "http" && parts.scheme != "https") return std::nullopt;

  url.remove_prefix(colon + 3);
  const std::string authority = lower(url.substr(0, url.find_first_of("/?#")));
  std::string_view rest = authority;
  std::string_view host;
  if (rest.starts_with('[')) {
    parts.is_ipv6 = true;
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    host = rest.substr(1, bracket - 1);
    rest.remove_prefix(bracket + 1);
  } else {
    host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(host.size());
  }
  if (!rest.empty() && rest[0] != ':') return std::nullopt;
  if (!parse_host(host, parts) || !parse_port(rest, parts)) return std::nullopt;
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
  if (parts->is_ipv6) {
    in6_addr address;
    return ::inet_pton(AF_INET6, parts->host.c_str(), &address) == 1 &&
           IN6_IS_ADDR_LOOPBACK(&address);
  }
  in_addr address;
  if (::inet_pton(AF_INET, parts->host.c_str(), &address) == 1) {
    return ntohl(address.s_addr) >> 24 == 127;
  }
  return parts->host == "localhost";
}

std::string origin(std::string_view url) {
  const std::optional<UrlParts> parts = parse_url(url);
  if (!parts) return "";
  const std::string host = parts->is_ipv6 ? "[" + parts->host + "]" : parts->host;
  return parts->scheme + "://" + host + ":" + std::to_string(parts->port);
}

}  // namespace defender_car
