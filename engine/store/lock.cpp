#include "store/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/time.h"

namespace defender_car {
namespace {

constexpr std::string_view kHolder = "process ";
constexpr std::string_view kRun = "run ";
constexpr std::string_view kLeft = "left ";

std::string read_text(int descriptor) {
  char text[200];
  const ssize_t size = ::pread(descriptor, text, sizeof text, 0);
  return {text, size > 0 ? static_cast<std::size_t>(size) : 0};
}

bool is_alive(std::string_view holder) {
  pid_t process = 0;
  const char* number = holder.data() + kHolder.size();
  std::from_chars(number, holder.data() + holder.size(), process);
  return process > 0 && (::kill(process, 0) == 0 || errno != ESRCH);
}

// Between taking the lock and writing its name the holder is nobody, or the dead one before.
std::string read_holder(int descriptor) {
  for (int tries = 0; tries < 50; ++tries) {
    std::string holder = read_text(descriptor);
    if (holder.starts_with(kHolder) && is_alive(holder)) return holder.substr(0, holder.find('\n'));
    ::usleep(10'000);
  }
  return "a process that has just begun";
}

std::string_view last_line(std::string_view text) {
  return text.substr(text.find_last_of('\n') + 1);  // npos + 1 is 0
}

LockNote parse_note(std::string_view line) {
  LockNote left;
  if (line.starts_with(kLeft)) left.note = line.substr(kLeft.size());
  if (line.starts_with(kRun))
    std::from_chars(line.data() + kRun.size(), line.data() + line.size(), left.run);
  return left;
}

std::string note_line(const LockNote& left) {
  if (left.run != 0) return std::string(kRun) + std::to_string(left.run);
  return left.note.empty() ? "" : std::string(kLeft) + left.note;
}

bool write_text(int descriptor, const std::string& text) {
  return ::ftruncate(descriptor, 0) == 0 &&
         ::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

struct flock whole_file(short kind) {
  struct flock lock {};
  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  return lock;
}

// Beside the lock itself, and gone with it: who only asks whether a run is at work can look at this
// one without taking any, which a run that starts just then would take for another run's.
void show_lock(int descriptor) {
  struct flock mark = whole_file(F_WRLCK);
  static_cast<void>(::fcntl(descriptor, F_OFD_SETLK, &mark));
}

bool shows_lock(int descriptor) {
  struct flock mark = whole_file(F_WRLCK);
  return ::fcntl(descriptor, F_OFD_GETLK, &mark) == 0 && mark.l_type != F_UNLCK;
}

bool is_ordinary(int descriptor) {
  struct stat info {};
  return ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
}

/// To read; nothing where it is not there or no ordinary file. O_NONBLOCK: a pipe has no end.
int open_to_look(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 || is_ordinary(descriptor)) return descriptor;
  ::close(descriptor);
  return -1;
}

}  // namespace

StateLock::StateLock(const std::filesystem::path& file) {
  descriptor_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (descriptor_ >= 0 && !is_ordinary(descriptor_)) {
    ::close(descriptor_);
    throw Error(ErrorKind::internal, "the lock file " + file.string() +
                                         " is no ordinary file; move it away, then run again");
  }
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
  show_lock(descriptor_);
  left_ = parse_note(last_line(read_text(descriptor_)));
  holder_ = std::string(kHolder) + std::to_string(::getpid()) + ", since " + iso8601(system_now());
  if (!write_text(descriptor_, holder_ + "\n" + note_line(left_))) {
    const std::string reason = std::generic_category().message(errno);
    ::close(descriptor_);
    throw Error(ErrorKind::internal,
                "cannot write the lock file " + file.string() + ": " + reason +
                    "; check the disk's free space, quotas and the limit on the size of a file "
                    "(ulimit -f), then run again");
  }
}

StateLock::~StateLock() { ::close(descriptor_); }

void StateLock::note_run(std::int64_t run) {
  static_cast<void>(write_text(descriptor_, holder_ + "\n" + note_line({"", run})));
}

void StateLock::leave(const std::string& note) {
  static_cast<void>(write_text(descriptor_, note_line({note, 0})));
}

void StateLock::leave_as_found() { static_cast<void>(write_text(descriptor_, note_line(left_))); }

LockNote lock_note(const std::filesystem::path& file) {
  const int descriptor = open_to_look(file);
  if (descriptor < 0) return {};
  const std::string text = read_text(descriptor);
  ::close(descriptor);
  return parse_note(last_line(text));
}

std::string lock_holder(const std::filesystem::path& file) {
  const int descriptor = open_to_look(file);
  if (descriptor < 0) return "";
  std::string holder = shows_lock(descriptor) ? read_holder(descriptor) : "";
  ::close(descriptor);
  return holder;
}

}  // namespace defender_car
