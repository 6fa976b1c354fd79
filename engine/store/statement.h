#pragma once
// One prepared statement with named parameters. Counts what was bound: a parameter forgotten is an
// error that names it, never a silent NULL. Integers are 64 bits wide.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace defender_car {

class Statement {
 public:
  /// `name` is for messages. Throws Error(internal) with SQLite's words when the text does not
  /// compile.
  Statement(SQLite::Database& database, std::string_view text, std::string name);
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept = delete;

  Statement& bind(std::string_view parameter, std::int64_t value);
  Statement& bind(std::string_view parameter, int value) {
    return bind(parameter, std::int64_t{value});
  }
  Statement& bind(std::string_view parameter, std::string_view value);
  Statement& bind(std::string_view parameter, const char* value) {
    return bind(parameter, std::string_view(value));
  }
  Statement& bind(std::string_view parameter, std::nullptr_t);
  template <typename T>
  Statement& bind(std::string_view parameter, const std::optional<T>& value) {
    return value ? bind(parameter, *value) : bind(parameter, nullptr);
  }

  /// By position, from 1, without a copy: the text must live until the step. For rows by the
  /// million.
  void bind_at(int position, const std::string& value);
  void bind_at(int position, std::int64_t value);
  void bind_at(int position, double value);
  void bind_blob_at(int position, const std::string& value);
  void bind_null_at(int position);

  /// One row further; false after the last one (and then reset for the next use).
  bool step();
  /// Steps to the end, resets.
  void run();
  /// The first column of every row left.
  std::vector<std::string> texts();
  std::vector<std::int64_t> numbers();
  /// The first column of the first row, and reset: 0 or nothing where there is no row.
  std::int64_t number();
  std::optional<std::string> value();
  /// Back to the start; bindings go.
  void reset();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;  ///< "" for NULL
  bool is_null(int column) const;
  std::optional<std::string> optional_text(int column) const;

  /// The same by the column's name in the result; looked up in each row, so for readers of few
  /// rows.
  std::int64_t integer(std::string_view name) const { return integer(column(name)); }
  double real(std::string_view name) const { return real(column(name)); }
  std::string text(std::string_view name) const { return text(column(name)); }
  bool is_null(std::string_view name) const { return is_null(column(name)); }
  std::optional<std::string> optional_text(std::string_view name) const {
    return optional_text(column(name));
  }

 private:
  /// Throws Error(internal) for a name that the result does not have.
  int column(std::string_view name) const;
  int position(std::string_view parameter);
  void mark_bound(int position);
  void check_all_bound();

  std::unique_ptr<SQLite::Statement> statement_;
  std::string name_;
  std::uint64_t bound_ = 0;  ///< a bit a parameter
  int parameters_ = 0;
  bool started_ = false;
};

}  // namespace defender_car
