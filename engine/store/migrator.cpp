#include "store/migrator.h"

#include <charconv>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fingerprint.h"
#include "store/schema_check.h"
#include "store/sql_files.h"

namespace defender_car {
namespace {

constexpr std::string_view kMigrations = "migrations/";
constexpr std::string_view kViews = "schema/view/";
constexpr std::string_view kAuditViews = "schema/audit/";

int version_of(const SqlFile& file) {
  int version = 0;
  const char* digits = file.path.data() + kMigrations.size();
  std::from_chars(digits, digits + 4, version);
  return version;
}

// Only says whether the text is the one of last time.
std::int64_t text_version(const std::vector<const SqlFile*>& files) {
  std::uint64_t hash = kFingerprintStart;
  for (const SqlFile* file : files) hash = fingerprint(file->text, hash);
  return static_cast<std::int64_t>(hash >> 1);
}

std::vector<const SqlFile*> files_under(std::string_view folder) {
  std::vector<const SqlFile*> files;
  for (const SqlFile& file : sql_files()) {
    if (file.path.starts_with(folder)) files.push_back(&file);
  }
  return files;
}

void drop_views(Database& database) {
  std::vector<std::string> names;
  Statement& query = database.statement("migrate/views");
  while (query.step()) names.push_back(query.text(0));
  for (const std::string& name : names) database.exec("DROP VIEW \"" + name + "\"");
}

void apply(Database& database, const SqlFile& file) {
  database.run_script(file.path);
  if (database.number("migrate/foreign_key_faults") != 0) {
    throw Error(
        ErrorKind::internal,
        std::string(file.path) + " would leave rows without their parents; nothing was changed");
  }
}

/// Migrations from `version` on, then the views, anew.
void make_schema(Database& database, std::int64_t version) {
  drop_views(database);
  for (const SqlFile* file : files_under(kMigrations)) {
    if (version_of(*file) > version) apply(database, *file);
  }
  for (const std::string_view folder : {kViews, kAuditViews}) {
    for (const SqlFile* file : files_under(folder)) database.run_script(file->path);
  }
}

}  // namespace

int newest_version() { return version_of(*files_under(kMigrations).back()); }

void make_schema(Database& empty) { make_schema(empty, 0); }

bool migrate(Database& database) {
  const std::int64_t version = database.number("migrate/version");
  const int newest = newest_version();
  if (version > newest) {
    throw Error(ErrorKind::usage,
                "the state file is of a newer program (version " + std::to_string(version) +
                    ", this one knows " + std::to_string(newest) +
                    "); it was left untouched: use the newer program, or another --working-dir");
  }
  refuse_triggers(database);
  const std::int64_t wanted = text_version(files_under("schema/"));
  if (version == newest && database.number("migrate/fingerprint") == wanted)
    return put_schema_right(database);
  const bool is_new = version == 0 && database.number("migrate/objects") == 0;
  // In one: an older program must find its views again if this fails.
  Transaction transaction(database);
  make_schema(database, version);
  database.statement("migrate/set_fingerprint").bind("fingerprint", wanted).run();
  if (is_new) note_schema(database);
  transaction.commit();
  // A file of before schema/connection_new.sql: once, and it takes as long as a copy.
  if (database.number("migrate/gives_space_back") == 0)
    database.run_script("schema/connection_vacuum.sql");
  put_schema_right(database);
  return true;
}

}  // namespace defender_car
