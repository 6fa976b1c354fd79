#pragma once
// Files for others to read, there whole or not at all.

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace defender_car {

/// Writes the text under another name beside the file and renames it, so that a reader sees the old
/// text or the new one. Throws Error(internal) where it cannot be written; then nothing is left
/// behind.
void replace_file(const std::filesystem::path& file, const std::string& text, ::mode_t mode);

}  // namespace defender_car
