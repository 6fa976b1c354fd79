// GraphQL as far as reading a collection back needs it:
//   { asset(where:{source:{_eq:"S"}}, limit:10, offset:20) { external_id name } }
// Several collections may stand side by side. Only what is active is answered; a field that a
// record lacks is null.
#pragma once

#include <string>
#include <string_view>

#include "car_graph.h"

namespace simulator {

/// {"data":{...}}; throws std::runtime_error with the reason when the query does not parse or names
/// an unknown collection.
std::string run_graphql(const CarGraph& graph, IdentityModel model, std::string_view query);

}  // namespace simulator
