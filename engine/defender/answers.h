#pragma once
// What the answers of Defender, Graph and the login say: from a body to values, without any HTTP.
// Facts: docs/services/defender.md.

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "defender/defender_client.h"
#include "json/records.h"

namespace defender_car {

/// Adds what one answer held.
void add(ReadResult& sum, const ListResult& answer);
void add(ReadResult& sum, const ReadResult& part);

/// `{"value":[…]}`. Throws Error(bad_data) for an answer that is no list, or whose nextLink is
/// longer than limits::kLink or no text.
ListResult read_values(const Body& body, std::span<const std::string_view> keys,
                       const OnRecord& on_record);

struct HuntingAnswer {
  ListResult list;
  bool whole = false;  ///< below the cap: the service cuts there without a word
};

/// Either way's rows; none beyond `row_cap` is handed on. Throws Error(bad_data) for an answer
/// without rows or whose schema lacks an asked column.
HuntingAnswer read_hunting(const Body& body, const HuntingTable& table, std::int64_t row_cap,
                           const OnRecord& on_record);

struct TokenAnswer {
  std::string token;
  std::optional<std::int64_t> life_seconds;
  std::optional<std::set<std::string>> roles;
};

/// Nothing where the body holds no token that could stand in a header: something else answered.
std::optional<TokenAnswer> read_token(const Body& body);

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
