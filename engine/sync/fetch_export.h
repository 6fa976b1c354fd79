#pragma once
// Software and CVEs without hunting: by the vulnerability export and the list of CVEs. Private to
// sync.

#include <optional>
#include <string>

#include "sync/run.h"

namespace defender_car {

/// Where the delta begins that this run reads; nothing: all rows are due.
std::optional<std::string> export_since(Run& run);

/// All rows into stage.SoftwareVulnerabilities, or the changes since then into
/// stage.SoftwareVulnerabilityChanges. A delta that Defender refuses becomes a reading of all, and
/// the dataset is begun again as such. Throws as DefenderClient::read_software_export does.
void read_software_export(Run& run, const std::optional<std::string>& since);

/// The knowledge base by `/api/vulnerabilities`: of the CVEs that are ours, all of them or those
/// that are new here or were updated since.
void list_knowledge(Run& run, const std::optional<std::string>& since);

}  // namespace defender_car
