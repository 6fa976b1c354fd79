// Plays login.microsoftonline.com: POST /{tenant}/oauth2/v2.0/token for the client-credentials
// grant. Remembers each token that it gave out, for the services that check them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message.h"

namespace simulator {

/// What a token tells of its roles.
enum class TokenForm {
  list,       // "roles": ["A", "B"]
  text,       // "roles": "A B"
  without,    // no such claim
  opaque,     // no JWT
  encrypted,  // five parts
};

struct LoginOptions {
  std::string tenant_id = "11111111-2222-3333-4444-555555555555";
  std::string client_id = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
  std::string client_secret = "simulated-secret";
  std::string defender_resource = "https://api.securitycenter.microsoft.com";
  std::string graph_resource = "https://graph.microsoft.com";
  std::vector<std::string> defender_roles{"Machine.Read.All", "Alert.Read.All", "User.Read.All",
                                          "AdvancedQuery.Read.All", "Vulnerability.Read.All"};
  std::vector<std::string> graph_roles{"ThreatHunting.Read.All"};
  int64_t token_seconds = 3599;
  bool expires_in_as_text = false;
  TokenForm token_form = TokenForm::list;
};

class LoginService {
 public:
  explicit LoginService(LoginOptions options) : options_(std::move(options)) {}

  Reply answer(const Call& call, int64_t now_ms);

  /// What a service answers instead, when the call's token does not do; nullopt: it does.
  std::optional<Reply> refuse(const Call& call, std::string_view audience, std::string_view role,
                              int64_t now_ms) const;
  void forget_tokens() { tokens_.clear(); }
  LoginOptions& options() { return options_; }

 private:
  struct Token {
    std::string audience;
    std::vector<std::string> roles;
    int64_t expires_ms = 0;
  };
  Reply grant(const std::string& resource, const std::vector<std::string>& roles, int64_t now_ms);

  LoginOptions options_;
  std::map<std::string, Token> tokens_;
  uint64_t counter_ = 0;
};

/// `{"error":{"code","message","target"}}`, as Defender and Graph refuse.
Reply api_error(int status, std::string_view code, std::string_view message);

}  // namespace simulator
