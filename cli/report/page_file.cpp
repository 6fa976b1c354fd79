#include "cli/report/page_file.h"

#include <fstream>

#include "base/error.h"
#include "cli/output/text.h"
#include "cli/output/whole_file.h"
#include "cli/report/page.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

std::string shown(const fs::path& file) { return printable(file.string()); }

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw Error(ErrorKind::usage, "the page cannot be written to " + shown(file) + ": " + why);
}

/// A slip of the pen must not replace the state file, a configuration or another page: only what is
/// marked as ours at its beginning goes.
bool is_page(const fs::path& file) {
  constexpr std::size_t head = 2048;
  std::ifstream stream(file, std::ios::binary);
  std::string start(head, '\0');
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(stream.gcount()));
  const std::string title = "<title>" + std::string(page_title) + "</title>";
  return (start.starts_with("<!doctype html>") && start.find(title) != std::string::npos) ||
         start.starts_with("{\n  \"version\": 1,\n  \"command\": \"report\",\n");
}

void check_target(const fs::path& file) {
  std::error_code fault;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!fs::is_directory(folder, fault)) {
    refuse(file, "there is no folder " + shown(folder) + "; make it first");
  }
  const fs::file_status there = fs::symlink_status(file, fault);
  if (there.type() == fs::file_type::not_found) return;
  if (there.type() != fs::file_type::regular) {
    refuse(file,
           "it is there and is no ordinary file; name another, or leave out --output to print the "
           "page");
  }
  if (!is_page(file)) {
    refuse(file,
           "it holds something else than a page of this program; name another file, or remove this "
           "one");
  }
}

}  // namespace

void write_page_file(const fs::path& file, const std::string& text) {
  check_target(file);
  replace_file(file, text, 0600);
}

}  // namespace defender_car
