#include "car/answers.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/limits.h"

using namespace defender_car;

namespace {

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

}  // namespace

TEST_CASE("JSON of too many levels is unreadable before anything walks down it", "[car]") {
  const std::string deep = nested(1'000'000);
  CHECK_THROWS_AS(read_import_id("{\"id\":" + deep + "}"), UnreadableAnswer);
  CHECK_THROWS_AS(read_schema_model("{\"schema\":" + deep + "}"), UnreadableAnswer);
  CHECK_THROWS_AS(read_import_status("{\"error_imports\":[{\"id\":" + deep + "}]}", {}),
                  UnreadableAnswer);
  CHECK_FALSE(read_refusal("{\"errors\":" + deep + "}"));
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
  CHECK_THROWS_AS(read_import_id(answer(limits::kJobId + 1)), UnreadableAnswer);
}

TEST_CASE("an empty body is no answer", "[car]") {
  CHECK_THROWS_AS(read_databases({}), UnreadableAnswer);
  CHECK_THROWS_AS(read_job_status({}), UnreadableAnswer);
  CHECK_THROWS_AS(read_save_point({}), UnreadableAnswer);
  CHECK_THROWS_AS(read_import_status({}, {}), UnreadableAnswer);
  CHECK_FALSE(read_refusal({}));
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

TEST_CASE("a refusal is one only where CAR calls the data malformed", "[car]") {
  CHECK(read_refusal(R"({"errors":[{"code":"other"},{"code":"data_mal_formed","message":"x"}]})") ==
        "other: ; data_mal_formed: x");
  CHECK_FALSE(read_refusal(R"({"errors":[{"code":"no_database"}]})"));
  CHECK_FALSE(read_refusal("<html>data_mal_formed</html>"));
}
