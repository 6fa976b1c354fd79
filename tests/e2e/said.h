// What the real program (DEFENDER_CAR_PROGRAM) says and how it ends, with a harness' settings.
#pragma once

#include <string>

#include "harness.h"

namespace e2e {

struct Said {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// `words` go to a shell: the command and its options.
Said say(const Harness& harness, const std::string& words);

}  // namespace e2e
