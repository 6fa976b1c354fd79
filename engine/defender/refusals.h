#pragma once
// What a refusal of Defender or Graph means, by its status and its words. Facts:
// docs/services/defender.md.

#include <optional>
#include <string>
#include <string_view>

#include "http/http_client.h"

namespace defender_car {

struct Refusal {
  std::string code;
  std::string message;
};

/// `{"error":{"code":"…","message":"…"}}`. Nothing for another form: a proxy, a router or a gateway
/// answered in the service's place, and what it says tells nothing about the tenant.
std::optional<Refusal> read_refusal(const HttpResponse& response);

/// A 404 by which the service itself says that what was asked for does not exist.
bool says_not_there(const HttpResponse& response);

/// A refusal of hunting as such, not of this query: it is not part of the licence, or a permission
/// is missing.
bool says_no_hunting(const HttpResponse& response);

/// The query names a table that this tenant does not have. (A column that a table does not have is
/// a wrong query.)
bool says_no_table(const HttpResponse& response, std::string_view table);

/// The query takes too much: rows, memory, CPU or time. Asked for less, the service may answer.
bool says_too_heavy(const HttpResponse& response);

}  // namespace defender_car
