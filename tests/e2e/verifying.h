// What the tests of `verify` share: the command's two forms on a harness, and drift planted in CAR.
#pragma once

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "harness.h"
#include "sync/repair.h"
#include "sync/verify.h"

namespace e2e {

inline const std::string kSource = "Microsoft-Windows-Defender-ATP";
inline const std::string kAnother = "another-source";

inline defender_car::VerifyReport verified(Harness& harness, int sample = 0) {
  defender_car::SilentProgress progress;
  defender_car::HttpClient http(harness.http_options(), progress);
  return defender_car::verify(harness.settings(), http, progress, sample);
}

/// Watched, so that a repair that takes what is wanted shows in violations().
inline defender_car::VerifyReport repaired(Harness& harness, int sample = 0) {
  defender_car::VerifyReport report;
  harness.disturbed([&] {
    defender_car::SilentProgress progress;
    defender_car::HttpClient http(harness.http_options(), progress);
    report = defender_car::verify_and_repair(harness.settings(), http, progress, sample);
  });
  return report;
}

/// "missing asset_hostname M -> N"
inline std::set<std::string> lines(const defender_car::VerifyReport& report) {
  std::set<std::string> out;
  for (const auto& drift : report.listed)
    out.insert(drift.kind + " " + drift.collection + " " + drift.object);
  return out;
}

inline std::string describe(const defender_car::VerifyReport& report) {
  std::string out = std::to_string(report.vertices) + " vertices, " + std::to_string(report.edges) +
                    " edges, unanswered " + std::to_string(report.unanswered);
  for (const std::string& line : lines(report)) out += "\n  " + line;
  for (const auto& drift : report.listed)
    if (!drift.detail.empty()) out += "\n    " + drift.object + ": " + drift.detail;
  for (const std::string& warning : report.warnings) out += "\n  warning: " + warning;
  if (report.repair) out += "\n" + describe(*report.repair);
  return out;
}

/// Hands out active things of CAR, never the same one twice.
class Planter {
 public:
  explicit Planter(simulator::CarService& car)
      : graph_(car.graph()), ours_(graph_.source(kSource)) {}

  /// What verify should say of all that was planted.
  const std::set<std::string>& expected() const { return expected_; }

  void lose_edge(const std::string& collection) {
    const simulator::EdgeKey ends = take_edge(collection);
    ours_.edges[collection][ends.first].erase(ends.second);
    expect("missing", collection, ends);
  }
  void disable_edge(const std::string& collection) {
    const simulator::EdgeKey ends = take_edge(collection);
    ours_.edges[collection][ends.first][ends.second].active = false;
    expect("missing", collection, ends);
  }
  void add_edge(const std::string& collection, const simulator::EdgeKey& ends) {
    ours_.edges[collection][ends.first][ends.second] = {true, false, 1, 0, "1"};
    expect("unexpected", collection, ends);
  }
  void change(const std::string& collection, const std::string& key, const std::string& record) {
    ours_.vertices[collection][key].record = record;
    ours_.vertices[collection][key].attributes = record;
    expected_.insert("different " + collection + " " + key);
  }
  void add_asset(const std::string& id) {
    const std::string record = "{\"external_id\":\"" + id + "\",\"name\":\"by hand\"}";
    ours_.vertices["asset"][id] = {true, record, record, false};
    expected_.insert("unexpected asset " + id);
  }
  /// With its own edges, as CAR does.
  void delete_asset(const std::string& id) {
    for (auto& [collection, edges] : ours_.edges)
      if (const auto* own = edges.find(id); own != nullptr && collection.starts_with("asset_"))
        for (const auto& [to, edge] : *own)
          if (edge.active) expect("missing", collection, {id, to});
    graph_.delete_vertex(kSource, "asset", id);
    expected_.insert("missing asset " + id);
  }

  /// An active asset that has not been spoken of.
  std::string asset() {
    for (const auto& [id, vertex] : ours_.vertices["asset"])
      if (vertex.active && taken_.insert("asset " + id).second) return id;
    throw std::runtime_error("no asset left");
  }
  simulator::SourceGraph& ours() { return ours_; }

 private:
  simulator::EdgeKey take_edge(const std::string& collection) {
    for (const auto& [from, edges] : ours_.edges[collection])
      for (const auto& [to, edge] : edges)
        if (edge.active && !taken_.contains("asset " + from) &&
            taken_.insert(collection + from + " " + to).second)
          return {from, to};
    throw std::runtime_error("no edge left in " + collection);
  }
  void expect(const std::string& kind, const std::string& collection,
              const simulator::EdgeKey& ends) {
    expected_.insert(kind + " " + collection + " " + ends.first + " -> " + ends.second);
  }

  simulator::CarGraph& graph_;
  simulator::SourceGraph& ours_;
  std::set<std::string> taken_;
  std::set<std::string> expected_;
};

/// Plants some of everything; returns what verify should say.
inline std::set<std::string> plant_some_of_all(Harness& harness, bool account_model) {
  std::set<std::string> expected;
  harness.simulator().with_car([&](simulator::CarService& car) {
    Planter planter(car);
    planter.delete_asset(planter.asset());
    for (const char* collection :
         {"asset_hostname", "asset_application", "application_vulnerability"})
      planter.lose_edge(collection);
    for (const char* collection : {"asset_ipaddress", "ipaddress_macaddress",
                                   account_model ? "account_hostname" : "user_hostname"})
      planter.disable_edge(collection);
    planter.ours().vertices["ipaddress"]["203.0.113.77"] = {true, R"({"_key":"203.0.113.77"})",
                                                            R"({"_key":"203.0.113.77"})", false};
    planter.add_edge("asset_ipaddress", {planter.asset(), "203.0.113.77"});
    const std::string renamed = planter.asset();
    planter.change("asset", renamed, R"({"external_id":")" + renamed + R"(","name":"somebody"})");
    planter.add_asset("made-by-hand");
    planter.add_edge("asset_ipaddress", {"made-by-hand", "203.0.113.77"});
    simulator::SourceGraph& theirs = car.graph().source(kAnother);
    theirs.vertices["asset"]["theirs"] = {true, R"({"external_id":"theirs","name":"theirs"})",
                                          R"({"external_id":"theirs","name":"theirs"})", false};
    expected = planter.expected();
  });
  return expected;
}

}  // namespace e2e
