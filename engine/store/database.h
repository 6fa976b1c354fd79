#pragma once
// engine/store wraps SQLite: connections, transactions, named statements, migrations and the lock.
//
// One connection to a SQLite file. The only class that opens files of ours.
//
// Guarantees: foreign keys on, WAL for the state file, files 0600; write transactions are IMMEDIATE
// and roll back unless committed; statements of schema/statement/ are prepared once a connection.
// Does not retry and does not know what the tables mean. Throws Error(internal).

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/no_network.h"
#include "store/statement.h"

struct sqlite3;
namespace SQLite {
class Database;
}

namespace defender_car {

enum class OpenMode { create, read_only, immutable, memory };

class Database {
 public:
  /// `create`: made when it is not there, 0600; waits up to 90 s for others' locks. `read_only`: a
  /// state or a copy of one; on a folder without write permission it is opened as immutable.
  /// `immutable`: the file by itself, whatever lies beside it. `memory`: none of it reaches a disk,
  /// and `file` is a name for messages. `vfs`: SQLite's name of what stands for the file system
  /// under this file and those attached to it; empty: the system's own.
  Database(const std::filesystem::path& file, OpenMode mode, const std::string& vfs = "");
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs a whole text of statements.
  void exec(std::string_view sql);
  /// Runs a script of schema/ by its path.
  void run_script(std::string_view path);

  /// A statement of schema/statement/ ("deliver/next_item"), prepared once and reset for this use.
  Statement& statement(const std::string& name);

  /// First column of the first row of such a statement; 0 or "" when there is none. For statements
  /// without parameters.
  std::int64_t number(const std::string& name);
  std::string text(const std::string& name);

  /// Adds another file under a schema name, made when it is not there, 0600; or ":memory:".
  void attach(const std::filesystem::path& file, std::string_view schema);
  /// All prepared statements go with it: they might name its tables.
  void detach(std::string_view schema);
  /// Adds a state, or a copy of one, opened as `read_only` would; for a database in memory.
  void attach_read_only(const std::filesystem::path& file, std::string_view schema);

  /// The whole main file, compacted, into a new file (0600) that is on the disk when this returns.
  /// `statement_name` says which file else: one that is attached.
  void copy_to(const std::filesystem::path& file,
               const std::string& statement_name = "snapshot/copy_state");

  /// What the log beside the file holds goes into it, and room that is free is given back. For the
  /// end of a run. Does nothing while somebody else reads the file, or where another one took its
  /// place.
  void take_log_in();
  /// Whether another program wrote to the file, or another file took its place, since it was opened
  /// here. For files opened with `create`.
  bool altered_meanwhile();

  std::int64_t changes() const;
  bool in_transaction() const;

 private:
  friend class Transaction;
  static int after_commit(void* self, sqlite3* handle, const char* schema, int pages);
  bool is_in_place() const;

  std::string file_;
  std::string mark_;               ///< of the file, as this connection left it last
  std::int64_t data_version_ = 0;  ///< SQLite's, of what others commit
  std::unique_ptr<SQLite::Database> database_;
  std::map<std::string, Statement> statements_;
};

/// BEGIN IMMEDIATE … COMMIT; ROLLBACK when it is left without commit(). A deferred one is for
/// temporary tables and for reading one state of things: it locks nothing that is not touched.
class Transaction {
 public:
  enum class Kind { immediate, deferred };
  explicit Transaction(Database& database, Kind kind = Kind::immediate);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  std::optional<NoNetwork> no_network_;  ///< until commit()
  bool open_ = true;
};

}  // namespace defender_car
