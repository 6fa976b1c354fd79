// An answer that is no success, as messages show it: first byte the kind of status, then the body.
#include <array>

#include "defender/responses.h"
#include "http/http_client.h"
#include "target.h"

using namespace defender_car;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array kStatus = {400, 0, 403, 429, 500};
  constexpr std::size_t kLongest = 300 + sizeof "HTTP 400: ";
  std::string_view text = fuzz::input(data, size);
  HttpResponse response;
  response.status = kStatus[fuzz::choose(text, kStatus.size())];
  response.transport_error = text.substr(0, 1000);
  response.headers = {{"request-id", std::string(text.substr(text.size() / 2))}};
  response.body = Body(std::string(text));
  const std::string shown = describe(response);
  fuzz::promise(fuzz::is_printable(shown), "a message is printable");
  fuzz::promise(shown.size() <= kLongest, "a message is short");
  const bool heavy = says_too_heavy(response);
  const bool no_table = says_no_table(response, "DeviceTvmSoftwareVulnerabilities");
  fuzz::promise(!heavy || !no_table, "a wrong query is not divided");
  const bool own_form = read_refusal(response).has_value();
  fuzz::promise(own_form || !says_no_hunting(response), "a page decides nothing");
  fuzz::promise(!says_not_there(response), "only a 404 says that there is none");
  return 0;
}
