#pragma once
// What CAR's responses say: from a body's text to a value, and what a failure means for the run.
// Facts: docs/services/car.md.
//
// Guarantees: whatever the text, a function gives a value that the text really states or throws
// UnreadableResponse; CAR's own words come out printable. JSON deeper than 64 levels is unreadable.
// Sends nothing.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/enum_text.h"
#include "base/error.h"
#include "http/http_client.h"

namespace defender_car {

/// what() says what is wrong with it, as the end of a sentence: "no JSON".
class UnreadableResponse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class IdentityModel { user, account };
inline constexpr EnumTexts<IdentityModel, 2> kIdentityModels{"identity model", {"user", "account"}};

enum class ImportOutcome { done, failed, lost, unfinished };
struct ImportStatus {
  ImportOutcome outcome = ImportOutcome::unfinished;
  std::string error;    ///< CAR's words for a failed one
  int status_code = 0;  ///< CAR's own statusCode for a failed one, 0 when it gave no number
};

/// GET /databases: what the first one wants before it is ready.
struct DatabaseResponse {
  enum class Wants { nothing, graph, indexes };
  Wants wants = Wants::nothing;
  std::string indexes;  ///< the list of collections without indexes, as JSON
};

DatabaseResponse read_databases(std::string_view text);

/// {"job_id"} of what starts a job, {"status"} of GET /jobstatus, {"id"} of POST /imports; never
/// empty.
std::string read_job_id(std::string_view text);
std::string read_job_status(std::string_view text);
std::string read_import_id(std::string_view text);

/// GET /importstatus. Every asked id has an entry, `unfinished` where it stands in no list; where
/// it stands in several the worst word counts.
std::map<std::string, ImportStatus> read_import_status(std::string_view text,
                                                       std::span<const std::string> ids);

/// An error in CAR's own form, a JSON object with `errors`, `error`, `message` or `code`: its
/// words; nothing for a page, a text or anything else, which somebody between us and CAR said
/// (never throws).
std::optional<std::string> read_own_error(std::string_view text);

/// Whether such words say that a record or one of its fields is wrong, and not that CAR is.
bool speaks_of_records(std::string_view words);

/// Whether CAR says of a failed job that its records are to blame: by a status code that is a
/// client's fault, and by its words.
bool blames_records(const ImportStatus& failed);

/// JSON that was begun and is none: half of a response. A text that begins otherwise is not judged.
bool is_broken_json(std::string_view text);

/// GET /source: the model_state_id; nothing for a source without one (absent, null or "").
std::optional<std::string> read_save_point(std::string_view text);

/// What an envelope may hold by GET /v3/importSchema.
struct ImportSchema {
  std::optional<IdentityModel>
      model;                        ///< the account model when it names both, nothing for neither
  std::vector<std::string> fields;  ///< those of `wanted` ("asset.risk") that it names
};
ImportSchema read_import_schema(std::string_view text, std::span<const std::string> wanted);

/// POST /v3/query: how many assets the response lists, or the number that it tells as an aggregate;
/// nothing when it does neither (never throws).
std::optional<std::int64_t> read_asset_count(std::string_view text);

/// "CAR, LABEL (METHOD URL): ", the beginning of every message about a call.
std::string asked(const HttpRequest& request);

/// 2xx, and no page of a proxy or a sign-in in CAR's place.
bool succeeded(const HttpResponse& response);

/// A 404 that is not in CAR's own form, of a proxy or a router: it says of nothing that it is not
/// there.
bool is_foreign_404(const HttpResponse& response);

/// CAR's own word that it will not do what this one request asks: 4xx, but for what is about the
/// caller or the moment (401, 403, 408, 429) and for 404.
bool is_refusal(const HttpResponse& response);

/// Recoverable or not (docs/commands.md), with what a person can do about it.
Error failure_of(const HttpRequest& request, const HttpResponse& response);

/// For a response that came but does not say what it should.
Error unreadable(const HttpRequest& request, const HttpResponse& response, const std::string& why);

}  // namespace defender_car
