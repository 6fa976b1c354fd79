#include "cli/output/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "cli/output/text.h"

namespace defender_car {
namespace {

/// One column less than the terminal has, so that the line never wraps.
std::size_t columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return 79;
  return size.ws_col - 1U;
}

}  // namespace

std::string progress_line(std::string_view what, std::int64_t done, std::int64_t total,
                          double elapsed_seconds) {
  std::string line = printable(what);
  if (total > 0) {
    line += "  " + std::to_string(done) + " of " + std::to_string(total);
  } else if (done > 0) {
    line += "  " + std::to_string(done);
  }
  line += "  " + duration(std::llround(elapsed_seconds));
  // An estimate from the first second would jump about.
  if (total > done && done > 0 && elapsed_seconds >= 2) {
    const double rest =
        elapsed_seconds * static_cast<double>(total - done) / static_cast<double>(done);
    line += ", about " + duration(std::llround(rest)) + " left";
  }
  return line;
}

void TerminalProgress::report(std::string_view what, std::int64_t done, std::int64_t total) {
  const auto now = Clock::now();
  if (what != what_) {
    what_ = what;
    since_ = now;
  } else if (shown_ && now - shown_at_ < std::chrono::milliseconds(100)) {
    return;
  }
  shown_at_ = now;
  show(progress_line(what, done, total, std::chrono::duration<double>(now - since_).count()));
}

void TerminalProgress::waiting(std::string_view why, std::int64_t wait_ms) {
  show("waiting " + duration((wait_ms + 999) / 1000) + ": " + printable(why));
}

void TerminalProgress::clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

void TerminalProgress::show(const std::string& line) {
  const std::string text = "\r\033[K" + std::string(shorten(line, columns()));
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace defender_car
