#pragma once
// Holds the schema in a state file against the one that this program makes: somebody may have
// replaced a view, dropped an index or added a trigger, and every later run would work with it.
//
// To be asked after the migrations. Objects with names that this program does not know are left
// alone, but for triggers and indexes on its tables, which change what its statements do.

#include <string>

#include "store/database.h"

namespace defender_car {

/// Throws Error(usage) that names a trigger: this program makes none in the file, and one of
/// somebody else would change rows behind its back.
void refuse_triggers(Database& database);

/// The first trigger in the file, "" for none.
std::string foreign_trigger(Database& database);

/// "view x": the first view or index that is missing or is not as this program makes it; "" for
/// none, and for a file of another version. Quick where the schema is the one noted last.
std::string altered_view(Database& database);

/// The first table that is missing or is not as this program makes it; "" for none. A file of an
/// older program has other tables by right: ask for the newest version only.
std::string altered_table(Database& database);

/// Notes the file's schema as the one that it shall have: of a file that this program has just
/// made.
void note_schema(Database& database);

/// Makes views and indexes anew that are missing or are not as this program makes them, and drops
/// indexes of others on its tables; warns of each. True when there were any. Quick where the file
/// still has the schema that was noted in it last.
bool put_schema_right(Database& database);

}  // namespace defender_car
