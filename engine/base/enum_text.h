#pragma once
// The texts of an enum: one table a type, used to write and to read it.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace defender_car {

/// The texts stand in the order of the enumerators, which count from 0.
template <typename Enum, std::size_t N>
struct EnumTexts {
  const char* what;  ///< what the enum is, for messages: "outcome of a run"
  std::array<std::string_view, N> texts;

  constexpr std::string_view operator()(Enum value) const {
    return texts[static_cast<std::size_t>(value)];
  }
  std::string text(Enum value) const { return std::string((*this)(value)); }
  std::string text(const std::optional<Enum>& value) const { return value ? text(*value) : ""; }

  /// Throws Error(internal) for a text that is none of them.
  Enum read(std::string_view text) const {
    const auto found = std::find(texts.begin(), texts.end(), text);
    if (found == texts.end())
      throw Error(ErrorKind::internal, "'" + std::string(text) + "' is no " + what);
    return static_cast<Enum>(found - texts.begin());
  }
};

}  // namespace defender_car
