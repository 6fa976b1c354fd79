#include "car/readback.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

using namespace defender_car;

namespace {

const CarCollection& collection(const std::string& name) {
  static const auto all = car_collections(IdentityModel::account);
  for (const CarCollection& one : all)
    if (one.name == name) return one;
  throw std::runtime_error("no collection " + name);
}

ReadbackPage page_of(const std::string& name, const std::string& text, std::size_t naming = 0) {
  const CarCollection& asked = collection(name);
  auto attributes = asked.attributes;
  attributes.emplace_back("active");
  return read_page(Body(text), asked, asked.keys[naming], attributes);
}

std::string edge_page(const std::string& from, const std::string& to) {
  return R"({"data":{"asset_ipaddress":[{"asset_id":")" + from + R"(","ipaddress_id":")" + to +
         R"("}]}})";
}

}  // namespace

TEST_CASE("The ends of an edge are bare, whatever stands before them", "[readback]") {
  for (const char* address : {"10.0.0.4", "ipaddress/10.0.0.4", "0/10.0.0.4", "S/0/10.0.0.4"}) {
    const auto page = page_of("asset_ipaddress", edge_page("S/a/b", address));
    REQUIRE(page.rows.size() == 1);
    CHECK(page.rows[0].key == "a/b");
    CHECK(page.rows[0].to == "10.0.0.4");
    CHECK(page.rows[0].active);
    CHECK(page.prefix == "S/");
  }
}

TEST_CASE("A vertex keeps its attributes as JSON, null where CAR has none", "[readback]") {
  const auto page =
      page_of("vulnerability",
              R"({"data":{"vulnerability":[{"external_id":"a/b","base_score":8,"name":"x\u0000\"",
          "description":{"odd":[1]},"published_on":null,"active":false,"more":1}]}})");
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].key == "a/b");
  CHECK_FALSE(page.rows[0].active);
  CHECK(page.rows[0].body == R"({"name":"x\u0000\"","description":{"odd":[1]},"disclosed_on":null,)"
                             R"("published_on":null,"base_score":8})");
}

TEST_CASE("Records without a usable key are counted", "[readback]") {
  const auto page = page_of("asset", R"({"data":{"asset":[{"external_id":""},{"external_id":7},{},
      {"external_id":"nul\u0000"},{"external_id":")" +
                                         std::string(limits::kCarKey + 1, 'k') + R"("},
      {"external_id":")" + std::string(limits::kCarKey, 'k') +
                                         R"("}]}})");
  CHECK(page.records == 6);
  CHECK(page.nameless == 5);
  CHECK(page.rows.size() == 1);
}

TEST_CASE("Only a whole list within data is an answer", "[readback]") {
  for (const char* text :
       {"", "no json", "{}", R"({"data":{}})", R"({"data":{"asset":null}})", R"({"asset":[]})",
        R"({"data":[{"asset":[]}]})", R"({"data":{"x":{"asset":[]}}})", R"({"data":{"asset":[1]}})",
        R"({"data":{"asset":[]})", R"({"data":{"hostname":[]}})"})
    CHECK_THROWS_AS(page_of("asset", text), UnreadableResponse);
  CHECK(page_of("asset", R"({"errors":[],"data":{"asset":[]}})").records == 0);
}

TEST_CASE("Words of refusal come with 200 and with 400, and are printable", "[readback]") {
  const auto page = page_of(
      "asset", R"({"errors":[{"message":"no \u001b[31m 'active'"},7],"data":{"asset":[{}]}})");
  CHECK(page.refusal == "no 'active'");
  CHECK(page.rows.empty());
  CHECK(page_of("asset", R"({"errors":{"odd":1}})").refusal != "");
}

TEST_CASE("Text in a question cannot leave its quotes", "[readback]") {
  CHECK(graphql_text("a\"}){x\n") == R"("a\"}){x\n")");
}
