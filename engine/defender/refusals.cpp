#include "defender/refusals.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "json/records.h"

namespace defender_car {
namespace {

constexpr std::size_t kLargestParsed = 256 * 1024;

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

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

std::optional<Refusal> read_refusal(const HttpResponse& response) {
  static constexpr std::array<std::string_view, 2> kPaths{"error.code", "error.message"};
  if (response.body.size() > kLargestParsed) return std::nullopt;
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

// A tenant without the licence answers 401 to a good token: that is no failed login.
bool says_no_hunting(const HttpResponse& response) {
  constexpr std::array<std::string_view, 2> kLicence{"license", "account mode is inactive"};
  switch (response.status) {
    case 401:
      return has_one_of(words_of(response), kLicence);
    case 403:
    case 404:
    case 410:
      return read_refusal(response).has_value();
    default:
      return false;
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

}  // namespace defender_car
