#pragma once
// Brings a state file to this program's shape: durable tables by migrations/, rebuildable objects
// from schema/.
//
// Guarantees: all of it is one transaction, in which each migration ends with a foreign key check:
// a failed one leaves the file as it was, views included; a file of a newer program is refused
// untouched; rebuildable views are dropped before any migration and made anew when their text
// changed; views and indexes that somebody else changed are put right (store/schema_check.h).
// Returns whether any of that happened, since then what was derived must be derived anew.

#include "store/database.h"

namespace defender_car {

bool migrate(Database& database);

/// What migrate() makes of an empty file, without its marks.
void make_schema(Database& empty);

/// The newest version of a state file that this program knows.
int newest_version();

}  // namespace defender_car
