#pragma once
// Files compressed at rest, by zlib in gzip's format: gunzip reads them, too.

#include <filesystem>

namespace defender_car {

/// Writes `to` anew, 0600. Throws Error(internal) naming the file that cannot be read or written.
void compress_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// The same way back. Throws Error(bad_data) when `from` is damaged or cut off, Error(internal)
/// when `to` cannot be written.
void expand_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace defender_car
