#pragma once
// Advanced hunting by either of its two ways, with one interface: Graph's runHuntingQuery and the
// retiring advancedqueries/run. Facts: docs/services/defender.md.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "defender/api.h"
#include "defender/defender_client.h"

namespace defender_car {

class Hunting {
 public:
  Hunting(Api& defender, Api& graph, HuntingApi wanted, std::int64_t row_cap,
          std::set<std::string>& retiring_used);

  HuntingApi way();
  ReadResult run(const HuntingTable& table, const HuntingParts& parts, PageSink& sink);

 private:
  Api& api();
  HuntingApi choose();
  ReadResult run_one_way(const HuntingTable& table, const HuntingParts& parts, PageSink& sink);
  /// Nothing when that was too much for one response.
  std::optional<ReadResult> take(const HuntingTable& table, const HttpRequest& request,
                                 const HttpResponse& response, PageSink& sink);
  int first_shards(std::int64_t expected_rows) const;
  void require_room(const HuntingTable& table, std::int64_t queries);
  std::string url();
  HttpRequest request(const std::string& query, const std::string& label);
  /// Of a query that is too heavy and has been divided as far as it goes.
  [[noreturn]] static void fail_undivided(const HttpRequest& question, const HttpResponse& response,
                                          int shards);
  [[noreturn]] void refuse(const HuntingTable& table, const HttpRequest& request,
                           const HttpResponse& response);

  Api& defender_;
  Api& graph_;
  bool automatic_;
  HuntingApi way_;  // automatic: not decided yet
  std::int64_t row_cap_;
  std::set<std::string>& retiring_used_;  ///< see DefenderClient
};

}  // namespace defender_car
