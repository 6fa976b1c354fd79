// GraphQL as far as reading a collection back needs it:
//   { asset(where:{source:{_eq:"S"}}, order_by:[{external_id:asc}], limit:10, offset:20)
//     { external_id name } }
//   { asset_aggregate(where:{source:{_eq:"S"}}) { aggregate { count } } }
// Several collections may stand side by side. A field that a record lacks is null; a field or
// collection that the service does not have is refused by its name.
//
// The published connectors of this service ask edges for `asset_id` and `ipaddress_id`, whose
// values are SOURCE/KEY (`ipaddress/0/10.0.0.4` of an address) and filter by them. What the real
// schema has beyond that is not published, so each doubt is an option.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "car_graph.h"

namespace simulator {

struct QueryOptions {
  bool available = true;         // else 404
  bool refuses_by_200 = true;    // with {"errors":[...]}; else 400
  bool ends_by_id = true;        // asset_id, ipaddress_id; else _from and _to, as imported
  bool knows_active = true;      // the field; without it only what is active is answered
  bool tells_inactive = false;   // what is inactive is answered as well
  bool numbers_as_text = false;  // 8 as "8"
  bool knows_order = true;       // order_by
  bool knows_aggregate = true;   // asset_aggregate and the like: their number
  bool knows_offset = true;      // limit and offset
  std::string unknown_field{};   // refused wherever it is asked for
  size_t most_rows = std::numeric_limits<size_t>::max();  // of an answer, whatever limit says
  bool repeats_page = false;                              // offset is not heeded
  bool endless = false;                                   // a row is invented where none is left
  bool ignores_filter = false;                            // _in is not heeded
};

/// {"data":{...}}; throws std::runtime_error with the reason when the query does not parse or names
/// what the service does not know.
std::string run_graphql(const CarGraph& graph, IdentityModel model, const QueryOptions& options,
                        std::string_view query);

}  // namespace simulator
