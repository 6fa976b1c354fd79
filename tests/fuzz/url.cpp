// A URL, as it may come by an option or a nextLink. The rule that stood here before libcurl's
// parser was asked is the reference: what is taken today, it took, and read in the same way.
#include "http/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "target.h"

using namespace defender_car;

namespace {

struct Reference {
  std::string origin;
  std::string_view path;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_ipv6(const std::string& host) {
  in6_addr address;
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::optional<Reference> reference(std::string_view url) {
  const bool clean =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c != 0x7F; });
  const std::size_t colon = url.find("://");
  if (!clean || colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = lower(url.substr(0, colon));
  if (scheme != "http" && scheme != "https") return std::nullopt;

  url.remove_prefix(colon + 3);
  const std::string authority = lower(url.substr(0, url.find_first_of("/?#")));
  std::string_view rest = authority;
  std::string host;
  if (rest.starts_with('[')) {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    host = rest.substr(1, bracket - 1);
    if (!is_ipv6(host)) return std::nullopt;
    host = "[" + host + "]";
  } else {
    host = rest.substr(0, rest.find(':'));
    if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_character))
      return std::nullopt;
  }
  rest.remove_prefix(host.size());
  int port = scheme == "https" ? 443 : 80;
  if (!rest.empty()) {
    if (rest[0] != ':') return std::nullopt;
    rest.remove_prefix(1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
    if (error != std::errc() || end != rest.data() + rest.size() || port <= 0 || port > 65535)
      return std::nullopt;
  }
  std::string_view path = url.substr(authority.size());
  path = path.substr(0, path.find_first_of("?#"));
  return Reference{scheme + "://" + host + ":" + std::to_string(port), path};
}

bool is_reference_loopback(const std::string& origin) {
  std::string host = origin.substr(origin.find("://") + 3);
  host.resize(host.rfind(':'));
  in_addr address;
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  if (!host.starts_with('[')) return host == "localhost";
  in6_addr long_address;
  host = host.substr(1, host.size() - 2);
  return ::inet_pton(AF_INET6, host.c_str(), &long_address) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&long_address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view url = fuzz::input(data, size);
  const std::string where = origin(url);
  if (where.empty()) {
    fuzz::promise(!is_loopback(url), "what is no URL leads nowhere");
    fuzz::promise(path_of(url).empty(), "what is no URL has no path");
    return 0;
  }
  const auto expected = reference(url);
  fuzz::promise(expected.has_value(), "libcurl's parser is no looser");
  fuzz::promise(expected->origin == where, "the origin is read in the same way");
  fuzz::promise(expected->path == path_of(url), "the path is read in the same way");
  fuzz::promise(is_reference_loopback(where) == is_loopback(url),
                "a loopback host is told in the same way");
  return 0;
}
