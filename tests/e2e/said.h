// What a command line says and how it ends: the real program's (DEFENDER_CAR_PROGRAM), the sqlite3
// shell's.
#pragma once

#include <filesystem>
#include <string>

#include "harness.h"

namespace e2e {

struct Said {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// By a shell, without an input.
Said run_line(const std::string& line);

/// The program with these words and nothing else.
Said run_program(const std::string& words);

/// By the stock sqlite3 shell: what anybody can see in the file, or do to it; errors, too.
std::string ask(const std::filesystem::path& database, const std::string& query);

/// The program with a harness' settings: the command and its options.
Said say(const Harness& harness, const std::string& words);

/// Whether CAR refused something, which is tried again a day later or by a full import, or Defender
/// a question about one machine or CVE, which is asked again within a day.
bool has_refused(const std::filesystem::path& database);

}  // namespace e2e
