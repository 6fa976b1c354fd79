#include "mirror.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>

#include "base/error.h"
#include "fetch/stage_table.h"
#include "store/migrator.h"
#include "target.h"

namespace fuzz {
namespace fs = std::filesystem;
using namespace defender_car;

namespace {

// In memory where that can be had: the disk is not what is tested.
fs::path place_for_folders() {
  return access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path();
}

constexpr std::string_view kBegin = R"sql(
INSERT INTO run (run_id, mode, started_at) VALUES (1, 'full', '2026-03-01T00:00:00.000Z');
INSERT INTO stage.run (run_id, mode, reason, now, tenant, source, identity_model, network_source, program, report,
                       derivation, builds_on)
VALUES (1, 'full', 'fuzz', '2026-03-01T00:00:00.000Z', 't', 's', 'account', 'hunting', 'fuzz', 1, '', '');
INSERT INTO stage.dataset (name, state, whole)
SELECT value, 'complete', 1
FROM json_each('["machines","network","users","alerts","vulnerabilities","knowledge_base"]');
INSERT INTO stage.users_reading (machineId, source, state) VALUES ('m1', 'hunting', 'read'), ('m2', 'api', 'read');
CREATE TEMP TABLE promise (what TEXT NOT NULL, kept INTEGER NOT NULL CHECK (kept));
)sql";

// A machine of which no input can say anything: its id is no text that one would guess.
constexpr std::string_view kGoodMachine = R"sql(
INSERT INTO stage.MachineInfo (id, computerDnsName, osPlatform, healthStatus, firstSeen, lastSeen)
VALUES ('good-5dd1b7c4', 'good.example.com', 'Windows11', 'Active', '2026-01-01T00:00:00Z',
        '2026-02-28T00:00:00Z'),
       ('m1', 'm1.example.com', 'Windows11', 'Active', '2026-01-01T00:00:00Z', '2026-02-28T00:00:00Z'),
       ('m2', 'm2.example.com', 'Linux', 'Active', '2026-01-01T00:00:00Z', '2026-02-28T00:00:00Z')
ON CONFLICT DO NOTHING;
)sql";

constexpr std::string_view kPromises = R"sql(
INSERT INTO promise SELECT 'the good machine became an asset', count(*) = 1
FROM outbox o JOIN vertex v ON v.vertex_id = o.object_id
WHERE o.operation = 'vertex' AND v.collection = 'asset' AND v.key = 'good-5dd1b7c4';
INSERT INTO promise SELECT 'what is sent is JSON', count(*) = 0
FROM outbox WHERE operation = 'vertex' AND (NOT json_valid(body) OR json_type(body) <> 'object');
INSERT INTO promise SELECT 'no end of an edge is empty', count(*) = 0
FROM edge_name WHERE from_key = '' OR to_key = '';
INSERT INTO promise SELECT 'every record set aside stands in rejected', count(*) = 0
FROM stage.MachineInfo WHERE set_aside IS NOT NULL
  AND coalesce(CAST(id AS TEXT), '') NOT IN (SELECT record_key FROM rejected WHERE dataset = 'machines');
)sql";

constexpr std::string_view kForget = R"sql(
DELETE FROM stage.MachineInfo; DELETE FROM stage.MachineNetworkInfo; DELETE FROM stage.Alerts;
DELETE FROM stage.LogonUsers; DELETE FROM stage.DeviceInfo; DELETE FROM stage.SoftwareVulnerabilities;
DELETE FROM stage.VulnerabilityKb; DELETE FROM stage.left_out; DELETE FROM stage.row_score;
)sql";

}  // namespace

Mirror::Mirror() {
  std::string name = (place_for_folders() / "defender-car-fuzz-XXXXXX").string();
  promise(mkdtemp(name.data()) != nullptr, "a folder can be made");
  folder_ = name;
  state_.emplace(folder_ / "state.db", OpenMode::create);
  migrate(*state_);
  state_->attach(folder_ / "stage.db", "stage");
  // A crash ends without destructors: open files are all that is left of them.
  fs::remove_all(folder_);
  state_->exec("PRAGMA synchronous = OFF");
  state_->run_script("schema/stage/10_tables.sql");
  state_->exec(kBegin);
}

Mirror::~Mirror() = default;

void Mirror::stage(const std::string& insert, std::span<const int> json_columns, const Read& read,
                   std::optional<std::string> machine) {
  StageTable table(*state_, insert, json_columns);
  if (machine) table.set_first(std::move(*machine));
  read(table);
}

void Mirror::derive() {
  try {
    state_->exec(kGoodMachine);
    Transaction transaction(*state_);
    for (const char* script :
         {"00_begin", "05_return", "06_parameters", "07_logged_on", "08_nothing", "10_accept",
          "20_merge", "25_changes", "30_assets", "40_derive", "50_diff"}) {
      state_->run_script("schema/phase/" + std::string(script) + ".sql");
    }
    state_->exec(kPromises);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    promise(false, "no record makes the derivation fail");
  }
  state_->exec(kForget);
}

}  // namespace fuzz
