#include "sweep.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

namespace sweep {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool full_length() {
  const char* text = std::getenv("DEFENDER_CAR_SWEEP");
  return text != nullptr && std::string_view(text) == "full";
}

namespace {

// Each point costs several times as much under the sanitizers.
std::size_t thinned(std::size_t sample) {
#ifdef DEFENDER_CAR_SANITIZE
  return (sample + 2) / 3;
#else
  return sample;
#endif
}

}  // namespace

std::vector<std::size_t> points(std::size_t count, std::size_t sample) {
  if (count == 0) return {};
  if (const char* one = std::getenv("DEFENDER_CAR_SWEEP_POINT"))
    return {std::min<std::size_t>(std::strtoull(one, nullptr, 10), count - 1)};
  const std::size_t wanted =
      full_length() ? count : std::min(std::max<std::size_t>(thinned(sample), 1), count);
  if (wanted == 1) return {count / 2};
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < wanted; ++i) out.push_back(i * (count - 1) / (wanted - 1));
  return out;
}

std::uint64_t seeds(std::uint64_t full, std::uint64_t sample) {
  return full_length() ? full : thinned(sample);
}

Tally::Tally(std::string name) : name_(std::move(name)) {}

Tally::~Tally() {
  end_point();
  const char* file = std::getenv("DEFENDER_CAR_SWEEP_TABLE");
  if (file == nullptr) return;
  std::ofstream table(file, std::ios::app);
  table << name_ << '\t' << tried_ << '\t' << survived_ << '\t' << wrong_removals_ << '\t'
        << not_converged_ << '\t' << longest_.count() << '\n';
}

void Tally::begin_point() {
  end_point();
  open_ = true;
  begun_ = steady_clock::now();
  ++tried_;
}

void Tally::end_point() {
  if (!open_) return;
  longest_ = std::max(longest_, duration_cast<milliseconds>(steady_clock::now() - begun_));
  open_ = false;
}

}  // namespace sweep
