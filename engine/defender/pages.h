#pragma once
// What lists in pages have in common: where the next page is, and when to give up.

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "defender/defender_client.h"
#include "defender/responses.h"
#include "http/http_client.h"

namespace defender_car {

/// Where the next page is: by nextLink where the service gives one, else by $skip after a full
/// page.
class Pager {
 public:
  /// A list at `path` ("/api/machines"), stepped by $top and $skip.
  Pager(std::string base, std::string_view path, const std::string& filter,
        const DefenderLimits& limits);
  /// A list that begins at `url`, each of whose pages names the next one.
  Pager(std::string base, std::string url, std::size_t page_cap);

  const std::string& url() const noexcept { return url_; }
  std::size_t number() const noexcept { return visited_.size(); }
  bool first() const noexcept { return visited_.size() == 1; }

  /// Where the page after this one will be if this one is full as those before it were, and nothing
  /// leads elsewhere. Only after two full pages: most lists have one, and a page asked for in vain
  /// is a call.
  std::optional<std::string> ahead() const;

  /// False when that page was the last. `first_id` and `last_id` name its first and last record.
  bool advance(const ListResult& page, std::string first_id, std::string last_id);

 private:
  void go(std::string url);
  /// Also of short pages behind nextLinks: what should have stood there is missing.
  void refuse_repetition(std::string first_id, std::string last_id);
  [[noreturn]] void refuse_link(const std::string& link) const;
  [[noreturn]] void give_up(const std::string& why) const;

  std::string base_;
  std::string list_url_;        // without the number to skip
  std::int64_t page_size_ = 0;  // 0: not stepped
  std::size_t page_cap_;
  std::string url_;
  std::set<std::string> visited_;
  std::int64_t seen_ = 0;
  int full_in_a_row_ = 0;
  int empty_pages_ = 0;                                         // in a row
  std::set<std::pair<std::string, std::string>> seen_pages_{};  // by first and last id
};

/// read_values with the place in its error.
ListResult read_page(const HttpRequest& request, const HttpResponse& response,
                     std::span<const std::string_view> keys, const OnRecord& on_record);

HttpRequest get(std::string url, std::string label, std::int64_t max_body);

/// Runs `body` inside begin/keep of the sink. The page is dropped when it returns false or throws.
template <typename PageBody>
bool in_page(PageSink& sink, PageBody&& body) {
  sink.begin();
  bool whole = false;
  try {
    whole = body();
    if (whole) sink.keep();
  } catch (...) {
    sink.drop();
    throw;
  }
  if (!whole) sink.drop();
  return whole;
}

}  // namespace defender_car
