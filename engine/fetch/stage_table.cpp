#include "fetch/stage_table.h"

#include <algorithm>

namespace defender_car {
namespace {

/// Where the table names a machine: first of all, but in alerts, and not in the knowledge base.
int machine_column_of(std::string_view insert) {
  if (insert == "fetch/alert") return 1;
  return insert.starts_with("fetch/knowledge") ? -1 : 0;
}

}  // namespace

StageTable::StageTable(Database& database, std::string insert, std::span<const int> json_columns,
                       std::string news)
    : database_(database),
      insert_(std::move(insert)),
      news_(std::move(news)),
      json_columns_(json_columns),
      machine_column_(machine_column_of(insert_)),
      machine_ids_(database) {}

const std::string& StageTable::text_of(int column, const Field& field) {
  return column == machine_column_ ? machine_ids_.canonical(field.text) : field.text;
}

void StageTable::begin() {
  transaction_.emplace(database_);
  statement_ = &database_.statement(insert_);
  if (!news_.empty()) news_statement_ = &database_.statement(news_);
}

void StageTable::bind(Statement& statement, std::span<const Field> fields) {
  int position = 1;
  if (first_) statement.bind_at(position++, *first_);
  for (const Field& field : fields) {
    switch (field.type) {
      case Field::Type::absent:
      case Field::Type::null:
        statement.bind_null_at(position);
        break;
      case Field::Type::text:
        statement.bind_at(position, text_of(position - 1, field));
        break;
      case Field::Type::json:
        if (std::find(json_columns_.begin(), json_columns_.end(), position - 1) !=
            json_columns_.end()) {
          statement.bind_at(position, field.text);
        } else {
          statement.bind_blob_at(position, field.text);
        }
        break;
      case Field::Type::real:
        statement.bind_at(position, field.real);
        break;
      case Field::Type::integer:
      case Field::Type::boolean:
        statement.bind_at(position, field.integer);
        break;
    }
    ++position;
  }
}

void StageTable::record(std::span<const Field> fields) {
  if (news_statement_ != nullptr) {
    bind(*news_statement_, fields);
    if (news_statement_->number() == 0) return;
  }
  bind(*statement_, fields);
  statement_->step();
}

void StageTable::keep() {
  transaction_->commit();
  transaction_.reset();
}

void StageTable::drop() { transaction_.reset(); }

}  // namespace defender_car
