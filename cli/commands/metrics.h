#pragma once
// --metrics-file: what a run left, in the text format of Prometheus' textfile collector.
//
// Guarantees: the file is there whole or not at all, 0644, without client timestamps; a run that
// failed before it began writes one too, with what is known. Never replaces a file of others. A
// file that cannot be written is a warning and changes no exit code.

#include <filesystem>

#include "run/settings.h"

namespace defender_car {

/// After a run that ended with `exit_code` and took so many seconds.
void write_metrics(const std::filesystem::path& file, const SyncSettings& settings, int exit_code,
                   double seconds);

}  // namespace defender_car
