#include "audit/state_at.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "base/error.h"

namespace defender_car {
namespace {

// PRAGMA application_id of migrations/0001 and of schema/stage/10_tables.sql.
constexpr std::uint32_t kState = 0x64636172;
constexpr std::uint32_t kSnapshot = 0x64637361;

bool is_number(const std::string& word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

[[noreturn]] void refuse(const std::string& word, const std::string& why) {
  throw Error(ErrorKind::usage, word + " " + why +
                                    "; give a run's number, a snapshot or a state file (state.db "
                                    "or a copy of it)");
}

/// PRAGMA application_id, which stands at byte 68 of the header; 0 for what is no SQLite file.
std::uint32_t application_of(const std::string& word) {
  std::ifstream file(word, std::ios::binary);
  std::array<char, 100> header{};
  if (!file) refuse(word, "cannot be read");
  file.read(header.data(), header.size());
  if (!file || std::string_view(header.data(), 15) != "SQLite format 3") return 0;
  std::uint32_t application = 0;
  for (std::size_t at = 68; at < 72; ++at) {
    application = application << 8U | static_cast<unsigned char>(header[at]);
  }
  return application;
}

}  // namespace

std::filesystem::path state_at(const WorkingDir&, const std::string& word) {
  if (is_number(word)) refuse(word, "names a run, which cannot be replayed yet");
  std::error_code fault;
  if (!std::filesystem::exists(word, fault)) refuse(word, "is not there");
  if (!std::filesystem::is_regular_file(word, fault)) refuse(word, "is no file");
  const std::uint32_t application = application_of(word);
  if (application == kSnapshot) refuse(word, "is a snapshot, which cannot be replayed yet");
  if (application != kState) refuse(word, "is no file of this program");
  return word;
}

}  // namespace defender_car
