#include "cli/secret_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "cli/text.h"

namespace defender_car {

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
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) throw Error(ErrorKind::usage, "'" + printable(path) + "' is empty");
  if (secret.size() > longest) {
    throw Error(ErrorKind::usage, "'" + printable(path) + "' is too large for a secret");
  }
  check_secret(secret);
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
