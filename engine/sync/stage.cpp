#include "sync/stage.h"

namespace defender_car {
namespace {

/// Where the table names a machine: first of all, but in alerts, and not in the knowledge base.
int machine_column_of(std::string_view insert) {
  if (insert == "fetch/alert") return 1;
  return insert.starts_with("fetch/knowledge") ? -1 : 0;
}

}  // namespace

StageTable::StageTable(Database& database, std::string insert, int json_column)
    : database_(database),
      insert_(std::move(insert)),
      json_column_(json_column),
      machine_column_(machine_column_of(insert_)),
      machine_ids_(database) {}

const std::string& StageTable::text_of(int column, const Field& field) {
  return column == machine_column_ ? machine_ids_.canonical(field.text) : field.text;
}

void StageTable::begin() {
  transaction_.emplace(database_);
  statement_ = &database_.statement(insert_);
}

void StageTable::record(std::span<const Field> fields) {
  int position = 1;
  if (first_) statement_->bind_at(position++, *first_);
  for (const Field& field : fields) {
    switch (field.type) {
      case Field::Type::absent:
      case Field::Type::null:
        statement_->bind_null_at(position);
        break;
      case Field::Type::text:
        statement_->bind_at(position, text_of(position - 1, field));
        break;
      case Field::Type::json:
        if (position - 1 == json_column_) {
          statement_->bind_at(position, field.text);
        } else {
          statement_->bind_blob_at(position, field.text);
        }
        break;
      case Field::Type::real:
        statement_->bind_at(position, field.real);
        break;
      case Field::Type::integer:
      case Field::Type::boolean:
        statement_->bind_at(position, field.integer);
        break;
    }
    ++position;
  }
  statement_->step();
}

void StageTable::keep() {
  transaction_->commit();
  transaction_.reset();
}

void StageTable::drop() { transaction_.reset(); }

}  // namespace defender_car
