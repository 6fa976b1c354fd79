#include "defender/pages.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/printable.h"
#include "defender/api.h"
#include "http/url.h"

namespace defender_car {
namespace {

// So many empty pages in a row are followed where each says that there are more. A list must not
// end at a gap, but the service has been seen to put a nextLink on every page, the last one
// included.
constexpr int kEmptyPages = 3;

/// Host names under which the clouds of defender_client.cpp serve Defender, the regional ones
/// included.
constexpr std::array<std::string_view, 5> kDefenderHosts{
    "security.microsoft.com", "securitycenter.microsoft.com", "securitycenter.windows.com",
    "security.microsoft.us", "securitycenter.microsoft.us"};

/// The option with which the link would lead to the service itself; "" where its host is not known
/// for one of Defender's: the token goes to whatever that option names.
std::string option_for(std::string_view link, std::string_view base) {
  std::string place = origin(link);
  if (place.empty() || place == origin(base)) return "";
  if (place.starts_with("https://") && place.ends_with(":443")) place.resize(place.size() - 4);
  const std::string_view host = std::string_view(place).substr(place.find("://") + 3);
  const bool known =
      place.starts_with("https://") &&
      std::any_of(kDefenderHosts.begin(), kDefenderHosts.end(),
                  [&](auto known_host) { return host.ends_with("." + std::string(known_host)); });
  if (!known && !(is_loopback(link) && is_loopback(base))) return "";
  return "--defender-url " + place;
}

/// Whether a link stays below the service's own URL: only there may the token go.
bool leads_here(std::string_view link, std::string_view base) {
  const std::string prefix = std::string(path_of(base)) + "/";
  return !origin(link).empty() && origin(link) == origin(base) && path_of(link).starts_with(prefix);
}

}  // namespace

Pager::Pager(std::string base, std::string_view path, const std::string& filter,
             const DefenderLimits& limits)
    : base_(std::move(base)),
      list_url_(base_ + std::string(path) + "?"),
      page_size_(limits.page_size),
      page_cap_(limits.page_cap) {
  if (!filter.empty()) list_url_ += "$filter=" + url_escape(filter) + "&";
  list_url_ += "$top=" + std::to_string(page_size_) + "&$skip=";
  url_ = list_url_ + "0";
  visited_.insert(url_);
}

Pager::Pager(std::string base, std::string url, std::size_t page_cap)
    : base_(std::move(base)), list_url_(std::move(url)), page_cap_(page_cap), url_(list_url_) {
  visited_.insert(url_);
}

std::optional<std::string> Pager::ahead() const {
  if (full_in_a_row_ < 2 || visited_.size() >= page_cap_) return std::nullopt;
  return list_url_ + std::to_string(seen_ + page_size_);
}

bool Pager::advance(const ListResult& page, std::string first_id, std::string last_id) {
  const std::int64_t elements = page.records + page.not_objects;
  seen_ += elements;
  const bool leads_on = page.next_link && !page.next_link->empty();
  empty_pages_ = elements == 0 ? empty_pages_ + 1 : 0;
  if (elements == 0 && (!leads_on || empty_pages_ > kEmptyPages)) return false;
  if (elements > 0) refuse_repetition(std::move(first_id), std::move(last_id));

  full_in_a_row_ = leads_on || elements != page_size_ ? 0 : full_in_a_row_ + 1;
  if (leads_on) {
    if (!leads_here(*page.next_link, base_)) refuse_link(*page.next_link);
    go(*page.next_link);
    return true;
  }
  if (page_size_ == 0 || elements < page_size_) return false;
  go(list_url_ + std::to_string(seen_));
  return true;
}

void Pager::go(std::string url) {
  if (visited_.size() >= page_cap_)
    give_up("it has more than " + std::to_string(page_cap_) + " pages");
  if (!visited_.insert(url).second) give_up("its nextLink goes round in a circle: " + url);
  url_ = std::move(url);
}

void Pager::refuse_repetition(std::string first_id, std::string last_id) {
  if (first_id.empty() || seen_pages_.emplace(std::move(first_id), std::move(last_id)).second)
    return;
  give_up("a page came that was there before, so what should have stood there is missing");
}

// Cut by itself, so that the advice is not.
void Pager::refuse_link(const std::string& link) const {
  const std::string option = option_for(link, base_);
  give_up(
      "its nextLink leads to another place and was not followed: " + printable(link, 250) +
      (option.empty() ? "" : ". If that host is the Defender of this tenant, name it: " + option));
}

void Pager::give_up(const std::string& why) const {
  throw Error(ErrorKind::defender, "page " + std::to_string(number()) + " of " + origin(base_) +
                                       std::string(path_of(list_url_)) + ": " +
                                       printable(why, 500) +
                                       ". The list is incomplete; the next run reads it again");
}

ListResult read_page(const HttpRequest& request, const HttpResponse& response,
                     std::span<const std::string_view> keys, const OnRecord& on_record) {
  return read_at(request, [&] { return read_values(response.body, keys, on_record); });
}

HttpRequest get(std::string url, std::string label, std::int64_t max_body) {
  HttpRequest request;
  request.url = std::move(url);
  request.label = std::move(label);
  request.max_body_bytes = max_body;
  return request;
}

}  // namespace defender_car
