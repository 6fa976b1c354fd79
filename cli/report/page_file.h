#pragma once
// A page that a command writes into a file of a person's choice.

#include <filesystem>
#include <string>

namespace defender_car {

/// Writes the file 0600 under another name beside it and renames it, so that a reader sees the old
/// page or the new one. Replaces an earlier page of `report` (HTML with its title, or its JSON
/// document) and nothing else, no empty file either. Throws Error(usage) where the file is
/// something else or its folder is not there, Error(internal) where it cannot be written; then
/// nothing is left behind.
void write_page_file(const std::filesystem::path& file, const std::string& text);

}  // namespace defender_car
