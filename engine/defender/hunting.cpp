#include "defender/hunting.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "defender/pages.h"
#include "defender/responses.h"
#include "json/rapid_json.h"

namespace defender_car {
namespace {

constexpr Permission kGraphPermission{"ThreatHunting.Read.All", "Microsoft Graph"};
constexpr Permission kDefenderPermission{"AdvancedQuery.Read.All", "WindowsDefenderATP"};

// Each step multiplies what a tenant may hold by the row cap; the last one is 400 million rows.
constexpr std::array kShards{1, 8, 32, 128, 512, 2048, 4096};
// So many queries side by side: while one response is parsed the others are computed and come in.
constexpr int kParallel = 4;

/// A query, or one of the shards that it was divided into.
struct Piece {
  std::size_t part;
  int shards;
  int shard;
};

/// What is still to be asked. The shards of a part that proved too large are forgotten at once, and
/// more of them take their place. Those that were kept come again: harmless, since the stage is
/// keyed.
class Pieces {
 public:
  Pieces(std::size_t parts, int shards) : shards_(parts, shards), rows_(parts) {
    for (std::size_t part = 0; part < parts; ++part) wait_for(part);
  }

  std::optional<Piece> next() {
    if (waiting_.empty()) return std::nullopt;
    const Piece piece = waiting_.front();
    waiting_.pop_front();
    return piece;
  }
  /// Of the division that counts now.
  bool wanted(const Piece& piece) const { return piece.shards == shards_[piece.part]; }

  void add(const Piece& piece, const ReadResult& rows) {
    defender_car::add(rows_[piece.part], rows);
  }

  /// False when there is no smaller one.
  bool divide(const Piece& piece) {
    const auto more = std::upper_bound(kShards.begin(), kShards.end(), piece.shards);
    if (more == kShards.end()) return false;
    std::erase_if(waiting_, [&](const Piece& other) { return other.part == piece.part; });
    shards_[piece.part] = *more;
    rows_[piece.part] = {};
    wait_for(piece.part);
    return true;
  }

  /// For messages, no two the same.
  std::string name(const Piece& piece) const {
    std::string text;
    if (shards_.size() > 1) text += ", names " + of(piece.part, shards_.size());
    if (piece.shards > 1)
      text += ", part " +
              of(static_cast<std::size_t>(piece.shard), static_cast<std::size_t>(piece.shards));
    return text;
  }

  ReadResult sum() const {
    ReadResult all;
    for (const ReadResult& part : rows_) defender_car::add(all, part);
    return all;
  }

  /// Those that are not asked yet.
  std::int64_t waiting() const { return std::ssize(waiting_); }

 private:
  static std::string of(std::size_t ordinal, std::size_t all) {
    return std::to_string(ordinal + 1) + " of " + std::to_string(all);
  }
  void wait_for(std::size_t part) {
    for (int shard = 0; shard < shards_[part]; ++shard)
      waiting_.push_back({part, shards_[part], shard});
  }

