#include "store/sql_files.h"

#include "base/error.h"

namespace defender_car {

std::string_view script_text(std::string_view path) {
  for (const SqlFile& file : sql_files()) {
    if (file.path == path) return file.text;
  }
  throw Error(ErrorKind::internal, "no SQL file " + std::string(path) + " is built in");
}

std::string_view statement_text(std::string_view name) {
  const auto slash = name.find('/');
  const std::string path = "schema/statement/" + std::string(name.substr(0, slash)) + ".sql";
  const std::string mark = "-- statement: " + std::string(name.substr(slash + 1)) + "\n";
  const std::string_view text = script_text(path);
  const auto begin = text.find(mark);
  if (slash == std::string_view::npos || begin == std::string_view::npos) {
    throw Error(ErrorKind::internal, "no SQL statement " + std::string(name) + " is built in");
  }
  const auto end = text.find("\n-- statement: ", begin + mark.size());
  return text.substr(begin + mark.size(),
                     end == std::string_view::npos ? end : end - begin - mark.size());
}

}  // namespace defender_car
