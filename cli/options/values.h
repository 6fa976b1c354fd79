#pragma once
// Option values from their text. Each throws Error(usage) with a message that says what is
// accepted, without the option's name: the caller knows that and where the value came from.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/http_client.h"
#include "run/settings.h"

namespace defender_car {

/// true/false, 1/0, yes/no, on/off in any case; nothing for any other text.
std::optional<bool> read_boolean(std::string_view text);

bool parse_boolean(std::string_view text);
std::int64_t parse_integer(std::string_view text, std::int64_t least, std::int64_t most);

/// "50", "10%", "2.5%": what is written counts, without the floor of the defaults.
Limit parse_limit(std::string_view text);

/// "2h", "30m", "90s", "90": 0 is no deadline.
std::chrono::seconds parse_duration(std::string_view text);

/// "A, B C" -> "A", "B C": names that may hold blanks.
std::vector<std::string> parse_names(std::string_view text);

/// "A,B C" -> A, B, C.
std::vector<std::string> parse_list(std::string_view text);

/// "2G", "500M", "1073741824": powers of 1024.
std::int64_t parse_space(std::string_view text);

/// "100/60": requests within seconds.
RateLimit parse_rate(std::string_view text);

/// "0.5", "1": 0 to 1.
double parse_share(std::string_view text);

/// http(s) without credentials, query or fragment, plain http for loopback hosts only; trailing
/// slashes cut.
std::string parse_url(std::string_view text);

/// What CAR accepts as the key of a source.
std::string parse_source(std::string_view text);

/// A GUID or a domain name: it becomes part of the login service's path.
std::string parse_tenant(std::string_view text);

/// The place of `text` among `choices`, "auto|full|incremental" as the option table names them.
std::size_t parse_choice(std::string_view text, std::string_view choices);

}  // namespace defender_car
