#include "base/private_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "base/error.h"

namespace defender_car {
namespace fs = std::filesystem;

PrivateFolder::PrivateFolder() {
  const char* place = std::getenv("TMPDIR");
  std::string name =
      (fs::path(place != nullptr && *place != '\0' ? place : "/tmp") / "defender-car-XXXXXX")
          .string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorKind::usage, "cannot make a temporary folder " + name + ": " +
                                      std::generic_category().message(errno) +
                                      "; name a place for it in the environment (TMPDIR)");
  }
  path_ = name;
}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace defender_car
