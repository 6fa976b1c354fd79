// The command line, today's spellings and the Python connector's: one argument a line.
#include "options.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> arguments(1);
  for (const char c : fuzz::input(data, size)) {
    if (c == '\0') continue;  // no argument can hold one
    if (c == '\n') {
      arguments.emplace_back();
    } else {
      arguments.back() += c;
    }
  }
  fuzz::check_options(arguments);
  return 0;
}
