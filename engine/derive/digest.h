#pragma once
// The digest of a run: what it made of the desired graph, as one SHA-256 that a replay on another
// machine must find again (ARCHITECTURE.md, "Digests").
//
// Of a full import: over the lines of the whole graph, each with its newline: exactly what
// `SELECT line FROM audit_graph` prints. Of an incremental run: over the digest that it builds on
// and the lines of its changes. CAR's answers are no part of it.

#include <string>
#include <vector>

#include "run/run.h"

namespace defender_car {

/// Within derive's transaction, after its last script. Writes the digest into the run's row and, of
/// a run that is no replay, into its stage with what it was made of.
void write_digest(Run& run);

/// What the digest of the run at hand is in the state file, and in its stage.
struct DigestPair {
  std::string recorded;
  std::string here;
  bool equal() const { return recorded == here; }
};
DigestPair digests(Run& run);

/// The first `limit` differences between the recorded run and its replay, each a line for a person:
/// "recorded only: …", "here only: …". Before the next derivation.
std::vector<std::string> digest_differences(Run& run, int limit);

}  // namespace defender_car
