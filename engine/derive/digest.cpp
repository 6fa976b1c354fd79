#include "derive/digest.h"

#include <array>

#include "base/printable.h"
#include "base/sha256.h"

namespace defender_car {
namespace {

// Both statements come in the order of (collection, key): an edge follows the vertex where it
// begins.
class GraphDigest {
 public:
  explicit GraphDigest(Database& state)
      : state_(state),
        vertices_(state.statement("digest/vertices")),
        edges_(state.statement("digest/edges")) {}

  std::string run() {
    bool edge = edges_.step();
    while (vertices_.step()) {
      const std::int64_t vertex = vertices_.integer(0);
      std::string lines = vertices_.text(3) + "\n";
      for (; edge && edges_.integer(0) == vertex; edge = edges_.step())
        lines += edges_.text(1) + "\n";
      whole_.add(lines);
      part_.add(lines);
      state_.statement("digest/part")
          .bind("collection", vertices_.text(1))
          .bind("key", vertices_.text(2))
          .bind("hash", part_.finish().substr(0, 16))
          .run();
    }
    if (edge) throw Error(ErrorKind::internal, "an edge of the desired graph begins nowhere");
    return whole_.finish();
  }

 private:
  Database& state_;
  Statement& vertices_;
  Statement& edges_;
  Sha256 whole_;
  Sha256 part_;
};

std::string digest_of_changes(Database& state) {
  Sha256 sum;
  sum.add(state.text("digest/builds_on") + "\n");
  Statement& lines = state.statement("digest/changes");
  while (lines.step()) sum.add(lines.text(0) + "\n");
  return sum.finish();
}

std::vector<std::string> differing_changes(Database& state, int limit) {
  std::vector<std::string> lines;
  Statement& query = state.statement("digest/differing_changes").bind("limit", limit);
  while (query.step())
    lines.push_back((query.text(0) == "<" ? "recorded only: " : "here only: ") +
                    printable(query.text(1), 500));
  return lines;
}

std::vector<std::string> differing_parts(Database& state, int limit) {
  std::vector<std::array<std::string, 3>> parts;
  Statement& query = state.statement("digest/differing_parts").bind("limit", limit);
  while (query.step()) parts.push_back({query.text(0), query.text(1), query.text(2)});
  std::vector<std::string> lines;
  for (const auto& [collection, key, side] : parts) {
    lines.push_back(collection + " " + printable(key, 200) + " " + side);
    const auto here = state.statement("digest/part_lines")
                          .bind("collection", collection)
                          .bind("key", key)
                          .texts();
    for (const std::string& line : here) lines.push_back("  here: " + printable(line, 500));
  }
  return lines;
}

void keep_in_stage(Run& run, const std::string& digest) {
  for (const char* part : {"digest/keep_changes", "digest/keep_parts", "digest/keep_withheld"})
    run.state.statement(part).run();
  run.state.statement("digest/keep")
      .bind("digest", digest)
      .bind("session", run.session_allowed ? 1 : 0)
      .run();
}

}  // namespace

void write_digest(Run& run) {
  run.state.run_script("schema/phase/60_digest.sql");
  const std::string digest =
      run.full() ? GraphDigest(run.state).run() : digest_of_changes(run.state);
  std::string recorded = run.state.text("digest/recorded");
  if (recorded.empty()) {
    keep_in_stage(run, digest);
    recorded = digest;
  }
  run.state.statement("digest/of_run")
      .bind("digest", digest)
      .bind("run_id", run.report.run_id)
      .run();
  // What comes next builds on what was recorded, so that each run of a chain is judged by itself.
  run.stored.set(StateSetting::digest, recorded);
}

DigestPair digests(Run& run) {
  return {
      run.state.text("digest/recorded"),
      run.state.statement("digest/here").bind("run_id", run.report.run_id).value().value_or("")};
}

std::vector<std::string> digest_differences(Run& run, int limit) {
  return run.full() ? differing_parts(run.state, limit) : differing_changes(run.state, limit);
}

}  // namespace defender_car
