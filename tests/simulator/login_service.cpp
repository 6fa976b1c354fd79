#include "login_service.h"

#include <algorithm>

#include "text.h"

namespace simulator {
namespace {

Reply login_error(int status, std::string_view error, int number, const std::string& text,
                  int64_t now_ms) {
  const std::string code = std::to_string(number);
  const std::string trace = make_guid(static_cast<uint64_t>(now_ms + number));
  const std::string correlation = make_guid(static_cast<uint64_t>(now_ms - number));
  std::string when = format_iso(now_ms, 0);
  when[10] = ' ';
  Reply reply{.status = status};
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "error", error);
  write_pair(json, "error_description",
             "AADSTS" + code + ": " + text + "\r\nTrace ID: " + trace +
                 "\r\nCorrelation ID: " + correlation + "\r\nTimestamp: " + when);
  write_key(json, "error_codes");
  json.StartArray();
  json.Int(number);
  json.EndArray();
  write_pair(json, "timestamp", when);
  write_pair(json, "trace_id", trace);
  write_pair(json, "correlation_id", correlation);
  write_pair(json, "error_uri", "https://login.microsoftonline.com/error?code=" + code);
  json.EndObject();
  return reply;
}

std::string claims(const std::string& audience, const std::string& tenant,
                   const std::string& client, const std::vector<std::string>& roles, TokenForm form,
                   int64_t issued_s, int64_t seconds) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "aud", audience);
  write_pair(json, "iss", "https://sts.windows.net/" + tenant + "/");
  write_pair(json, "appid", client);
  write_pair(json, "tid", tenant);
  for (const char* key : {"iat", "nbf"}) {
    write_key(json, key);
    json.Int64(issued_s);
  }
  write_key(json, "exp");
  json.Int64(issued_s + seconds);
  std::string names;
  for (const std::string& role : roles) names += (names.empty() ? "" : " ") + role;
  if (form == TokenForm::text) write_pair(json, "roles", names);
  if (form == TokenForm::list) {
    write_key(json, "roles");
    json.StartArray();
    for (const std::string& role : roles) write(json, role);
    json.EndArray();
  }
  json.EndObject();
  return out;
}

}  // namespace

Reply api_error(int status, std::string_view code, std::string_view message) {
  Reply reply{.status = status};
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_key(json, "error");
  json.StartObject();
  write_pair(json, "code", code);
  write_pair(json, "message", message);
  write_pair(json, "target", make_guid(stable_hash(message)));
  json.EndObject();
  json.EndObject();
  return reply;
}

Reply LoginService::answer(const Call& call, int64_t now_ms) {
  const std::vector<std::string> parts = split(call.path, '/');  // "", tenant, oauth2, v2.0, token
  if (parts.size() != 5 || parts[2] != "oauth2" || parts[3] != "v2.0" || parts[4] != "token")
    return api_error(404, "NotFound", "The resource cannot be found.");
  if (call.method != "POST")
    return login_error(400, "invalid_request", 900561,
                       "The endpoint only accepts POST requests. Received a GET request.", now_ms);
  if (decode_url(parts[1]) != options_.tenant_id)
    return login_error(400, "invalid_request", 90002,
                       "Tenant '" + decode_url(parts[1]) + "' not found.", now_ms);
  std::map<std::string, std::string> form = parse_query(call.body);
  for (const char* key : {"grant_type", "client_id", "scope"})
    if (form[key].empty())
      return login_error(
          400, "invalid_request", 900144,
          std::string("The request body must contain the following parameter: '") + key + "'.",
          now_ms);
  if (form["grant_type"] != "client_credentials")
    return login_error(400, "unsupported_grant_type", 70003,
                       "The app requested an unsupported grant type.", now_ms);
  if (form["client_id"] != options_.client_id)
    return login_error(
        400, "unauthorized_client", 700016,
        "Application with identifier '" + form["client_id"] + "' was not found in the directory.",
        now_ms);
  if (form["client_secret"].empty())
    return login_error(401, "invalid_client", 7000218,
                       "The request body must contain 'client_assertion' or 'client_secret'.",
                       now_ms);
  if (form["client_secret"] != options_.client_secret)
    return login_error(
        401, "invalid_client", 7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request "
        "is the client secret value, not the client secret ID.",
        now_ms);
  const std::string& scope = form["scope"];
  if (!scope.ends_with("/.default"))
    return login_error(400, "invalid_scope", 1002012,
                       "The provided value for scope " + scope + " is not valid.", now_ms);
  const std::string resource = scope.substr(0, scope.size() - 9);
  if (resource == options_.defender_resource)
    return grant(resource, options_.defender_roles, now_ms);
  if (resource == options_.graph_resource) return grant(resource, options_.graph_roles, now_ms);
  return login_error(400, "invalid_resource", 500011,
                     "The resource principal named " + resource + " was not found in the tenant.",
                     now_ms);
}

Reply LoginService::grant(const std::string& resource, const std::vector<std::string>& roles,
                          int64_t now_ms) {
  ++counter_;
  const std::string signature = encode_base64url("signature-" + make_guid(counter_));
  std::string token =
      encode_base64url(R"({"typ":"JWT","alg":"RS256","kid":"simulated"})") + "." +
      encode_base64url(claims(resource, options_.tenant_id, options_.client_id, roles,
                              options_.token_form, now_ms / 1000, options_.token_seconds)) +
      "." + signature;
  if (options_.token_form == TokenForm::opaque) token = signature;
  if (options_.token_form == TokenForm::encrypted) token += "." + signature + "." + signature;
  tokens_[token] = {resource, roles, now_ms + options_.token_seconds * 1000};
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "token_type", "Bearer");
  for (const char* key : {"expires_in", "ext_expires_in"}) {
    write_key(json, key);
    if (options_.expires_in_as_text)
      write(json, std::to_string(options_.token_seconds));
    else
      json.Int64(options_.token_seconds);
  }
  write_pair(json, "access_token", token);
  json.EndObject();
  return reply;
}

std::optional<Reply> LoginService::refuse(const Call& call, std::string_view audience,
                                          std::string_view role, int64_t now_ms) const {
  if (!call.authorization.starts_with("Bearer "))
    return api_error(401, "Unauthorized", "Authorization header is missing or malformed.");
  const auto at = tokens_.find(call.authorization.substr(7));
  if (at == tokens_.end() || at->second.expires_ms <= now_ms)
    return api_error(401, "Unauthorized", "Lifetime or signature validation of the token failed.");
  const Token& token = at->second;
  if (token.audience != audience)
    return api_error(403, "Forbidden",
                     "The application's token is for another audience: " + token.audience + ".");
  if (std::find(token.roles.begin(), token.roles.end(), role) != token.roles.end())
    return std::nullopt;
  std::string present;
  for (const std::string& held : token.roles) present += (present.empty() ? "" : ",") + held;
  return api_error(403, "Forbidden",
                   "Missing application roles. API required roles: " + std::string(role) +
                       ", application roles: " + present + ".");
}

}  // namespace simulator
