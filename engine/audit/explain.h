#pragma once
// Why CAR holds what it holds, or why no longer: one word of a person's, and what the state file
// knows of it. Built on the views of schema/audit/20_explain.sql.
//
// Guarantees: reads only, from one moment, also beside a run; each query goes by an index, and what
// is shown of one thing is bounded (the limits below), so that an answer takes less than a second
// in a fleet of 100,000 machines. It asks neither Defender nor CAR: what it says of CAR is what CAR
// answered last.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"

namespace defender_car {

inline constexpr int kEdgesShown = 200;        ///< of one vertex
inline constexpr int kHoldersShown = 5;        ///< of one edge: machine and aspect
inline constexpr int kMachinesCounted = 1000;  ///< of one edge
inline constexpr int kCandidatesShown = 100;
inline constexpr int kLeftOutShown = 100;
inline constexpr int kRecentShown = 5;

/// A removal as the ledger has it. Texts are "" where they are not known.
struct Removal {
  std::int64_t run_id = 0;
  std::string at;         ///< UTC, ISO 8601, this host's clock
  std::string operation;  ///< disable, delete (an edge: with its asset), drop (a full import's end)
  std::string reason;     ///< inactive-15, network changed …
  std::string evidence;   ///< the machine, or Defender's words, behind it
  std::string answer;     ///< CAR's
};

/// What is promised to CAR and not answered for.
struct PendingOperation {
  std::string operation;  ///< vertex, edge, touch, disable, delete
  std::string reason;
  std::string evidence;
  std::int64_t run_id = 0;
  bool handed_over = false;  ///< CAR may have carried it out
};

/// How a vertex or an edge stands.
struct ObjectState {
  /// active; leaving (CAR holds it, nothing derives it any longer); waiting (derived, not
  /// acknowledged yet); refused (derived, CAR does not take it); gone; never (no removal in the
  /// ledger: it never was in CAR, or before the ledger begins)
  std::string state;
  std::string since;               ///< of active and leaving: when CAR first acknowledged it
  std::int64_t since_run = 0;      ///< 0 where there is none, as with all run ids here
  std::int64_t confirmed_run = 0;  ///< the last run that reported it
  std::string imported_as;         ///< why that run imported it: new, changed, full import …
  std::string import_job;          ///< CAR's name for the import
  std::string refused;             ///< CAR's words
  std::int64_t refused_run = 0;
  std::optional<Removal> removal;  ///< of gone: the latest
  std::optional<PendingOperation> pending;
};

struct VertexStory {
  std::string kind;  ///< asset, hostname, ipaddress, macaddress, user, account, alert, cve …
  std::string car_collection;
  std::string key;
  std::string body;  ///< JSON, as it was sent; "" where CAR holds none
  ObjectState standing;
};

/// A machine that holds an edge up in one aspect, and the rows of Defender behind it.
struct Holder {
  std::string machine;
  std::string name;
  std::string aspect;          ///< machine, network, users, alerts, software
  std::int64_t since_run = 0;  ///< the run in which it began to
  std::string
      held_back;  ///< why its removals wait; with no row: why the edge is there all the same
  std::vector<std::string> rows;  ///< a JSON object each, "table" and that table's columns
};

struct EdgeStory {
  std::string edge;  ///< CAR's collection: asset_ipaddress …
  std::string from_kind;
  std::string from_key;
  std::string from_name;  ///< of a machine its host name, of an alert its title; "" for none
  std::string to_kind;
  std::string to_key;
  std::string to_name;
  ObjectState standing;
  std::int64_t machines = 0;  ///< that derive it; kMachinesCounted means: so many or more
  std::vector<Holder> holders;
};

struct SetAside {
  std::string dataset;  ///< machines, network, users, alerts, vulnerabilities, CAR
  std::string record_key;
  std::string reason;
  std::int64_t first_run = 0;
  std::int64_t last_run = 0;
  std::string record;  ///< what came, at most 2,000 characters
};

/// What Defender said and CAR is not told.
struct LeftOut {
  std::string machine;  ///< "" where it is no machine's
  std::string field;    ///< Defender's name for it
  std::string value;    ///< as it came
  std::string reason;
};

struct HeldBack {
  std::string aspect;  ///< one of Holder::aspect, or all
  std::string reason;
  std::int64_t since_run = 0;
};

/// A dataset, and the run that last brought something new of it; "graph": what the machine derives.
struct LastChange {
  std::string dataset;
  std::int64_t run_id = 0;
};

struct IncompleteDataset {
  std::int64_t run_id = 0;
  std::string dataset;
  std::string state;  ///< incomplete, held, excluded, unavailable
  std::string problem;
};

/// What is known of a machine beyond its vertex.
struct MachineStory {
  bool listed = false;  ///< Defender's last word knows it; without it only what follows is filled
  std::vector<HeldBack> held_back;
  std::string name;
  std::string health_status;
  std::string last_seen;            ///< UTC, ISO 8601
  bool is_asset = false;            ///< CAR shall hold it
  std::string leaves_at;            ///< last_seen + 15 days; "" while they do not count
  std::optional<double> days_left;  ///< by Defender's clock of the last run
  std::string fifteen_days;         ///< a sentence
  std::optional<bool> in_scope;     ///< nothing: Defender does not list it
  std::string out_of_scope;         ///< why it does not count; "": it does
  std::vector<LastChange> last_changes;
  std::vector<IncompleteDataset> incomplete;  ///< in those runs
};

/// One thing that WHAT may mean.
struct Subject {
  std::string kind;  ///< of a vertex; account stands for user, too
  std::string key;
  std::string about;  ///< of one machine among several: name, health, last seen
};

/// An edge that came ("+") or went ("-").
struct EdgeChange {
  std::string at;  ///< UTC, ISO 8601, this host's clock
  std::string change;
  std::string edge;
  std::string from_kind;
  std::string from_key;
  std::string to_kind;
  std::string to_key;
  std::int64_t run_id = 0;
  std::string reason;  ///< of one that went
};

struct Explanation {
  /// What it is about; several: WHAT is ambiguous, and nothing else is filled. None: edges.
  std::vector<Subject> subjects;
  std::optional<MachineStory> machine;
  std::string defender_row;  ///< of a machine, an alert, a CVE: Defender's last word, JSON
  std::string why_not;       ///< why CAR holds none such because of it
  std::vector<SetAside> set_aside;
  std::vector<LeftOut> left_out;  ///< at most kLeftOutShown
  std::vector<VertexStory> vertices;
  std::vector<EdgeStory> edges;
  bool more_edges = false;         ///< than are shown
  std::vector<EdgeChange> recent;  ///< at most kRecentShown, the newest first
};

/// WHAT is a machine's id or name, a host name, an address, a MAC in any usual spelling, an
/// account, a CVE, an alert's id, an application's key, any of them behind its kind and a colon
/// (hostname:pc-1), or two of them with " -> " between: the edges from one to the other. Throws
/// Error(usage) when nothing of the kind is known, with names that begin alike.
Explanation explain(Database& state, const std::string& what);

/// The same of a working folder.
Explanation explain(const std::filesystem::path& working_dir, const std::string& what);

}  // namespace defender_car
