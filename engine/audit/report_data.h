#pragma once
// All that `report` tells, read from the state file in one go.
//
// Guarantees: one moment of the state, also while a run writes; every list has a limit and says how
// many rows it stands for; every text is fit to be shown: one line of UTF-8, at most 300 bytes, a
// message 1,200. The views behind it are in schema/audit/30_report.sql. Counts are of records
// unless said otherwise, times are UTC, ISO 8601. "Recent": the 14 calendar days up to the newest
// run.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/verdict.h"
#include "base/time.h"

namespace defender_car {

template <typename Row>
struct Listed {
  std::vector<Row> rows;
  std::int64_t total = 0;  ///< rows there are, listed or not
};

struct DaySent {
  std::string day;  ///< 2026-11-24
  std::int64_t runs = 0;
  std::int64_t done = 0;
  std::int64_t partial = 0;
  std::int64_t held = 0;
  std::int64_t failed = 0;  ///< failed, interrupted or killed
  std::int64_t imported = 0;
  std::int64_t updated = 0;
  std::int64_t removed = 0;
  double longest_seconds = 0;
};

struct RemovalReason {
  std::string operation;   ///< disable, delete, drop
  std::string collection;  ///< CAR's
  std::string reason;
  std::int64_t records = 0;
  std::string last_at;
};

struct DeletedMachine {
  std::string machine;
  std::string name;  ///< "" where Defender no longer knows it
  std::string at;
  std::int64_t run_id = 0;
  std::string reason;
  std::string evidence;
};

/// Runs that were not good, or readings that were not complete, of one kind.
struct Trouble {
  std::string what;  ///< the runs' outcome; or the dataset
  std::string kind;  ///< the runs' failure; or the dataset's state
  std::int64_t runs = 0;
  std::string first_at;
  std::string last_at;
  std::int64_t last_run = 0;
  std::string text;  ///< of the last of them
};

struct WithheldCount {
  std::string reason;
  std::string aspect;
  std::int64_t machines = 0;
  std::int64_t run_id = 0;  ///< that held them back last
};

struct Platform {
  std::string name;
  std::int64_t machines = 0;
  std::int64_t active = 0;
  std::int64_t impaired = 0;  ///< ImpairedCommunication, NoSensorData or both
  std::int64_t inactive = 0;
  std::int64_t in_car = 0;
  std::int64_t other() const { return machines - active - impaired - inactive; }
};

struct Health {
  std::string name;
  std::int64_t machines = 0;
  std::int64_t in_car = 0;
};

struct LeavingDay {
  std::int64_t days_left = 0;
  std::int64_t machines = 0;
};

struct LeavingMachine {
  std::string machine;
  std::string name;
  std::string last_seen;
  std::string leaves_at;
  double days_left = 0;  ///< below 0: its time is over and a guard holds it
};

struct SetAsideReason {
  std::string dataset;
  std::string reason;
  std::int64_t records = 0;
  std::int64_t standing = 0;  ///< of these, met by the last finished run
  std::int64_t first_run = 0;
  std::int64_t last_run = 0;
};

struct Severity {
  std::string name;  ///< critical, high, medium, low, none, not scored
  std::int64_t cves = 0;
  std::int64_t findings = 0;  ///< pairs of a machine and a CVE
};

/// Open alerts of one severity, by age of their first event.
struct OpenAlerts {
  std::string severity;
  std::int64_t alerts = 0;
  std::int64_t in_car = 0;
  std::int64_t day = 0;    ///< less than a day old
  std::int64_t week = 0;   ///< less than seven days
  std::int64_t month = 0;  ///< less than 30 days
  std::int64_t older = 0;
};

struct AlertMachine {
  std::string machine;
  std::string name;  ///< "" where Defender does not list it
  std::int64_t alerts = 0;
  std::int64_t high = 0;  ///< of severity High
  std::string last_update;
};

/// Machines that CAR shall hold, of one risk and value.
struct FleetRisk {
  std::string risk;   ///< Defender's riskScore, or "not known"
  std::string value;  ///< Defender's deviceValue, or "not known"
  std::int64_t machines = 0;
};

struct Software {
  std::string name;  ///< vendor:name:version
  std::int64_t cves = 0;
  double worst = 0;  ///< CVSS
  std::int64_t machines = 0;
};

struct ReportData : Verdict {
  std::int64_t known_machines = 0;  ///< by Defender
  Listed<RunSent> runs;             ///< newest first
  Listed<DaySent> days;             ///< oldest first
  Listed<RemovalReason> removals;
  Listed<DeletedMachine> deleted;
  Listed<Trouble> failures;
  Listed<Trouble> incomplete;
  Listed<WithheldCount> held_back;
  Listed<Platform> platforms;
  Listed<Health> health;
  Listed<LeavingDay> leaving_days;
  Listed<LeavingMachine> leaving;
  Listed<SetAsideReason> set_aside;
  Listed<Severity> severities;
  Listed<Software> software;
  Listed<OpenAlerts> open_alerts;
  Listed<AlertMachine> alert_machines;
  Listed<FleetRisk> risks;
};

/// `now` decides ages and whether a run is late, nothing else. Throws Error(usage) when there is no
/// state file or it was last written by a program that had no report, Error(internal) when it
/// cannot be read.
ReportData read_report(const std::filesystem::path& working_dir, EpochMs now);

}  // namespace defender_car
