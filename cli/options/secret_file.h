#pragma once
// A secret out of a file of its own. No message holds any of it.

#include <string>
#include <vector>

namespace defender_car {

/// The file's text without a byte order mark and line ends behind it. A file that others may read
/// earns a warning, not a refusal: container secrets are mounted that way. Throws Error(usage) for
/// a file that cannot be read, is UTF-16, holds no single line or one that begins or ends with a
/// blank: the service would refuse it, and nobody would see why.
std::string read_secret_file(const std::string& path, std::vector<std::string>& warnings);

/// A warning when group or others may read this regular file.
void warn_when_readable(const std::string& path, std::vector<std::string>& warnings);

/// Throws Error(usage) for a secret with control characters: it would break the header that carries
/// it.
void check_secret(const std::string& secret);

}  // namespace defender_car