  std::deque<Piece> waiting_;
  std::vector<int> shards_;       ///< into how many each part is divided
  std::vector<ReadResult> rows_;  ///< of each part
};

}  // namespace

Hunting::Hunting(Api& defender, Api& graph, HuntingApi wanted, std::int64_t row_cap,
                 std::set<std::string>& retiring_used)
    : defender_(defender),
      graph_(graph),
      automatic_(wanted == HuntingApi::automatic),
      way_(wanted),
      row_cap_(row_cap),
      retiring_used_(retiring_used) {}

Api& Hunting::api() { return way() == HuntingApi::graph ? graph_ : defender_; }

HuntingApi Hunting::way() {
  if (way_ == HuntingApi::automatic) way_ = choose();
  return way_;
}

// A token that does not tell its roles decides nothing: Graph is asked.
HuntingApi Hunting::choose() {
  std::string reason = "the application's Graph token does not carry it";
  try {
    const auto& roles = graph_.token().roles();
    if (!roles || roles->contains(std::string(kGraphPermission.name))) return HuntingApi::graph;
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
ReadResult Hunting::run(const HuntingTable& table, const HuntingParts& parts, PageSink& sink) {
  try {
    return run_one_way(table, parts, sink);
  } catch (const NoTable&) {
    throw;  // what the licence lacks, the other way lacks as well
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::forbidden || !automatic_ || way() != HuntingApi::graph) throw;
    spdlog::warn(
        "hunting by Graph is refused ({}): trying advancedqueries/run, which answers only until "
        "2027-02-01",
        error.what());
  }
  way_ = HuntingApi::defender;
  return run_one_way(table, parts, sink);
}

// Half of the row cap a shard: hashes do not spread evenly, and the number is that of the last run.
int Hunting::first_shards(std::int64_t expected_rows) const {
  if (expected_rows < row_cap_) return 1;
  const std::int64_t half = std::max<std::int64_t>(row_cap_ / 2, 1);
  return static_cast<int>(
      std::min<std::int64_t>((expected_rows + half - 1) / half, kShards.back()));
}

ReadResult Hunting::run_one_way(const HuntingTable& table, const HuntingParts& parts,
                                PageSink& sink) {
  if (way() == HuntingApi::defender) retiring_used_.emplace("hunting");
  Pieces pieces(parts.count, first_shards(parts.expected_rows));
  const std::string subject = "hunting in " + std::string(table.name);
  require_room(table, pieces.waiting());
  std::map<std::string, Piece> under_way;
  api().send_all(
      [&]() -> std::optional<HttpRequest> {
        const auto piece = pieces.next();
        if (!piece) return std::nullopt;
        const std::string label = subject + pieces.name(*piece);
        under_way.emplace(label, *piece);
        return request(parts.query(piece->part, piece->shards, piece->shard), label);
      },
      [&](const HttpRequest& question, const HttpResponse& response) {
        const Piece piece = under_way.extract(question.label).mapped();
        if (!pieces.wanted(piece)) return;
        if (const auto rows = take(table, question, response, sink))
          return pieces.add(piece, *rows);
        spdlog::info(
            "{} asks for too much at once ({}): asking in smaller parts", question.label,
            response.status == 200 ? "more rows than one answer holds" : describe(response));
        if (pieces.divide(piece)) return require_room(table, pieces.waiting());
        fail_undivided(question, response, piece.shards);
      },
      kParallel);
  return pieces.sum();
}

/// A reading that is broken off begins anew at the next run, so it would eat every hour's share and
/// never be through.
void Hunting::require_room(const HuntingTable& table, std::int64_t queries) {
  const std::string why = api().no_room(url(), queries);
  if (why.empty()) return;
  throw Error(ErrorKind::budget, "hunting in " + std::string(table.name) + " in " +
                                     std::to_string(queries) + " parts: " + why);
}

void Hunting::fail_undivided(const HttpRequest& question, const HttpResponse& response,
                             int shards) {
  if (response.status == 200) {
    throw Error(ErrorKind::defender,
                question.label + ": one of " + std::to_string(shards) +
                    " parts by device is still larger than one answer holds, so the rows cannot "
                    "be read whole; a single device has too many of them");
  }
  throw Error(response.status == 0 ? ErrorKind::unreachable : ErrorKind::defender,
              asked(question, response) + ". That is too heavy for the service, also as one of " +
                  std::to_string(shards) +
                  " parts by device, and it is not divided further. The next run tries again");
}

std::string Hunting::url() {
  return way() == HuntingApi::graph ? graph_.url() + "/v1.0/security/runHuntingQuery"
                                    : defender_.url() + "/api/advancedqueries/run";
}

HttpRequest Hunting::request(const std::string& query, const std::string& label) {
  HttpRequest request;
  request.method = "POST";
  request.url = url();
  request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  request.body = json::object_text([&](auto& writer) {
    writer.Key("Query");
    json::write_text(writer, query);
  });
  request.time_limit_ms = limits::kHuntingMs;
  request.retry_late = false;  // in smaller parts
  request.max_body_bytes = limits::kHuntingBody;
  request.label = label;
  return request;
}

std::optional<ReadResult> Hunting::take(const HuntingTable& table, const HttpRequest& question,
                                        const HttpResponse& response, PageSink& sink) {
  if (says_too_heavy(response)) return std::nullopt;
  if (response.status != 200) refuse(table, question, response);

  ReadResult result;
  const bool whole = in_page(sink, [&] {
    const HuntingResponse rows = read_at(question, [&] {
      return read_hunting(response.body, table, row_cap_,
                          [&](std::span<const Field> fields) { sink.record(fields); });
    });
    add(result, rows.list);
    return rows.whole;
  });
  if (!whole) return std::nullopt;
  return result;
}

void Hunting::refuse(const HuntingTable& table, const HttpRequest& request,
                     const HttpResponse& response) {
  if (says_no_table(response, table.name))
    throw NoTable(ErrorKind::forbidden, asked(request, response) + ". This tenant has no table " +
                                            std::string(table.name) +
                                            ": its licence does not hold it");
  if (says_no_hunting(response)) {
    throw Error(
        ErrorKind::forbidden,
        asked(request, response) +
            ". Hunting is not available here. By Graph it needs ThreatHunting.Read.All (Microsoft "
            "Graph), by "
            "the retiring way AdvancedQuery.Read.All (WindowsDefenderATP): grant one " +
            where_to_grant(defender_.settings()) +
            ". Defender for Business has no hunting: there --network-source machines does without");
  }
  if (response.status == 403) Api::fail_foreign(request, response);
  api().fail(request, response,
             way() == HuntingApi::graph ? kGraphPermission : kDefenderPermission);
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
