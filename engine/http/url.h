#pragma once
// URLs, read by libcurl's own parser, which is also the one that will connect.
//
// Guarantees: what is taken for a URL has the one meaning that is written there. Refused is what
// libcurl would decode, shorten or correct (%6c, 127.1, a port of 0443, one slash or three), a user
// name, a space, anything that is not ASCII, and every scheme but http and https. Does not resolve
// names, and does not resolve ".." in a path.

#include <string>
#include <string_view>

namespace defender_car {

/// Percent-encodes all but unreserved characters.
std::string url_escape(std::string_view text);

/// Whether the host of an http(s) URL is a loopback one: localhost, 127.0.0.0/8, [::1].
bool is_loopback(std::string_view url);

/// "https://host:port" of a URL, lower case; "" for what is no URL.
std::string origin(std::string_view url);

/// "/api/machines" of a URL, as written there and without its query, a part of `url`; "" where it
/// has none, or is no URL.
std::string_view path_of(std::string_view url);

}  // namespace defender_car
