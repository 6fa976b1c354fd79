#pragma once
// A secret out of a file of its own. No message holds any of it.

#include <string>
#include <vector>

namespace defender_car {

/// The file's text without one trailing line break. A file that others may read earns a warning,
/// not a refusal: container secrets are mounted that way. Throws Error(usage) for a file that
/// cannot be read or holds no single line.
std::string read_secret_file(const std::string& path, std::vector<std::string>& warnings);

/// A warning when group or others may read this regular file.
void warn_when_readable(const std::string& path, std::vector<std::string>& warnings);

/// Throws Error(usage) for a secret with control characters: it would break the header that carries
/// it.
void check_secret(const std::string& secret);

}  // namespace defender_car
