#include "options.h"

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "cli/options/options.h"
#include "target.h"

namespace fuzz {

using namespace defender_car;

namespace {

bool lines_are_printable(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  bool printable = true;
  while (std::getline(lines, line)) printable = printable && is_printable(line);
  return printable;
}

}  // namespace

void check_options(const std::vector<std::string>& arguments) {
  const auto environment = [](const std::string& name) {
    return name == "HOME" ? std::optional<std::string>("/nowhere") : std::nullopt;
  };
  asks_for_json(arguments);
  try {
    const Options options = read_options(arguments, {environment, false});
    promise(options.settings.keep_space_bytes >= 0, "no room is negative");
    promise(options.limit > 0, "a limit is positive");
    for (const std::string& warning : options.warnings) {
      promise(lines_are_printable(warning), "a warning is printable");
    }
  } catch (const Error& error) {
    promise(error.kind() == ErrorKind::usage, "wrong options are Error(usage)");
    promise(lines_are_printable(error.what()), "the message is printable");
  }
}

}  // namespace fuzz
