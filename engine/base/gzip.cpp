#include "base/gzip.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

#include "base/error.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPiece = 256 * 1024;

[[noreturn]] void cannot(const char* what, const fs::path& file) {
  throw Error(ErrorKind::internal, std::string("cannot ") + what + " " + file.string() + ": " +
                                       std::generic_category().message(errno));
}

class Plain {
 public:
  Plain(const fs::path& file, int flags) : file_(file) {
    descriptor_ = ::open(file.c_str(), flags | O_CLOEXEC, 0600);
    if (descriptor_ < 0) cannot("open", file);
  }
  ~Plain() { ::close(descriptor_); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  std::size_t read(std::vector<char>& piece) const {
    const ssize_t size = ::read(descriptor_, piece.data(), piece.size());
    if (size < 0) cannot("read", file_);
    return static_cast<std::size_t>(size);
  }
  void write(const std::vector<char>& piece, std::size_t size) const {
    for (std::size_t at = 0; at < size;) {
      const ssize_t written = ::write(descriptor_, piece.data() + at, size - at);
      if (written < 0) cannot("write", file_);
      at += static_cast<std::size_t>(written);
    }
  }
  void wait_for_disk() const {
    if (::fsync(descriptor_) != 0) cannot("write", file_);
  }
  int release() const { return ::dup(descriptor_); }

 private:
  fs::path file_;
  int descriptor_;
};

using Gzip = std::unique_ptr<gzFile_s, int (*)(gzFile)>;

Gzip open_gzip(const Plain& plain, const fs::path& file, const char* mode) {
  const int descriptor = plain.release();
  Gzip gzip(descriptor < 0 ? nullptr : gzdopen(descriptor, mode), gzclose);
  if (!gzip) cannot("open", file);
  return gzip;
}

}  // namespace

void compress_file(const fs::path& from, const fs::path& to) {
  const Plain in(from, O_RDONLY);
  const Plain out(to, O_WRONLY | O_CREAT | O_TRUNC);
  Gzip gzip = open_gzip(out, to, "wb6");
  std::vector<char> piece(kPiece);
  while (const std::size_t size = in.read(piece)) {
    if (gzwrite(gzip.get(), piece.data(), static_cast<unsigned>(size)) <= 0) cannot("write", to);
  }
  if (gzclose(gzip.release()) != Z_OK) cannot("write", to);
  out.wait_for_disk();
}

void expand_file(const fs::path& from, const fs::path& to) {
  const Plain in(from, O_RDONLY);
  const Plain out(to, O_WRONLY | O_CREAT | O_TRUNC);
  Gzip gzip = open_gzip(in, from, "rb");
  std::vector<char> piece(kPiece);
  int size = 0;
  while ((size = gzread(gzip.get(), piece.data(), static_cast<unsigned>(piece.size()))) > 0)
    out.write(piece, static_cast<std::size_t>(size));
  // A file that was cut off ends in Z_BUF_ERROR, which closing tells.
  if (size < 0 || gzclose_r(gzip.release()) != Z_OK)
    throw Error(ErrorKind::bad_data,
                from.string() + " is damaged or cut off: it cannot be expanded");
}

}  // namespace defender_car
