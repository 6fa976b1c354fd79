#include "base/body.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/limits.h"

namespace defender_car {
namespace {

std::string temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorKind::internal, what + " a temporary file in " + temporary_folder() +
                                       " for a large answer: " + std::strerror(errno) +
                                       "; make room there or set TMPDIR to another folder");
}

/// A file without a name: it is gone when the process is, however that ends.
int open_unlinked() {
  const std::string folder = temporary_folder();
  int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) return descriptor;
  // Not every file system has O_TMPFILE (overlays, some network mounts).
  std::string name = folder + "/defender-car-XXXXXX";
  descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) fail("cannot create");
  ::unlink(name.c_str());
  return descriptor;
}

/// Not through stdio: a full disk is then noticed here, and readers of the FILE keep their place.
void write_at(int descriptor, std::string_view bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot write to");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::size_t>(written);
  }
}

std::string read_head(int descriptor, std::size_t size) {
  std::string text(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(descriptor, text.data() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("cannot read from");
    done += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace

void Body::append(std::string_view bytes) {
  if (!file_ && text_.size() + bytes.size() <= limits::kBodyInMemory) {
    text_.append(bytes);
    return;
  }
  if (!file_) {
    const int descriptor = open_unlinked();
    file_.reset(::fdopen(descriptor, "r+"));
    if (!file_) {
      ::close(descriptor);
      fail("cannot open");
    }
    write_at(descriptor, text_, 0);
    size_on_disk_ = text_.size();
    std::string().swap(text_);
  }
  write_at(::fileno(file_.get()), bytes, size_on_disk_);
  size_on_disk_ += bytes.size();
}

std::string Body::str() const { return head(size()); }

std::string Body::head(std::size_t bytes) const {
  if (!file_) return text_.substr(0, bytes);
  return read_head(::fileno(file_.get()), std::min(bytes, size_on_disk_));
}

std::FILE* Body::file() const {
  if (file_) std::rewind(file_.get());
  return file_.get();
}

}  // namespace defender_car
