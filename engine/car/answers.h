#pragma once
// What CAR's answers say: from a body's text to a value, without any HTTP. Facts:
// ../shared/car-api.md.
//
// Guarantees: whatever the text, a function gives a value that the text really states or throws
// UnreadableAnswer; CAR's own words come out printable. JSON deeper than 64 levels is unreadable.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace defender_car {

/// what() says what is wrong with it, as the end of a sentence: "no JSON".
class UnreadableAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class IdentityModel { user, account };

enum class ImportOutcome { done, failed, lost, unfinished };
struct ImportStatus {
  ImportOutcome outcome = ImportOutcome::unfinished;
  std::string error;    ///< CAR's words for a failed one
  int status_code = 0;  ///< CAR's own statusCode for a failed one, 0 when it gave none
};

/// GET /databases: what the first one wants before it is ready.
struct DatabaseAnswer {
  enum class Wants { nothing, graph, indexes };
  Wants wants = Wants::nothing;
  std::string indexes;  ///< the list of collections without indexes, as JSON
};

DatabaseAnswer read_databases(std::string_view text);

/// {"job_id"} of what starts a job, {"status"} of GET /jobstatus, {"id"} of POST /imports; never
/// empty.
std::string read_job_id(std::string_view text);
std::string read_job_status(std::string_view text);
std::string read_import_id(std::string_view text);

/// GET /importstatus. Every asked id has an entry, `unfinished` where it stands in no list; where
/// it stands in several the worst word counts.
std::map<std::string, ImportStatus> read_import_status(std::string_view text,
                                                       std::span<const std::string> ids);

/// A 400 of POST /imports: CAR's words when it calls the data malformed, nothing when it means
/// something else or cannot be read (never throws).
std::optional<std::string> read_refusal(std::string_view text);

/// GET /source: the model_state_id; nothing for a source without one (absent, null or "").
std::optional<std::string> read_save_point(std::string_view text);

/// GET /v3/importSchema: the account model when it names both, nothing when it names neither.
std::optional<IdentityModel> read_schema_model(std::string_view text);

/// POST /v3/query: how many assets the answer lists, nothing when it lists none that can be read
/// (never throws).
std::optional<std::int64_t> read_asset_count(std::string_view text);

}  // namespace defender_car
