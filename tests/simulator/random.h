// The simulator's only source of chance: a Mersenne twister and integer helpers. The standard
// distributions are left out on purpose, since their results differ between libraries.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace simulator {

class Random {
 public:
  explicit Random(uint64_t seed = 1) : engine_(seed) {}

  uint64_t next() { return engine_(); }
  /// 0 .. limit - 1
  size_t below(size_t limit) { return static_cast<size_t>(engine_() % limit); }
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  /// True in `parts` of 100,000 cases.
  bool chance(int parts) { return engine_() % 100000 < static_cast<uint64_t>(parts); }
  /// How many of `count` things happen, each in `parts` of 100,000 cases: the whole part for
  /// certain, the rest by chance.
  size_t portion(size_t count, int parts) {
    const uint64_t total = count * static_cast<uint64_t>(parts);
    return static_cast<size_t>(total / 100000 + (engine_() % 100000 < total % 100000 ? 1 : 0));
  }
  template <typename List>
  const auto& pick(const List& list) {
    return list[below(list.size())];
  }
  std::string hex(size_t digits, bool upper = false) {
    const char* alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string out;
    while (out.size() < digits) {
      uint64_t bits = engine_();
      for (int i = 0; i < 16 && out.size() < digits; ++i, bits >>= 4) out += alphabet[bits & 15U];
    }
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace simulator
