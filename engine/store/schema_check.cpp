#include "store/schema_check.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/fingerprint.h"
#include "base/printable.h"
#include "store/migrator.h"

namespace defender_car {
namespace {

struct SchemaObject {
  std::string type;  ///< table, index, view, trigger
  std::string name;
  std::string table;  ///< that an index or a trigger is on
  std::string sql;

  bool operator==(const SchemaObject&) const = default;
  auto operator<=>(const SchemaObject&) const = default;
};
using Schema = std::set<SchemaObject>;

Schema schema_of(Database& database) {
  Schema schema;
  Statement& query = database.statement("migrate/schema");
  while (query.step()) schema.insert({query.text(0), query.text(1), query.text(2), query.text(3)});
  return schema;
}

/// What this program makes of an empty file.
const Schema& our_schema() {
  static const Schema ours = [] {
    Database empty("the schema of a state", OpenMode::memory);
    make_schema(empty);
    return schema_of(empty);
  }();
  return ours;
}

std::vector<SchemaObject> without(const Schema& all, const Schema& others) {
  std::vector<SchemaObject> rest;
  std::set_difference(all.begin(), all.end(), others.begin(), others.end(),
                      std::back_inserter(rest));
  return rest;
}

bool has_name(const Schema& schema, const std::string& type, const std::string& name) {
  return std::any_of(schema.begin(), schema.end(), [&](const SchemaObject& object) {
    return object.type == type && object.name == name;
  });
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + '"';
}

void warn(const SchemaObject& object, const char* what) {
  spdlog::warn("the state file's {} {} {}", object.type, printable(object.name, 200), what);
}

std::int64_t schema_mark(const Schema& schema) {
  std::uint64_t hash = kFingerprintStart;
  for (const SchemaObject& object : schema)
    for (const std::string& part : {object.type, object.name, object.table, object.sql})
      hash = fingerprint(part, fingerprint("|", hash));
  return static_cast<std::int64_t>(hash >> 1);
}

// A view in the place of an index, say, stands in its way.
void drop_all_of_that_name(Database& database, const Schema& found, const SchemaObject& wanted) {
  for (const SchemaObject& other : found)
    if (other.name == wanted.name)
      database.exec("DROP " + other.type + " IF EXISTS " + quoted(other.name));
}

}  // namespace

void refuse_triggers(Database& database) {
  const std::string name = foreign_trigger(database);
  if (name.empty()) return;
  throw Error(
      ErrorKind::usage,
      "the state file has a trigger that this program did not make, " + printable(name, 200) +
          ": it would change rows unseen, so nothing was done. Take it out of state.db with "
          "the sqlite3 shell (DROP TRIGGER), then run again");
}

std::string foreign_trigger(Database& database) { return database.text("migrate/trigger"); }

std::string altered_view(Database& database) {
  if (database.number("migrate/version") != newest_version()) return "";
  const Schema found = schema_of(database);
  if (database.number("migrate/schema_mark") == schema_mark(found)) return "";
  for (const SchemaObject& object : without(our_schema(), found))
    if (object.type != "table") return object.type + " " + object.name;
  return "";
}

std::string altered_table(Database& database) {
  for (const SchemaObject& object : without(our_schema(), schema_of(database)))
    if (object.type == "table") return object.name;
  return "";
}

bool put_schema_right(Database& database) {
  const Schema found = schema_of(database);
  if (database.number("migrate/schema_mark") == schema_mark(found)) return false;
  bool any = false;
  Transaction transaction(database);
  for (const SchemaObject& object : without(found, our_schema())) {
    if (object.type != "index" || !has_name(our_schema(), "table", object.table)) continue;
    database.exec("DROP INDEX " + quoted(object.name));
    warn(object, "is none of this program's on a table that is: dropped");
    any = true;
  }
  for (const SchemaObject& object : without(our_schema(), found)) {
    if (object.type != "view" && object.type != "index") continue;
    drop_all_of_that_name(database, found, object);
    database.exec(object.sql);
    warn(object, "was missing or had been replaced: made anew");
    any = true;
  }
  note_schema(database);
  transaction.commit();
  return any;
}

void note_schema(Database& database) {
  database.statement("migrate/set_schema_mark")
      .bind("mark", schema_mark(schema_of(database)))
      .run();
}

}  // namespace defender_car
