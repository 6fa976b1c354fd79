// Conditions of a `where`, resolved against a table's columns and decided on its rows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hunting.h"
#include "hunting_tables.h"
#include "kql.h"

namespace simulator {

/// Throws kql::Error when there is no such column.
size_t column_index(const std::vector<HuntingColumn>& columns, const std::string& name);
/// Finds the columns that the condition names; throws kql::Error when it cannot.
void resolve(kql::Condition& condition, const std::vector<HuntingColumn>& columns);
bool holds(const kql::Condition& condition, const Row& row);
/// What the leading `where` stages say about the DeviceId alone. It points into `query`.
HuntingTable::DeviceFilter device_filter(const kql::Query& query);

}  // namespace simulator
