// When to ask again, by what an answer says: Retry-After on the first line (seconds or a date),
// Date on the second one, the rest is the body (a wait in words).
#include <random>

#include "http/service_clock.h"
#include "target.h"

using namespace defender_car;

namespace {

std::string take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr EpochMs kNow = 1'772'323'200'000;
  std::string_view text = fuzz::input(data, size);
  HttpResponse response;
  response.status = 429;
  response.headers = {{"Retry-After", take_line(text)}, {"Date", take_line(text)}};
  if (response.headers[0].second.empty()) response.headers.erase(response.headers.begin());
  response.body = Body(std::string(text));
  read_clock(response, kNow);

  const RetryPolicy policy;
  std::mt19937_64 random(size);
  for (int tries = 1; tries <= policy.max_tries; ++tries) {
    const auto wait = policy.next_wait_ms(response, tries, kNow, random);
    if (!wait) continue;
    fuzz::promise(tries < policy.max_tries, "tries end");
    fuzz::promise(*wait > 0, "a wait is no hammering");
    fuzz::promise(*wait <= policy.longest_retry_after_ms, "a wait has its limit");
  }
  return 0;
}
