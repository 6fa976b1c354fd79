// Holds the oracle's graph against the lines that CAR shows.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "oracle.h"

namespace oracle {

/// What differs, a line each, at most `most` of a kind; empty when all is as it must be.
/// Edges and assets must be the same; every other vertex that an edge ends at must be there with
/// the right attributes. Vertices without an edge may stay behind.
std::vector<std::string> differences(const Graph& wanted, const std::set<std::string>& car_edges,
                                     const std::set<std::string>& car_vertices, size_t most = 10);

/// `asset|ID` of a vertex line `asset|ID|{attributes}`.
std::string vertex_of_line(const std::string& line);

}  // namespace oracle
