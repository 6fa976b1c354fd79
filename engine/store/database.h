#pragma once
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

namespace SQLite {
class Database;
}

namespace defender_car {

enum class OpenMode { create, read_only, memory };

class Database {
 public:
  /// `create`: made when it is not there, 0600; waits up to 90 s for others' locks. `read_only`: a
  /// state or a copy of one; on a folder without write permission it is opened as immutable.
  /// `memory`: none of it reaches a disk, and `file` is a name for messages. `vfs`:
  /// SQLite's name of what stands for the file system under this file and those attached to it;
  /// empty: the system's own.
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
  void copy_to(const std::filesystem::path& file);

  std::int64_t changes() const;
  bool in_transaction() const;

 private:
  friend class Transaction;
  std::string file_;
  std::unique_ptr<SQLite::Database> database_;
  std::map<std::string, Statement> statements_;
};

/// BEGIN IMMEDIATE … COMMIT; ROLLBACK when it is left without commit().
class Transaction {
 public:
  explicit Transaction(Database& database);
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
