#include "store/database.h"

#include <SQLiteCpp/Database.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "store/sql_files.h"
#include "store/store_error.h"

namespace defender_car {
namespace {

// SQLite makes a new file with the process' umask; the promise is 0600 whatever the umask.
void make_private_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
    return;
  }
  throw Error(ErrorKind::internal,
              "cannot open " + file.string() + ": " + std::generic_category().message(errno) +
                  "; check that the working directory exists and is writable for this user");
}

// A pipe in the place of a file would be waited for without end.
void require_ordinary(const std::filesystem::path& file) {
  for (const char* const beside : {"", "-wal", "-shm", "-journal"}) {
    const std::string name = file.string() + beside;
    std::error_code error;
    const auto status = std::filesystem::status(name, error);
    if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) continue;
    throw Error(ErrorKind::internal, "cannot open " + file.string() + ": " + name +
                                         " is no ordinary file; move it away, then run again");
  }
}

// A connection belongs to one thread, and needs no lock around each column that is read.
constexpr int kOneThread = SQLITE_OPEN_NOMUTEX;

// Of a log so long, in pages, what it holds goes into the file: SQLite's own number.
constexpr int kLongLog = 1000;

constexpr int kLongestWaitMs = 90'000;
constexpr int kWaitStepMs = 50;

// Somebody looking at the file may lock it for a minute; a run can wait, but not past a signal.
int wait_while_locked(void*, int waits) {
  if (cancel_requested() || waits * kWaitStepMs >= kLongestWaitMs) return 0;
  sqlite3_sleep(kWaitStepMs);
  return 1;
}

// SQLite counts what it allocates, under a lock of its own, for who asks: nobody here does. It can
// be told only before its first use in a process; a test that was earlier goes without.
void leave_memory_uncounted() {
  static const int told = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(told);
}

// Of a state file that is open here only SQLite writes into it, when it takes the log in.
std::string mark_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return "";
  return std::to_string(status.st_dev) + " " + std::to_string(status.st_ino) + " " +
         std::to_string(status.st_size) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

std::string read_only_name(const std::filesystem::path& file, bool alone = false) {
  // A WAL database on a folder without write permission cannot make its -shm file: immutable opens
  // it all the same.
  const bool writable =
      !alone && ::access(file.parent_path().empty() ? "." : file.parent_path().c_str(), W_OK) == 0;
  // With an empty host before it: two slashes at its beginning would be taken for one's.
  std::string name = file.is_absolute() ? "file://" : "file:";
  for (const char c : file.string()) {
    if (c == '?' || c == '#' || c == '%') {
      constexpr char kHex[] = "0123456789abcdef";
      name += '%';
      name += kHex[static_cast<unsigned char>(c) >> 4];
      name += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      name += c;
    }
  }
  return name + (writable ? "?mode=ro" : "?immutable=1");
}

}  // namespace

