#pragma once
// The SQL of schema/ and migrations/, embedded verbatim, in name order.
//
// A script is a whole file and is run as it stands. A file of statements holds sections, each
// opened by a line
// `-- statement: NAME`; statement_text() finds one. Throws Error(internal) for a name that is not
// there.

#include <span>
#include <string>
#include <string_view>

namespace defender_car {

struct SqlFile {
  std::string_view path;  ///< "schema/phase/50_diff.sql"
  std::string_view text;
};

std::span<const SqlFile> sql_files();

std::string_view script_text(std::string_view path);

/// `name` is "file/statement": statement("deliver/next_item") is in schema/statement/deliver.sql.
std::string_view statement_text(std::string_view name);

}  // namespace defender_car
