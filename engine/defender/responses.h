#pragma once
// What the responses of Defender, Graph and the login say: from status and body to values. Facts:
// docs/services/defender.md.
//
// Guarantees: no body crashes a function or is believed beyond what it states; what cannot be read
// is Error(bad_data) or, where noted, nothing. Sends nothing and does not decide what follows.

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "defender/defender_client.h"
#include "http/http_client.h"
#include "json/records.h"

namespace defender_car {

/// Adds what one list had.
void add(ReadResult& sum, const ListResult& list);
void add(ReadResult& sum, const ReadResult& part);

/// `{"value":[…]}`. Throws Error(bad_data) for a body that is no list, or whose nextLink is
/// longer than limits::kLink or no text.
ListResult read_values(const Body& body, std::span<const std::string_view> keys,
                       const OnRecord& on_record);

struct HuntingResponse {
  ListResult list;
  bool whole = false;  ///< below the cap: the service cuts there without a word
};

/// Either way's rows; none beyond `row_cap` is handed on. Throws Error(bad_data) for a
/// body without rows or whose schema lacks an asked column.
HuntingResponse read_hunting(const Body& body, const HuntingTable& table, std::int64_t row_cap,
                             const OnRecord& on_record);

struct Refusal {
  std::string code;
  std::string message;
};

/// `{"error":{"code":"…","message":"…"}}`. Nothing for another form: a proxy, a router or a gateway
/// answered in the service's place, and what it says tells nothing about the tenant.
std::optional<Refusal> read_refusal(const HttpResponse& response);

/// A 404 by which the service itself says that what was asked for does not exist.
bool says_not_there(const HttpResponse& response);

/// The service itself refuses what was asked for, and will the next time: 403, 404, 410.
bool says_refused_for_good(const HttpResponse& response);

/// A refusal of hunting as such, not of this query: it is not part of the licence, or a permission
/// is missing.
bool says_no_hunting(const HttpResponse& response);

/// The query names a table that this tenant does not have. (A column that a table does not have is
/// a wrong query.)
bool says_no_table(const HttpResponse& response, std::string_view table);

/// The query takes too much: rows, memory, CPU or time. Asked for less, the service may answer.
bool says_too_heavy(const HttpResponse& response);

struct TokenResponse {
  std::string token;
  std::optional<std::int64_t> life_seconds;
  std::optional<std::set<std::string>> roles;
};

/// Nothing where the body holds no token that could stand in a header: something else answered.
std::optional<TokenResponse> read_token(const Body& body);

/// The `roles` claim of a JWT, not verified: a list, or one text. Nothing for a token that does not
/// tell: opaque, encrypted, without that claim.
std::optional<std::set<std::string>> roles_of(std::string_view token);

/// An OAuth error; all empty where the body is none.
struct LoginRefusal {
  std::string error;
  std::vector<int> numbers;  ///< of its AADSTS codes
  std::string correlation_id;
  std::string trace_id;
};

LoginRefusal read_login_refusal(const Body& body);

}  // namespace defender_car
