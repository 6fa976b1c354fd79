#pragma once
// What CAR holds of our source, read back page by page (POST /v3/query, GraphQL).
//
// CAR's GraphQL schema is not published. What is known: vertices have the fields of their import,
// edges are asked for as `asset_id`, `ipaddress_id` by the published connectors, and a field that
// is not there is refused by its name. So each collection is asked in the widest form, and what is
// refused is left out (attributes, `active`, the order) or asked by its other name (keys).
//
// Guarantees: memory holds one page; a list that repeats itself or does not end is an error, one
// that moved while it was read is said to have. Throws Error(car_recoverable).

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/body.h"
#include "car/car_client.h"
#include "car/responses.h"

namespace defender_car {

/// A string as GraphQL wants it, quotes included.
std::string graphql_text(std::string_view text);

/// A collection of CAR's with what is asked of it.
struct CarCollection {
  std::string name;
  std::string from;  ///< collections of an edge's ends; "" for a vertex
  std::string to;
  std::vector<std::vector<std::string>> keys;  ///< names of what identifies a row, best first
  std::vector<std::string> attributes;         ///< what is compared besides

  bool is_edge() const { return !from.empty(); }
};

/// Those that this program writes, in the order of an import.
std::vector<CarCollection> car_collections(IdentityModel model);

struct ReadbackRow {
  std::string key;  ///< of a vertex, or of an edge's first end, without a prefix
  std::string to;   ///< of an edge's second end
  bool active = true;
  std::string body;  ///< of a vertex: the asked attributes as JSON, null where CAR has none
};

/// One page; no rows where CAR refused the question.
struct ReadbackPage {
  std::vector<ReadbackRow> rows;
  std::int64_t records = 0;   ///< with those that cannot be used
  std::int64_t nameless = 0;  ///< without a key, or with one longer than any of ours
  std::string prefix;         ///< what stood before the first row's key
  std::string refusal;        ///< CAR's words; "" where it did not refuse
};

/// `keys` and `attributes` are the fields that were asked; "active" may be among the latter. Throws
/// UnreadableResponse.
ReadbackPage read_page(const Body& body, const CarCollection& collection,
                       const std::vector<std::string>& keys,
                       const std::vector<std::string>& attributes);

/// What there is to say of one collection once it was read.
struct ReadbackSummary {
  std::int64_t rows = 0;
  std::int64_t nameless = 0;
  bool moved = false;                 ///< rows came twice: the list changed while it was read
  std::vector<std::string> not_told;  ///< attributes that CAR does not know
};

/// Takes a page; returns how many of its rows were new to it.
using OnReadback = std::function<std::int64_t(std::span<const ReadbackRow>)>;

/// Reads one collection whole, or, where `assets` names some, these assets or their own edges.
ReadbackSummary read_back(CarClient& car, const CarCollection& collection,
                          const std::vector<std::string>& assets, const OnReadback& on_page);

}  // namespace defender_car
