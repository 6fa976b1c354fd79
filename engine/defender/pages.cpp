#include "defender/pages.h"

#include <algorithm>

#include "base/error.h"
#include "base/printable.h"
#include "defender/token.h"

namespace defender_car {
namespace {

// So many empty pages in a row are followed where each says that there are more. A list must not
// end at a gap, but the service has been seen to put a nextLink on every page, the last one
// included.
constexpr int kEmptyPages = 3;

/// Whether a link stays below the service's own URL: only there may the token go.
bool leads_here(std::string_view link, std::string_view base) {
  const bool odd =
      std::any_of(link.begin(), link.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; });
  const std::string_view authority =
      after_scheme(link).substr(0, after_scheme(link).find_first_of("/?#"));
  if (odd || authority.find_first_of("@\\") != std::string_view::npos) return false;
  const std::string prefix = std::string(path_of(base)) + "/";
  return !origin(link).empty() && origin(link) == origin(base) &&
         path_of(link).substr(0, prefix.size()) == prefix;
}

}  // namespace

Pager::Pager(std::string base, std::string_view resource, const std::string& filter,
             const DefenderLimits& limits)
    : base_(std::move(base)),
      list_url_(base_ + "/api/" + std::string(resource) + "?"),
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
    if (!leads_here(*page.next_link, base_))
      give_up("its nextLink leads to another place: " + *page.next_link);
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

void Pager::give_up(const std::string& why) const {
  throw Error(ErrorKind::defender, "page " + std::to_string(number()) + " of " + origin(base_) +
                                       std::string(path_of(list_url_)) + ": " +
                                       printable(why, 500) +
                                       ". The list is incomplete; the next run reads it again");
}

ListResult read_page(const HttpRequest& request, const HttpResponse& response,
                     std::span<const std::string_view> keys, const OnRecord& on_record) {
  try {
    return read_values(response.body, keys, on_record);
  } catch (const Error& error) {
    throw Error(error.kind(), request.label + " from " + origin(request.url) + ": " + error.what());
  }
}

HttpRequest get(std::string url, std::string label, std::int64_t max_body) {
  HttpRequest request;
  request.url = std::move(url);
  request.label = std::move(label);
  request.max_body_bytes = max_body;
  return request;
}

}  // namespace defender_car
