#include "car/failures.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/printable.h"
#include "car/answers.h"

namespace defender_car {
namespace {

constexpr std::size_t kHead = 500;
constexpr std::array kRecoverable{0, 302, 400, 401, 403, 408, 429, 500, 502, 503, 504};

/// Origin and path: what may stand in a message. The query of a long page of ids says nothing to a
/// person.
std::string shown(const std::string& url) {
  const std::size_t host = url.find("://");
  const std::size_t path = url.find('/', host == std::string::npos ? 0 : host + 3);
  std::string text = origin(url);
  if (path != std::string::npos) text += url.substr(path, url.find('?', path) - path);
  return text;
}

std::string_view advice(int status) {
  switch (status) {
    case 0:
      return "No connection: check --car-url, the network, name resolution and --ca-file. The next "
             "run goes on from "
             "here";
    case 302:
      return "A redirect: something stands before CAR and asks for a login; check --car-url. The "
             "next run goes on "
             "from here";
    case 401:
      return "Check --car-key and --car-password-file, or --car-token-file. The next run goes on "
             "from here";
    case 403:
      return "The API key may not do this: give its owner the right to write to Connected Assets "
             "and Risk. The next "
             "run goes on from here";
    case 200:
      return "Something else answered in CAR's place: check --car-url and the proxy. The next run "
             "goes on from here";
    case 404:
      return "Check that --car-url ends in /api/car/v2. The next run is a full import";
    default:
      return std::find(kRecoverable.begin(), kRecoverable.end(), status) != kRecoverable.end()
                 ? "The next run goes on from here"
                 : "The next run is a full import";
  }
}

}  // namespace

std::string asked(const HttpRequest& request) {
  return "CAR, " + request.label + " (" + request.method + " " + shown(request.url) + "): ";
}

bool is_foreign_404(const HttpResponse& response) {
  return response.status == 404 && !read_own_error(response.body.str());
}

bool is_refusal(const HttpResponse& response) {
  const int status = response.status;
  const bool of_this_request = status >= 400 && status < 500 && status != 401 && status != 403 &&
                               status != 404 && status != 408 && status != 429;
  return of_this_request && read_own_error(response.body.str());
}

Error failure_of(const HttpRequest& request, const HttpResponse& response) {
  if (is_foreign_404(response)) {
    return Error(
        ErrorKind::car_recoverable,
        asked(request) + describe(response) +
            ". This is no answer of CAR's own: something else answered in its place. Check "
            "that --car-url ends in /api/car/v2, and the proxy. The next run goes on from "
            "here");
  }
  const bool page_in_its_place = response.status >= 200 && response.status < 300;
  const bool recoverable = page_in_its_place || std::find(kRecoverable.begin(), kRecoverable.end(),
                                                          response.status) != kRecoverable.end();
  return {recoverable ? ErrorKind::car_recoverable : ErrorKind::car_unrecoverable,
          asked(request) + describe(response) + ". " + std::string(advice(response.status))};
}

Error unreadable(const HttpRequest& request, const HttpResponse& response, const std::string& why) {
  return Error(ErrorKind::car_recoverable, asked(request) + "HTTP " +
                                               std::to_string(response.status) + ", but " + why +
                                               ": " + excerpt(response.body.head(kHead), 200) +
                                               ". Check --car-url; the next run goes on from here");
}

bool succeeded(const HttpResponse& response) {
  if (response.status < 200 || response.status >= 300) return false;
  // Pages begin with a byte order mark, or with an empty line, as often as not.
  const std::string head = response.body.head(kHead);
  const std::size_t begin = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return begin == std::string::npos || head[begin] != '<';
}

}  // namespace defender_car
