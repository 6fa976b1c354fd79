#include "defender/hunting.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "defender/answers.h"

namespace defender_car {
namespace {

constexpr Permission kGraphPermission{"ThreatHunting.Read.All", "Microsoft Graph"};
constexpr Permission kDefenderPermission{"AdvancedQuery.Read.All", "WindowsDefenderATP"};

// Each step multiplies what a tenant may hold by the row cap; the last one is 400 million rows.
constexpr std::array kShards{1, 8, 32, 128, 512, 2048, 4096};

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

bool says_too_large(const HttpResponse& response) {
  const std::string text = lower(response.body.head(8192));
  return text.find("result size") != std::string::npos && text.find("exceed") != std::string::npos;
}

/// A tenant without the licence answers 401 to a good token: that is no hunting here, not a failed
/// login.
bool says_no_licence(const HttpResponse& response) {
  const std::string text = lower(response.body.head(8192));
  return text.find("license") != std::string::npos ||
         text.find("account mode is inactive") != std::string::npos;
}

}  // namespace

Hunting::Hunting(Api& defender, Api& graph, HuntingApi wanted, std::int64_t row_cap)
    : defender_(defender),
      graph_(graph),
      automatic_(wanted == HuntingApi::automatic),
      way_(wanted),
      row_cap_(row_cap) {}

HuntingApi Hunting::way() {
  if (way_ == HuntingApi::automatic) way_ = choose();
  return way_;
}

HuntingApi Hunting::choose() {
  std::string reason = "the application's Graph token does not carry it";
  try {
    if (graph_.token().roles().contains(std::string(kGraphPermission.name)))
      return HuntingApi::graph;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::authentication) throw;
    reason = error.what();
  }
  spdlog::warn(
      "hunting goes by advancedqueries/run, which answers only until 2027-02-01; grant "
      "ThreatHunting.Read.All "
      "(Microsoft Graph) {}. Now: {}",
      where_to_grant(graph_.settings()), reason);
  return HuntingApi::defender;
}

// Only when both ways refuse is there no hunting.
ReadResult Hunting::run(const HuntingTable& table,
                        const std::function<std::string(int shards, int shard)>& query,
                        PageSink& sink) {
  try {
    return run_one_way(table, query, sink);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::forbidden || !automatic_ || way() != HuntingApi::graph) throw;
    spdlog::warn(
        "hunting by Graph is refused ({}): trying advancedqueries/run, which answers only until "
        "2027-02-01",
        error.what());
  }
  way_ = HuntingApi::defender;
  return run_one_way(table, query, sink);
}

ReadResult Hunting::run_one_way(const HuntingTable& table,
                                const std::function<std::string(int shards, int shard)>& query,
                                PageSink& sink) {
  const auto ask_in = [&](int shards) -> std::optional<ReadResult> {
    ReadResult all;
    for (int shard = 0; shard < shards; ++shard) {
      std::string label = "hunting in " + std::string(table.name);
      if (shards > 1)
        label += ", part " + std::to_string(shard + 1) + " of " + std::to_string(shards);
      const auto part = ask(table, query(shards, shard), label, sink);
      if (!part) return std::nullopt;
      all.records += part->records;
      all.not_objects += part->not_objects;
    }
    return all;
  };
  // Parts that were kept before one proved too large come again: harmless, since the stage is
  // keyed.
  for (const int shards : kShards) {
    require_room(table, shards);
    if (const auto all = ask_in(shards)) return *all;
    spdlog::info("hunting in {} by {} gave more than one answer holds: asking in smaller parts",
                 table.name, shards);
  }
  throw Error(ErrorKind::defender,
              "hunting in " + std::string(table.name) + ": one of " +
                  std::to_string(kShards.back()) +
                  " parts by device is still larger than one answer holds, so the rows cannot "
                  "be read whole; a single device has too many of them");
}

/// A reading that is broken off begins anew at the next run, so it would eat every hour's share and
/// never be through.
void Hunting::require_room(const HuntingTable& table, int shards) {
  const std::string why = (way() == HuntingApi::graph ? graph_ : defender_).no_room(url(), shards);
  if (why.empty()) return;
  throw Error(ErrorKind::budget, "hunting in " + std::string(table.name) + " in " +
                                     std::to_string(shards) + " parts: " + why);
}

std::string Hunting::url() {
  return way() == HuntingApi::graph ? graph_.url() + "/v1.0/security/runHuntingQuery"
                                    : defender_.url() + "/api/advancedqueries/run";
}

HttpRequest Hunting::request(const std::string& query, const std::string& label) {
  rapidjson::StringBuffer body;
  rapidjson::Writer<rapidjson::StringBuffer> writer(body);
  writer.StartObject();
  writer.Key("Query");
  writer.String(query.data(), static_cast<rapidjson::SizeType>(query.size()));
  writer.EndObject();

  HttpRequest request;
  request.method = "POST";
  request.url = url();
  request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  request.body.assign(body.GetString(), body.GetSize());
  request.time_limit_ms = limits::kHuntingMs;
  request.max_body_bytes = limits::kHuntingBody;
  request.label = label;
  return request;
}

std::optional<ReadResult> Hunting::ask(const HuntingTable& table, const std::string& query,
                                       const std::string& label, PageSink& sink) {
  const HttpRequest question = request(query, label);
  const HttpResponse response = (way() == HuntingApi::graph ? graph_ : defender_).send(question);
  if (response.status == 400 && says_too_large(response)) return std::nullopt;
  if (response.status != 200) refuse(question, response);

  ReadResult result;
  const bool whole = in_page(sink, [&] { return read(table, question, response, sink, result); });
  if (!whole) return std::nullopt;
  return result;
}

bool Hunting::read(const HuntingTable& table, const HttpRequest& request,
                   const HttpResponse& response, PageSink& sink, ReadResult& result) const {
  const std::string where = request.label + " from " + origin(request.url) + ": ";
  HuntingAnswer answer;
  try {
    answer = read_hunting(response.body, table, row_cap_,
                          [&](std::span<const Field> fields) { sink.record(fields); });
  } catch (const Error& error) {
    throw Error(error.kind(), where + error.what());
  }
  result.records = answer.records;
  result.not_objects = answer.not_objects;
  return answer.whole;
}

void Hunting::refuse(const HttpRequest& request, const HttpResponse& response) {
  const int status = response.status;
  if (status == 403 || status == 404 || status == 410 ||
      (status == 401 && says_no_licence(response))) {
    throw Error(
        ErrorKind::forbidden,
        asked(request, response) +
            ". Hunting is not available here. By Graph it needs ThreatHunting.Read.All (Microsoft "
            "Graph), by "
            "the retiring way AdvancedQuery.Read.All (WindowsDefenderATP): grant one " +
            where_to_grant(defender_.settings()) +
            ". Defender for Business has no hunting: there --network-source machines does without");
  }
  if (way() == HuntingApi::graph) graph_.fail(request, response, kGraphPermission);
  defender_.fail(request, response, kDefenderPermission);
}

std::string kql_string(std::string_view text) {
  // Kusto's documents name these escapes and no others (a \\u is not among them); every other
  // character stands for itself, and only a line's end may not.
  std::string literal = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      literal += '\\';
      literal += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      literal += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else {
      literal += c;
    }
  }
  return literal + '"';
}

}  // namespace defender_car
