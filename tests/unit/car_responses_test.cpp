#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/limits.h"
#include "car/responses.h"

using namespace defender_car;

namespace {

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

}  // namespace

TEST_CASE("JSON of too many levels is unreadable before anything walks down it", "[car]") {
  const std::string deep = nested(1'000'000);
  CHECK_THROWS_AS(read_import_id("{\"id\":" + deep + "}"), UnreadableResponse);
  CHECK_THROWS_AS(read_import_schema("{\"schema\":" + deep + "}", {}), UnreadableResponse);
  CHECK_THROWS_AS(read_import_status("{\"error_imports\":[{\"id\":" + deep + "}]}", {}),
                  UnreadableResponse);
  CHECK_FALSE(read_own_error("{\"errors\":" + deep + "}"));
  CHECK_FALSE(read_asset_count("{\"data\":" + deep + "}"));
  // Brackets within a string are none.
  CHECK(read_import_id(
            R"({"id":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})")
            .starts_with("\"[["));
  CHECK(read_import_id("{\"id\":" + nested(63) + "}") == nested(63));
}

TEST_CASE("an id that no URL can hold is none", "[car][limits]") {
  const auto answer = [](std::size_t size) {
    return "{\"id\":\"" + std::string(size, 'x') + "\"}";
  };
  CHECK(read_import_id(answer(limits::kJobId)).size() == limits::kJobId);
  CHECK_THROWS_AS(read_import_id(answer(limits::kJobId + 1)), UnreadableResponse);
}

TEST_CASE("an empty body is no answer", "[car]") {
  CHECK_THROWS_AS(read_databases({}), UnreadableResponse);
  CHECK_THROWS_AS(read_job_status({}), UnreadableResponse);
  CHECK_THROWS_AS(read_save_point({}), UnreadableResponse);
  CHECK_THROWS_AS(read_import_status({}, {}), UnreadableResponse);
  CHECK_FALSE(read_own_error({}));
}

TEST_CASE("an id in two lists has the worst of their words", "[car]") {
  const std::vector<std::string> ids{"a", "b", "c"};
  const auto statuses = read_import_status(
      R"({"complete_imports":[{"id":"a"},{"id":"b"}],"incomplete_imports":[{"id":"a"}],
          "error_imports":[{"id":"b","error":"odd\u001b[31m","statusCode":400}]})",
      ids);
  CHECK(statuses.at("a").outcome == ImportOutcome::unfinished);
  CHECK(statuses.at("b").outcome == ImportOutcome::failed);
  CHECK(statuses.at("b").error == "odd");
  CHECK(statuses.at("c").outcome == ImportOutcome::unfinished);
}

TEST_CASE("an error is CAR's own where it has the form of one", "[car]") {
  CHECK(read_own_error(R"({"errors":[{"code":"other"},{"code":"x","message":"y"}]})") ==
        "other: ; x: y");
  CHECK(read_own_error(R"({"code":404,"message":"y\u001b[31m"})") == "404: y");
  CHECK(read_own_error(R"({"error":null})") == "");
  for (const char* other : {"<html>message</html>", "404 page not found", "", "[]", "{}",
                            "\"error\"", R"({"status":404})", R"({"errors")"})
    CHECK_FALSE(read_own_error(other));
}

TEST_CASE("only words about records blame records", "[car]") {
  for (const char* words :
       {"data_mal_formed: odd", "asset[3] lacks a name", "Schema validation failed", "no vertex A",
        "hostname/A: odd", "field host_name is too long", "a RECORD holds X"})
    CHECK(speaks_of_records(words));
  for (const char* words : {"", "no_database", "internal error", "database_not_ready: not ready",
                            "the user may not do this", "time-out of the asset service"})
    CHECK_FALSE(speaks_of_records(words));

  const auto blames = [](int code, const char* words) {
    return blames_records({.outcome = ImportOutcome::failed, .error = words, .status_code = code});
  };
  CHECK(blames(400, "asset[3] is odd"));
  CHECK(blames(422, "asset[3] is odd"));
  CHECK(blames(413, ""));
  for (const int code : {0, 200, 401, 404, 429, 500, 503})
    CHECK_FALSE(blames(code, "asset[3] is odd"));
  CHECK_FALSE(blames(400, "it went wrong"));
}