Database::Database(const std::filesystem::path& file, OpenMode mode, const std::string& vfs)
    : file_(file.string()) {
  leave_memory_uncounted();
  if (mode != OpenMode::memory) require_ordinary(file);
  if (mode == OpenMode::create) make_private_file(file);
  at_border("open " + file.string(), [&] {
    if (mode == OpenMode::memory) {
      database_ = std::make_unique<SQLite::Database>(
          std::string(":memory:"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI,
          10'000);
    } else if (mode == OpenMode::create) {
      database_ = std::make_unique<SQLite::Database>(file.string(),
                                                     SQLite::OPEN_READWRITE | kOneThread, 0, vfs);
      sqlite3_busy_handler(database_->getHandle(), wait_while_locked, nullptr);
    } else {
      database_ = std::make_unique<SQLite::Database>(
          read_only_name(file, mode == OpenMode::immutable),
          SQLite::OPEN_READONLY | SQLite::OPEN_URI | kOneThread, 10'000, vfs);
    }
  });
  std::error_code error;
  if (mode == OpenMode::create && std::filesystem::file_size(file, error) == 0)
    run_script("schema/connection_new.sql");
  const bool reads = mode == OpenMode::read_only || mode == OpenMode::immutable;
  run_script(reads ? "schema/connection_read_only.sql" : "schema/connection.sql");
  if (mode != OpenMode::create) return;
  mark_ = mark_of(file_);
  data_version_ = number("migrate/data_version");
  sqlite3_wal_hook(database_->getHandle(), after_commit, this);
}

Database::~Database() {
  statements_.clear();
  // The log of this file must not go into another one.
  if (!is_in_place())
    sqlite3_db_config(database_->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

bool Database::is_in_place() const { return mark_.empty() || mark_of(file_) == mark_; }

bool Database::altered_meanwhile() {
  return !is_in_place() || number("migrate/data_version") != data_version_;
}

// In place of SQLite's own, which would write the log into whatever lies there.
int Database::after_commit(void* self, sqlite3* handle, const char* schema, int pages) {
  auto& database = *static_cast<Database*>(self);
  if (pages < kLongLog || !database.is_in_place()) return SQLITE_OK;
  sqlite3_wal_checkpoint_v2(handle, schema, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  database.mark_ = mark_of(database.file_);
  return SQLITE_OK;
}

void Database::take_log_in() {
  if (!is_in_place()) return;
  try {
    run_script("schema/connection_end.sql");
  } catch (const Error& error) {
    spdlog::debug("{}", error.what());  // somebody reads it just now
  }
  mark_ = mark_of(file_);
}

void Database::exec(std::string_view sql) {
  at_border("run SQL on " + file_, [&] { database_->exec(std::string(sql)); });
}

void Database::run_script(std::string_view path) {
  at_border("run " + std::string(path) + " on " + file_,
            [&] { database_->exec(std::string(script_text(path))); });
}

Statement& Database::statement(const std::string& name) {
  auto found = statements_.find(name);
  if (found == statements_.end()) {
    found = statements_.emplace(name, Statement(*database_, statement_text(name), name)).first;
  }
  found->second.reset();
  return found->second;
}

std::int64_t Database::number(const std::string& name) { return statement(name).number(); }

std::string Database::text(const std::string& name) { return statement(name).value().value_or(""); }

void Database::attach(const std::filesystem::path& file, std::string_view schema) {
  if (file != ":memory:") make_private_file(file);
  Statement attach(*database_, "ATTACH :file AS " + std::string(schema), "attach");
  attach.bind("file", file.string()).run();
}

void Database::detach(std::string_view schema) {
  statements_.clear();
  exec("DETACH " + std::string(schema));
}

void Database::copy_to(const std::filesystem::path& file, const std::string& statement_name) {
  std::error_code error;
  std::filesystem::remove(file, error);
  make_private_file(file);
  statement(statement_name).bind("file", file.string()).run();
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  const bool written = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!written) {
    throw Error(ErrorKind::internal,
                "cannot write " + file.string() + ": " + std::generic_category().message(errno));
  }
}

void Database::attach_read_only(const std::filesystem::path& file, std::string_view schema) {
  require_ordinary(file);
  Statement attach(*database_, "ATTACH :file AS " + std::string(schema), "attach " + file.string());
  attach.bind("file", read_only_name(file)).run();
}

std::int64_t Database::changes() const { return sqlite3_changes64(database_->getHandle()); }

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(database_->getHandle()) == 0;
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database_.exec(kind == Kind::immediate ? "BEGIN IMMEDIATE" : "BEGIN");
  no_network_.emplace();
}

Transaction::~Transaction() {
  // A statement left in the middle would keep the transaction from ending.
  if (!open_) return;
  for (auto& [name, statement] : database_.statements_) statement.reset();
  // SQLite has rolled back by itself after some failures (disk full): then there is nothing left to
  // do.
  if (database_.in_transaction())
    sqlite3_exec(database_.database_->getHandle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.exec("COMMIT");
  open_ = false;
  no_network_.reset();
}

}  // namespace defender_car
