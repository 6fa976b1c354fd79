#pragma once
// What all fuzz targets share. A target is one function from the bytes of an outside text to
// promises about it; libFuzzer calls it (scripts/fuzz), and so does replay.cpp with the inputs that
// are kept (ctest fuzz_*).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/body.h"
#include "json/records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// Ends the process, as a crash does, with the name of the promise that was broken.
void promise(bool kept, const char* what);

bool is_utf8(std::string_view text);
/// One line of UTF-8 without control characters.
bool is_printable(std::string_view text);

/// The first byte chooses one of `choices`, and is gone from the text. For corpora made by hand:
/// '0' chooses the first one.
std::size_t choose(std::string_view& text, std::size_t choices);

/// A JSON text as a body that lies in a file, in such a way that the border of two pieces of
/// reading falls into its middle.
defender_car::Body in_file(std::string_view json);

/// The fields of a record, in a form that can be compared.
std::string as_text(std::span<const defender_car::Field> fields);

inline std::string_view input(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view()
                   : std::string_view(reinterpret_cast<const char*>(data), size);
}

}  // namespace fuzz
