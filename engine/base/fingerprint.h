#pragma once
// A short name for a text (FNV-1a, 64 bits): says whether two texts are the same one. No protection
// against forgery.

#include <cstdint>
#include <string_view>

namespace defender_car {

constexpr std::uint64_t kFingerprintStart = 14695981039346656037ULL;

constexpr std::uint64_t fingerprint(std::string_view text, std::uint64_t hash = kFingerprintStart) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace defender_car
