#include "store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <string>
#include <system_error>

#include "base/error.h"
#include "base/time.h"

namespace defender_car {
namespace {

std::string read_holder(int descriptor) {
  char text[200];
  const ssize_t size = ::pread(descriptor, text, sizeof text, 0);
  std::string holder(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  return holder.empty() ? "a process that has just begun" : holder;
}

}  // namespace

StateLock::StateLock(const std::filesystem::path& file) {
  descriptor_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ < 0) {
    throw Error(ErrorKind::internal,
                "cannot open the lock file " + file.string() + ": " +
                    std::generic_category().message(errno) +
                    "; check that the working directory is writable for this user");
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = read_holder(descriptor_);
    ::close(descriptor_);
    throw Error(ErrorKind::locked, "another run holds " + file.string() + " (" + holder +
                                       "); nothing was done, the next run will go on");
  }
  const std::string text =
      "process " + std::to_string(::getpid()) + ", since " + iso8601(system_now());
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    ::close(descriptor_);
    throw Error(ErrorKind::internal, "cannot write the lock file " + file.string() + ": " +
                                         std::generic_category().message(errno));
  }
}

StateLock::~StateLock() { ::close(descriptor_); }

std::string lock_holder(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
  std::string holder = held ? read_holder(descriptor) : "";
  ::close(descriptor);
  return holder;
}

}  // namespace defender_car
