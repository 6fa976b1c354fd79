#include "base/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/error.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void cannot_write(const fs::path& file, const std::string& why) {
  throw Error(ErrorKind::internal, "cannot write " + file.string() + ": " + why +
                                       "; check the folder's permissions and its free space");
}

[[noreturn]] void is_there(const fs::path& file) {
  throw Error(ErrorKind::usage,
              file.string() + " is there already and is not overwritten: name a new file");
}

// Under a name of its own beside the file until it is whole.
class Unfinished {
 public:
  explicit Unfinished(const fs::path& file) : name_(file.string() + ".XXXXXX") {
    const int descriptor = ::mkostemp(name_.data(), O_CLOEXEC);
    if (descriptor < 0) cannot_write(file, std::generic_category().message(errno));
    ::close(descriptor);
  }
  ~Unfinished() { ::unlink(name_.c_str()); }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

void wait_for_disk(const std::string& name, const fs::path& file) {
  const int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  const bool written = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int fault = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!written) cannot_write(file, std::generic_category().message(fault));
}

// Unlike a rename, a link never takes the place of another file.
void link_as_new(const std::string& name, const fs::path& file) {
  if (::link(name.c_str(), file.c_str()) == 0) return;
  if (errno == EEXIST) is_there(file);
  cannot_write(file, std::generic_category().message(errno));
}

}  // namespace

void require_new(const fs::path& file) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(file, error))) is_there(file);
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!fs::is_directory(folder, error))
    throw Error(ErrorKind::usage,
                "there is no folder " + folder.string() + " for " + file.filename().string());
}

void copy_to_new_file(const fs::path& from, const fs::path& file) {
  const Unfinished unfinished(file);
  std::error_code error;
  fs::copy_file(from, unfinished.name(), fs::copy_options::overwrite_existing, error);
  if (!error)
    fs::permissions(unfinished.name(), fs::perms::owner_read | fs::perms::owner_write, error);
  if (error) cannot_write(file, error.message());
  wait_for_disk(unfinished.name(), file);
  link_as_new(unfinished.name(), file);
}

void move_to_new_file(const fs::path& from, const fs::path& file) {
  link_as_new(from.string(), file);
  ::unlink(from.c_str());
}

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  std::string name = (fs::temp_directory_path(error) / "defender-car-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorKind::internal, "cannot make a temporary folder " + name + ": " +
                                         std::generic_category().message(errno) +
                                         "; TMPDIR says where one may be made");
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace defender_car
