#pragma once
// A file that is there whole or not at all.

#include <filesystem>

namespace defender_car {

/// Throws Error(usage) when there is something of that name already, or no folder for it.
void require_new(const std::filesystem::path& file);

/// Copies a finished file to that new name, 0600, on the disk when this returns. Throws
/// Error(usage) when there is one by now, Error(internal) when it cannot be written.
void copy_to_new_file(const std::filesystem::path& from, const std::filesystem::path& file);

}  // namespace defender_car
