#include "defender/responses.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "json/rapid_json.h"

namespace defender_car {
namespace {

std::string missing_columns(const HuntingTable& table, const ListResult& list) {
  std::string missing;
  for (const std::string_view column : table.columns.first(table.columns.size() - table.optional)) {
    const bool there =
        std::any_of(list.schema_columns.begin(), list.schema_columns.end(),
                    [&](const std::string& name) { return lower(name) == lower(column); });
    if (!there) missing += (missing.empty() ? "" : ", ") + std::string(column);
  }
  return missing;
}

/// Every number in `codes` ("[7000215]"), then those behind "AADSTS" in the description.
std::vector<int> aadsts_numbers(const std::string& codes, const std::string& description) {
  std::vector<int> numbers;
  const auto take_number = [&](const std::string& text, std::size_t begin) {
    int number = 0;
    const char* first = text.data() + begin;
    const auto result = std::from_chars(first, text.data() + text.size(), number);
    if (result.ec == std::errc()) numbers.push_back(number);
  };
  constexpr std::string_view kDigits = "0123456789";
  for (std::size_t at = codes.find_first_of(kDigits); at != std::string::npos;) {
    take_number(codes, at);
    at = codes.find_first_of(kDigits, codes.find_first_not_of(kDigits, at));
  }
  constexpr std::string_view kPrefix = "AADSTS";
  for (std::size_t at = description.find(kPrefix); at != std::string::npos;
       at = description.find(kPrefix, at + 1)) {
    take_number(description, at + kPrefix.size());
  }
  return numbers;
}

std::optional<std::int64_t> whole_seconds(const Field& field) {
  if (field.type == Field::Type::integer) return field.integer;
  if (field.type == Field::Type::real && field.real >= 0 && field.real < 1e9) {
    return static_cast<std::int64_t>(field.real);
  }
  std::int64_t number = 0;
  if (field.type == Field::Type::text &&
      std::from_chars(field.text.data(), field.text.data() + field.text.size(), number).ec ==
          std::errc()) {
    return number;
  }
  return std::nullopt;
}

/// A token's alphabet (RFC 6750 says less than that): anything else would break out of its header.
bool fits_header(std::string_view token) {
  return !token.empty() && token.size() <= limits::kToken &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

/// Nothing for text that is no base64url.
std::optional<std::string> base64url_decode(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFF;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return bytes;
}

constexpr std::size_t kErrorShown = 500;

/// "PartialError: a shard did not answer"; of an error that has neither code nor message its text.
std::string error_text(const Field& error) {
  std::string text = error.text;
  if (error.type == Field::Type::json && text.starts_with('{')) {
    constexpr std::array<std::string_view, 2> kPaths{"code", "message"};
    const std::vector<Field> said = read_object(Body(text), kPaths);
    if (!said[0].text.empty() || !said[1].text.empty())
      text =
          said[0].text + (said[0].text.empty() || said[1].text.empty() ? "" : ": ") + said[1].text;
  }
  text = printable(text, kErrorShown);
  return text.empty() ? "an error without words" : text;
}

/// For a response that has an error in place of its list.
std::string with_error(std::string text, const ListResult& list) {
  return list.error ? std::move(text) + ", but with an error: " + error_text(*list.error) : text;
}

constexpr std::size_t kLargestRefusal = 256 * 1024;  // bytes

/// The beginning of the body: Graph has a second, nested error with words of its own.
std::string words_of(const HttpResponse& response) { return lower(response.body.head(8192)); }

template <typename Words>
bool has_one_of(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

bool is_quote(char c) { return c == '\'' || c == '"' || c == '`'; }

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || is_quote(c);
}

/// Whether the text before a name is "… resolve table … named", with no other name between.
bool ends_in_no_table(std::string_view before) {
  const std::size_t resolve = before.rfind("resolve");
  if (resolve == std::string_view::npos) return false;
  const std::string_view between = before.substr(resolve);
  return between.find("table") != std::string_view::npos &&
         std::none_of(between.begin(), between.end(), is_quote);
}

}  // namespace

void add(ReadResult& sum, const ListResult& list) {
  sum.records += list.records;
  sum.not_understood += list.not_objects + (list.error ? 1 : 0);
  if (list.error && sum.error.empty()) sum.error = error_text(*list.error);
}

void add(ReadResult& sum, const ReadResult& part) {
  sum.records += part.records;
  sum.not_understood += part.not_understood;
  if (sum.error.empty()) sum.error = part.error;
}

std::string ReadResult::not_understood_text() const {
  if (not_understood == 0) return "";
  return error.empty() ? "an element of its list is no record"
                       : "an error stands beside its records: " + error;
}

ListResult read_values(const Body& body, std::span<const std::string_view> keys,
                       const OnRecord& on_record) {
  ListResult list = read_list(body, {"value", keys}, on_record);
  if (!list.found) throw Error(ErrorKind::bad_data, with_error("HTTP 200 without a list", list));
  if (list.odd_link) throw Error(ErrorKind::bad_data, "its nextLink is no text");
  if (list.next_link && list.next_link->size() > limits::kLink) {
    throw Error(ErrorKind::bad_data,
                "its nextLink is longer than " + std::to_string(limits::kLink) + " characters");
  }
  return list;
}

HuntingResponse read_hunting(const Body& body, const HuntingTable& table, std::int64_t row_cap,
                             const OnRecord& on_record) {
  std::int64_t rows = 0;
  ListResult list = read_list(body, {"results", table.columns}, [&](std::span<const Field> fields) {
    if (++rows <= row_cap) on_record(fields);
  });
  if (!list.found) throw Error(ErrorKind::bad_data, with_error("HTTP 200 without results", list));
  if (list.odd_link || (list.next_link && !list.next_link->empty()))
    throw Error(ErrorKind::bad_data, "hunting knows no pages, but a nextLink leads on");
  const std::string missing = missing_columns(table, list);
  if (!list.has_schema || !missing.empty()) {
    throw Error(ErrorKind::bad_data,
                "an answer whose schema lacks the asked columns is no answer; missing: " + missing);
  }
  const bool whole = list.records + list.not_objects < row_cap;
  return {.list = std::move(list), .whole = whole};
}

std::optional<Refusal> read_refusal(const HttpResponse& response) {
  static constexpr std::array<std::string_view, 2> kPaths{"error.code", "error.message"};
  if (response.body.size() > kLargestRefusal) return std::nullopt;
  try {
    std::vector<Field> fields = read_object(response.body, kPaths);
    if (fields[0].type != Field::Type::text || fields[0].text.empty()) return std::nullopt;
    return Refusal{std::move(fields[0].text), std::move(fields[1].text)};
  } catch (const Error&) {
    return std::nullopt;  // no JSON
  }
}

// NotFound and ResourceNotFound are documented; MachineNotFound and the like may come.
bool says_not_there(const HttpResponse& response) {
  if (response.status != 404) return false;
  const auto refusal = read_refusal(response);
  return refusal && lower(refusal->code).ends_with("notfound");
}

bool says_refused_for_good(const HttpResponse& response) {
  const int status = response.status;
  return (status == 403 || status == 404 || status == 410) && read_refusal(response);
}

// A tenant without the licence gets 401 for a good token: that is no failed login.
bool says_no_hunting(const HttpResponse& response) {
  constexpr std::array<std::string_view, 2> kLicence{"license", "account mode is inactive"};
  switch (response.status) {
    case 401:
      return has_one_of(words_of(response), kLicence);
    default:
      return says_refused_for_good(response);
  }
}

bool says_no_table(const HttpResponse& response, std::string_view table) {
  if (response.status != 400) return false;
  const auto refusal = read_refusal(response);
  if (!refusal) return false;
  const std::string text = lower(refusal->message);
  const std::string name = lower(table);
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    std::string_view before = std::string_view(text).substr(0, at);
    std::string_view after = std::string_view(text).substr(at + name.size());
    const bool quoted = !before.empty() && is_quote(before.back());
    if (quoted) before.remove_suffix(1);
    if (quoted && !after.empty() && is_quote(after.front())) after.remove_prefix(1);
    if ((!before.empty() && is_name(before.back())) || (!after.empty() && is_name(after.front())))
      continue;  // a part of a longer name
    if (ends_in_no_table(before) || after.starts_with(" does not refer to any known table"))
      return true;
  }
  return false;
}

bool says_too_heavy(const HttpResponse& response) {
  constexpr std::array<std::string_view, 11> kHeavy{
      "result size", "result set", "result_set", "preempted", "pre-empted",    "memory",
      "cpu",         "runaway",    "timeout",    "timed out", "allowed limits"};
  constexpr std::array<std::string_view, 4> kWrong{"semantic", "syntax", "resolve", "quota"};
  const int status = response.status;
  if (response.late || status == 408 || status == 504) return true;
  if (status != 400 && status < 500) return false;
  const std::string text = words_of(response);
  return has_one_of(text, kHeavy) && !has_one_of(text, kWrong);
}

std::optional<TokenResponse> read_token(const Body& body) {
  constexpr std::array<std::string_view, 2> kPaths{"access_token", "expires_in"};
  try {
    std::vector<Field> fields = read_object(body, kPaths);
    if (fields[0].type != Field::Type::text || !fits_header(fields[0].text)) return std::nullopt;
    auto roles = roles_of(fields[0].text);
    return TokenResponse{.token = std::move(fields[0].text),
                         .life_seconds = whole_seconds(fields[1]),
                         .roles = std::move(roles)};
  } catch (const Error&) {
    return std::nullopt;  // a proxy's page
  }
}

std::optional<std::set<std::string>> roles_of(std::string_view token) {
  // An encrypted token has five parts, and none of them is the claims.
  if (std::count(token.begin(), token.end(), '.') != 2) return std::nullopt;
  const std::size_t first_dot = token.find('.');
  const std::size_t second_dot = token.find('.', first_dot + 1);
  const auto payload = base64url_decode(token.substr(first_dot + 1, second_dot - first_dot - 1));
  if (!payload) return std::nullopt;

  json::Document claims;
  claims.Parse<rapidjson::kParseIterativeFlag>(payload->data(), payload->size());
  if (claims.HasParseError() || !claims.IsObject() || !claims.HasMember("roles"))
    return std::nullopt;
  const auto& roles = claims["roles"];
  std::set<std::string> names;
  if (roles.IsString()) {
    std::istringstream words(std::string(json::view_of(roles)));
    for (std::string name; words >> name;) names.insert(name);
    return names;
  }
  if (!roles.IsArray()) return std::nullopt;
  for (const auto& role : roles.GetArray()) {
    if (role.IsString()) names.emplace(json::view_of(role));
  }
  return names;
}

LoginRefusal read_login_refusal(const Body& body) {
  constexpr std::array<std::string_view, 5> kPaths{"error", "error_description", "error_codes",
                                                   "correlation_id", "trace_id"};
  try {
    std::vector<Field> fields = read_object(body, kPaths);
    return {.error = std::move(fields[0].text),
            .numbers = aadsts_numbers(fields[2].text, fields[1].text),
            .correlation_id = std::move(fields[3].text),
            .trace_id = std::move(fields[4].text)};
  } catch (const Error&) {
    return {};  // a proxy's page, or no body at all: the status speaks alone
  }
}

}  // namespace defender_car
