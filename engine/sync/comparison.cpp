#include "sync/comparison.h"

#include <map>

#include "car/readback.h"
#include "run/state_settings.h"

namespace defender_car {
namespace {

constexpr std::int64_t kListed = 1000;
constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t store_vertex(Database& state, const CarCollection& collection,
                          const ReadbackRow& row) {
  state.statement("verify/vertex")
      .bind("collection", collection.name)
      .bind("key", row.key)
      .bind("active", row.active ? 1 : 0)
      .bind("body", row.body)
      .run();
  const bool is_new = state.changes() > 0;
  if (!is_new && row.active)
    state.statement("verify/vertex_again")
        .bind("collection", collection.name)
        .bind("key", row.key)
        .bind("body", row.body)
        .run();
  return is_new ? 1 : 0;
}

std::int64_t store_edge(Database& state, const CarCollection& collection, const ReadbackRow& row) {
  const auto bound = [&](const char* name) -> Statement& {
    return state.statement(name)
        .bind("collection", collection.name)
        .bind("from", row.key)
        .bind("to", row.to);
  };
  bound("verify/edge").bind("active", row.active ? 1 : 0).run();
  const bool is_new = state.changes() > 0;
  if (!is_new && row.active) bound("verify/edge_again").run();
  return is_new ? 1 : 0;
}

class Comparison {
 public:
  Comparison(Database& state, CarClient& car, Progress& progress)
      : state_(state), car_(car), progress_(progress) {
    report_.source = car.settings().source;
    report_.identity_model = StateSettings(state).get(StateSetting::identity_model);
    if (report_.identity_model.empty()) report_.identity_model = "user";
  }

  VerifyReport run(int sample) {
    state_.run_script("schema/verify/10_begin.sql");
    if (sample > 0) choose_sample(sample);
    for (const CarCollection& collection :
         car_collections(kIdentityModels.read(report_.identity_model))) {
      // A vertex other than an asset is nobody's own: a sample leaves those and their edges out.
      if (sample > 0 && collection.name != "asset" && collection.from != "asset") continue;
      read(collection);
    }
    compare();
    return std::move(report_);
  }

 private:
  void choose_sample(int size) {
    state_.statement("verify/choose_sample")
        .bind("day", system_now() / kDayMs)
        .bind("size", size)
        .run();
    Statement& rows = state_.statement("verify/sample");
    while (rows.step()) {
      report_.sample.push_back({rows.text(0), rows.text(1)});
      assets_.push_back(rows.text(0));
    }
    if (assets_.empty())
      throw Error(ErrorKind::usage,
                  "there is no machine to look at: CAR has acknowledged none yet; leave --sample "
                  "out, or run `defender-car sync` first");
  }

  void read(const CarCollection& collection) {
    state_.statement("verify/read_collection")
        .bind("name", collection.name)
        .bind("from", collection.from)
        .bind("to", collection.to)
        .run();
    std::int64_t& total = collection.is_edge() ? report_.edges : report_.vertices;
    const auto summary =
        read_back(car_, collection, assets_, [&](std::span<const ReadbackRow> rows) {
          const std::int64_t new_rows = keep(collection, rows);
          total += new_rows;
          progress_.report("reading back " + collection.name, total, 0);
          return new_rows;
        });
    report_.moved |= summary.moved;
    if (summary.nameless > 0)
      report_.warnings.push_back(std::to_string(summary.nameless) + " records of " +
                                 collection.name +
                                 " have no key in CAR that could be one of ours: not compared");
    for (const std::string& attribute : summary.not_told)
      report_.warnings.push_back("CAR's GraphQL does not know " + collection.name + "." +
                                 attribute + ": not compared");
  }

  std::int64_t keep(const CarCollection& collection, std::span<const ReadbackRow> rows) {
    Transaction page(state_, Transaction::Kind::deferred);
    std::int64_t new_rows = 0;
    for (const ReadbackRow& row : rows)
      new_rows += collection.is_edge() ? store_edge(state_, collection, row)
                                       : store_vertex(state_, collection, row);
    page.commit();
    return new_rows;
  }

  /// In one transaction, so that a run that goes on beside it does not show in parts.
  void compare() {
    progress_.report("comparing", 0, 0);
    Transaction snapshot(state_, Transaction::Kind::deferred);
    state_.run_script("schema/verify/20_compare.sql");
    Statement& counts = state_.statement("verify/counts");
    std::int64_t all = 0;
    while (counts.step()) {
      const bool is_drift = counts.integer(2) != 0;
      if (is_drift) all += counts.integer(3);
      (is_drift ? report_.drift : report_.left_alone)
          .push_back({counts.text(0), counts.text(1), counts.integer(3)});
    }
    report_.unanswered = state_.number("verify/unanswered");
    list();
    report_.not_listed = all - std::ssize(report_.listed);
    snapshot.commit();
  }

  void list() {
    std::vector<std::int64_t> rows;
    Statement& listed = state_.statement("verify/listed").bind("limit", kListed);
    while (listed.step()) {
      report_.listed.push_back(
          {listed.text(0), listed.text(1), listed.text(2), listed.text(3), {}, 0});
      rows.push_back(listed.integer(4));
    }
    for (std::size_t at = 0; at < rows.size(); ++at) {
      Drift& drift = report_.listed[at];
      Statement& machines = state_.statement("verify/machines").bind("row", rows[at]);
      while (machines.step()) {
        drift.machines.push_back({machines.text(0), machines.text(1)});
        drift.machine_count = machines.integer(2);
      }
    }
  }

  Database& state_;
  CarClient& car_;
  Progress& progress_;
  std::vector<std::string> assets_;  // of the sample
  VerifyReport report_;
};

}  // namespace

VerifyReport compare_with_car(Database& state, CarClient& car, Progress& progress, int sample) {
  return Comparison(state, car, progress).run(sample);
}

std::string mark_of(Database& state) { return state.text("verify/mark"); }

}  // namespace defender_car
