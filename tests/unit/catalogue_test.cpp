// The catalogue of the graph (schema/view/10_collection.sql) against whatever must do something of
// its own for each type. What joins the catalogue needs no test here.

#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "car/readback.h"

using defender_car::car_collections;
using defender_car::CarCollection;
using defender_car::IdentityModel;

namespace {

using Row = std::vector<std::string>;

std::string text_of(const std::string& path) {
  std::ifstream file(PROJECT_ROOT "/" + path);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The catalogue as a program of its own would see it.
class Catalogue {
 public:
  explicit Catalogue(const std::string& sql) {
    REQUIRE(sqlite3_open(":memory:", &database_) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  ~Catalogue() { sqlite3_close(database_); }
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  std::vector<Row> rows(const std::string& query) const {
    std::vector<Row> out;
    const auto take = [](void* to, int count, char** values, char**) {
      auto& row = static_cast<std::vector<Row>*>(to)->emplace_back();
      for (int i = 0; i < count; ++i) row.emplace_back(values[i] == nullptr ? "" : values[i]);
      return 0;
    };
    REQUIRE(sqlite3_exec(database_, query.c_str(), take, &out, nullptr) == SQLITE_OK);
    return out;
  }

 private:
  sqlite3* database_ = nullptr;
};

/// Whoever must know each type, and what of a type it needs: the types that it ignores.
struct Consumer {
  std::string name;
  std::function<std::vector<std::string>(const Catalogue&)> ignored;
};

/// The words that `text` lacks; `around` says how a word stands there ("'@'").
std::vector<std::string> missing(const std::string& text, const std::vector<Row>& words,
                                 const std::string& around) {
  std::vector<std::string> out;
  for (const Row& word : words) {
    std::string wanted = around;
    wanted.replace(wanted.find('@'), 1, word.front());
    if (text.find(wanted) == std::string::npos) out.push_back(word.front());
  }
  return out;
}

Consumer in_file(const std::string& path, const std::string& query, const std::string& around) {
  return {path, [=](const Catalogue& catalogue) {
            return missing(text_of(path), catalogue.rows(query), around);
          }};
}

const char* const kEdges = "SELECT DISTINCT name FROM edge_type";
const char* const kVertices = "SELECT name FROM collection";

std::vector<std::string> not_read_back(const Catalogue& catalogue) {
  std::vector<std::string> out;
  for (const Row& row : catalogue.rows(
           "SELECT DISTINCT e.name, f.car_name, t.car_name, coalesce(e.identity_model, '') FROM "
           "edge_type e JOIN collection f ON f.name = e.from_type JOIN collection t ON t.name = "
           "e.to_type")) {
    const auto all =
        car_collections(row[3] == "user" ? IdentityModel::user : IdentityModel::account);
    if (std::none_of(all.begin(), all.end(), [&](const CarCollection& one) {
          return one.name == row[0] && one.from == row[1] && one.to == row[2];
        }))
      out.push_back(row[0]);
  }
  return out;
}

std::vector<Consumer> consumers() {
  return {
      in_file("schema/phase/40_derive.sql", kEdges, "'@'"),
      in_file("schema/phase/40_derive.sql", "SELECT DISTINCT aspect FROM edge_type",
              "WHEN '@' THEN"),
      in_file("schema/view/20_body.sql", kVertices, "WHEN '@' THEN"),
      in_file("schema/audit/20_explain.sql", "SELECT DISTINCT aspect FROM edge_type",
              "WHEN '@' THEN"),
      in_file("schema/phase/30_assets.sql", "SELECT DISTINCT aspect FROM edge_type", "'@'"),
      in_file("docs/mapping.md", kEdges, "@"),
      in_file("docs/mapping.md", "SELECT DISTINCT car_name FROM collection", "| @"),
      in_file("tests/oracle/oracle.cpp", kEdges, "\"@\""),
      {"engine/car/readback.cpp", not_read_back},
  };
}

}  // namespace

TEST_CASE("each type of the catalogue is known to all who must do something for it",
          "[catalogue]") {
  const Catalogue catalogue(text_of("schema/view/10_collection.sql"));
  CHECK(catalogue.rows("SELECT name FROM edge_type GROUP BY name, aspect HAVING count(*) > 1")
            .empty());
  CHECK(catalogue
            .rows("SELECT name FROM edge_type WHERE from_type NOT IN (SELECT name FROM collection) "
                  "OR to_type NOT IN (SELECT name FROM collection)")
            .empty());
  // The guards find a dataset for whatever they may withhold.
  CHECK(catalogue
            .rows("SELECT name FROM edge_type WHERE name NOT IN (SELECT kind FROM "
                  "withheld_dataset)")
            .empty());
  for (const Consumer& consumer : consumers()) {
    INFO(consumer.name);
    CHECK(consumer.ignored(catalogue) == std::vector<std::string>());
  }
}

TEST_CASE("whoever ignores a type that the catalogue gains is found", "[catalogue]") {
  std::string sql = text_of("schema/view/10_collection.sql");
  const auto add = [&](const std::string& view, const std::string& row) {
    const std::size_t values = sql.find("VALUES\n", sql.find("CREATE VIEW " + view));
    sql.insert(values + 7, row + ",\n");
  };
  add("collection", "('geolocation', 'geolocation', 1, 'network')");
  add("edge_type",
      "('asset_geolocation', 'asset', 'geolocation', 'place', 'network', 1, NULL, 'moved')");
  const Catalogue copy(sql);
  for (const Consumer& consumer : consumers()) {
    INFO(consumer.name);
    CHECK(consumer.ignored(copy).size() == 1);
  }
}

TEST_CASE("the mapping and the simulator know each field that a schema may name", "[catalogue]") {
  const Catalogue catalogue(text_of("schema/view/10_collection.sql"));
  const std::string fields = "SELECT car_field FROM body_field";
  CHECK(in_file("docs/mapping.md", fields, "@").ignored(catalogue).empty());
  CHECK(in_file("tests/simulator/car_collections.cpp", fields, "\"@\"").ignored(catalogue).empty());
}
