// The login's answer, good or refused, and the roles in a token.
#include <algorithm>

#include "defender/responses.h"
#include "target.h"

using namespace defender_car;

namespace {

void check_roles(std::string_view token) {
  const auto roles = roles_of(token);
  if (!roles) return;
  for (const std::string& role : *roles) {
    fuzz::promise(role.size() < token.size(), "a role stands in its token");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::input(data, size);
  const Body body{std::string(text)};
  if (const auto answer = read_token(body)) {
    fuzz::promise(std::all_of(answer->token.begin(), answer->token.end(),
                              [](char c) { return c > ' ' && c < 0x7F; }),
                  "a token fits into a header");
    fuzz::promise(answer->roles == roles_of(answer->token), "the roles are the token's");
  }
  const LoginRefusal refusal = read_login_refusal(body);
  for (const std::string* words : {&refusal.error, &refusal.correlation_id, &refusal.trace_id}) {
    fuzz::promise(fuzz::is_utf8(*words), "what the login says is UTF-8");
  }
  check_roles(text);
  check_roles("e30." + std::string(text) + ".x");
  return 0;
}
