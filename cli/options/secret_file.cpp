#include "cli/options/secret_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

/// As they come along with what is copied from a page.
constexpr std::string_view kBlanks[] = {" ", "\xC2\xA0", "\xE2\x80\x8B"};

/// What an editor leaves behind the secret: line ends, of whatever system, and empty lines.
void cut_line_ends(std::string& secret) {
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
}

bool has_blank_end(std::string_view secret) {
  return std::any_of(std::begin(kBlanks), std::end(kBlanks), [&](std::string_view blank) {
    return secret.starts_with(blank) || secret.ends_with(blank);
  });
}

}  // namespace

std::string read_secret_file(const std::string& path, std::vector<std::string>& warnings) {
  constexpr std::size_t longest = 64 << 10;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string secret(longest + 1, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  secret.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || file.bad()) {
    throw Error(ErrorKind::usage, "cannot read '" + printable(path) + "': " + std::strerror(errno));
  }
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::usage, "'" + printable(path) + "' " + why);
  };
  if (secret.size() > longest) refuse("is too large for a secret");
  try {
    secret = std::string(without_byte_order_mark(secret));
  } catch (const Error& e) {
    refuse(e.what());
  }
  cut_line_ends(secret);
  if (secret.empty()) refuse("is empty");
  check_secret(secret);
  if (has_blank_end(secret))
    refuse(
        "holds a secret that begins or ends with a blank, as no service gives one: take it away");
  warn_when_readable(path, warnings);
  return secret;
}

void warn_when_readable(const std::string& path, std::vector<std::string>& warnings) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  if ((info.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
  warnings.push_back("'" + path + "' holds a secret and can be read by others: chmod 600 it");
}

void check_secret(const std::string& secret) {
  const bool odd = std::any_of(secret.begin(), secret.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7F';
  });
  if (odd) throw Error(ErrorKind::usage, "must be one line without control characters");
}

}  // namespace defender_car
