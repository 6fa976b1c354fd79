#pragma once
// Staged rows on their way into the stage file, one transaction a page.

#include <optional>
#include <span>
#include <string>

#include "defender/defender_client.h"
#include "fetch/machine_ids.h"
#include "store/database.h"

namespace defender_car {

class StageTable final : public PageSink {
 public:
  /// `insert`: a statement with a parameter a column. `json_columns`: the fields that may be a
  /// list; any other nested value is bound as a blob, so that the schema sees a wrong type. Ids of
  /// machines are written in their one form. `news`: a statement with the same parameters; a row
  /// for which it says 0 is not inserted.
  StageTable(Database& database, std::string insert, std::span<const int> json_columns = {},
             std::string news = "");

  void begin() override;
  void record(std::span<const Field> fields) override;
  void keep() override;
  void drop() override;

  /// A text for the first column that no field has (the machine of a logon user); fields follow it.
  void set_first(std::string value) { first_ = std::move(value); }

 private:
  const std::string& text_of(int column, const Field& field);
  void bind(Statement& statement, std::span<const Field> fields);

  Database& database_;
  std::string insert_;
  std::string news_;
  std::span<const int> json_columns_;  ///< constants
  int machine_column_;
  MachineIds machine_ids_;
  std::optional<std::string> first_;
  std::optional<Transaction> transaction_;
  Statement* statement_ = nullptr;
  Statement* news_statement_ = nullptr;
};

}  // namespace defender_car
