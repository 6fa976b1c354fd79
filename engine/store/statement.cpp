#include "store/statement.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <bit>

#include "store/store_error.h"

namespace defender_car {

Statement::Statement(SQLite::Database& database, std::string_view text, std::string name)
    : name_(std::move(name) + " on " + database.getFilename()) {
  at_border("prepare " + name_, [&] {
    statement_ = std::make_unique<SQLite::Statement>(database, std::string(text));
    parameters_ = statement_->getBindParameterCount();
  });
}

Statement::~Statement() = default;
Statement::Statement(Statement&&) noexcept = default;

int Statement::position(std::string_view parameter) {
  const std::string full_name = ":" + std::string(parameter);
  const int at = statement_->getIndex(full_name.c_str());
  if (at < 1 || at > 64) {
    throw Error(ErrorKind::internal,
                "statement " + name_ + " has no parameter :" + std::string(parameter));
  }
  mark_bound(at);
  return at;
}

Statement& Statement::bind(std::string_view parameter, std::int64_t value) {
  at_border(name_, [&] { statement_->bind(position(parameter), value); });
  return *this;
}

Statement& Statement::bind(std::string_view parameter, std::string_view value) {
  at_border(name_, [&] { statement_->bind(position(parameter), std::string(value)); });
  return *this;
}

Statement& Statement::bind(std::string_view parameter, std::nullptr_t) {
  at_border(name_, [&] { statement_->bind(position(parameter)); });
  return *this;
}

void Statement::bind_at(int position, const std::string& value) {
  at_border(name_, [&] { statement_->bindNoCopy(position, value); });
  mark_bound(position);
}

void Statement::bind_at(int position, std::int64_t value) {
  at_border(name_, [&] { statement_->bind(position, value); });
  mark_bound(position);
}

void Statement::bind_at(int position, double value) {
  at_border(name_, [&] { statement_->bind(position, value); });
  mark_bound(position);
}

void Statement::bind_blob_at(int position, const std::string& value) {
  at_border(name_, [&] {
    statement_->bindNoCopy(position, value.data(), static_cast<int>(value.size()));
  });
  mark_bound(position);
}

void Statement::bind_null_at(int position) {
  at_border(name_, [&] { statement_->bind(position); });
  mark_bound(position);
}

void Statement::mark_bound(int position) { bound_ |= std::uint64_t{1} << (position - 1); }

void Statement::check_all_bound() {
  started_ = true;
  const std::uint64_t all =
      parameters_ == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << parameters_) - 1;
  if (bound_ == all) return;
  throw Error(ErrorKind::internal, "statement " + name_ + ": parameter " +
                                       std::to_string(std::countr_one(bound_) + 1) + " of " +
                                       std::to_string(parameters_) + " was never bound");
}

bool Statement::step() {
  if (!started_) check_all_bound();
  const bool row = at_border(name_, [&] { return statement_->executeStep(); });
  if (!row) reset();
  return row;
}

void Statement::run() {
  while (step()) {
  }
}

std::vector<std::string> Statement::texts() {
  std::vector<std::string> values;
  while (step()) values.push_back(text(0));
  return values;
}

std::vector<std::int64_t> Statement::numbers() {
  std::vector<std::int64_t> values;
  while (step()) values.push_back(integer(0));
  return values;
}

std::int64_t Statement::number() {
  const std::int64_t first = step() ? integer(0) : 0;
  reset();
  return first;
}

std::optional<std::string> Statement::value() {
  std::optional<std::string> first;
  if (step()) first = optional_text(0);
  reset();
  return first;
}

void Statement::reset() {
  statement_->tryReset();
  started_ = false;
  if (parameters_ > 0) at_border(name_, [&] { statement_->clearBindings(); });
  bound_ = 0;
}

std::int64_t Statement::integer(int column) const {
  return statement_->getColumn(column).getInt64();
}
double Statement::real(int column) const { return statement_->getColumn(column).getDouble(); }
bool Statement::is_null(int column) const { return statement_->getColumn(column).isNull(); }

std::string Statement::text(int column) const {
  return is_null(column) ? std::string() : statement_->getColumn(column).getString();
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return statement_->getColumn(column).getString();
}

int Statement::column(std::string_view name) const {
  return at_border(name_, [&] { return statement_->getColumnIndex(std::string(name).c_str()); });
}

}  // namespace defender_car
