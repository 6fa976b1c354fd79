#include "base/enum_text.h"

// Enums that stand in the state file, compared with the SQL that names their texts.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "cli/options/option_table.h"
#include "run/report.h"
#include "run/settings.h"
#include "run/state_settings.h"

namespace fs = std::filesystem;
using defender_car::EnumTexts;
using defender_car::kDatasetStates;
using defender_car::kRunOutcomes;
using defender_car::kStateSettings;
using defender_car::StateSetting;

namespace {

enum class Colour { red, green };
constexpr EnumTexts<Colour, 2> kColours{"colour", {"red", "green"}};

// Without comments; one statement after the other.
std::string sql_of(const fs::path& folder) {
  std::stringstream all;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".sql") all << std::ifstream(entry.path()).rdbuf() << '\n';
  return std::regex_replace(all.str(), std::regex("--[^\n]*"), "");
}

std::vector<std::string> all_of(const std::string& text, const std::string& pattern) {
  std::vector<std::string> found;
  const std::regex expression(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

}  // namespace

TEST_CASE("an enum is written as its text and read from it, and an unknown text is an error",
          "[enum]") {
  CHECK(kColours.text(Colour::green) == "green");
  CHECK(kColours.read("red") == Colour::red);
  CHECK_THROWS_WITH(kColours.read("blue"), "'blue' is no colour");
}

TEST_CASE("every name in the table setting is documented in StateSetting", "[enum]") {
  const std::set<std::string_view> names(kStateSettings.texts.begin(), kStateSettings.texts.end());
  CHECK(names.size() == kStateSettings.texts.size());
  CHECK(kStateSettings.read("vulnerability_export") == StateSetting::vulnerability_export);
  const std::string sql = sql_of(fs::path(PROJECT_ROOT) / "schema");
  // SELECT … FROM setting WHERE name = '…', FROM setting s … WHERE s.name = '…', and what is set.
  for (const char* pattern :
       {R"(\bsetting\s+WHERE\s+name\s*(?:=|<>)\s*'([^']*)')",
        R"(\bsetting\s+\w+\s+CROSS\s+JOIN[^;]*?WHERE\s+\w+\.name\s*=\s*'([^']*)')",
        R"(INSERT\s+INTO\s+setting\s+(?:SELECT|VALUES)\s*\(?\s*'([^']*)')"}) {
    const auto found = all_of(sql, pattern);
    CHECK_FALSE(found.empty());
    for (const std::string& name : found) {
      INFO(name);
      CHECK(names.contains(name));
    }
  }
  for (const std::string& list : all_of(sql, R"(\bsetting\s+WHERE\s+name\s+IN\s*\(([^)]*)\))"))
    for (const std::string& name : all_of(list, "'([^']*)'")) {
      INFO(name);
      CHECK(names.contains(name));
    }
}

TEST_CASE("the texts of an enum are those of its column's CHECK constraint", "[enum]") {
  const std::string sql = sql_of(fs::path(PROJECT_ROOT) / "migrations");
  const auto same = [&](const std::string& column, const auto& texts) {
    const auto lists =
        all_of(sql, "\\b" + column + R"(\s+TEXT[^,]*?CHECK\s*\(\w+\s+IN\s*\(([^)]*)\))");
    REQUIRE(lists.size() == 1);
    const auto found = all_of(lists.front(), "'([^']*)'");
    CHECK(std::set<std::string_view>(found.begin(), found.end()) ==
          std::set<std::string_view>(texts.texts.begin(), texts.texts.end()));
  };
  // The outbox; what sends nothing stands in the ledger only.
  for (const std::string& list :
       all_of(sql, R"(\boperation\s+TEXT[^,]*?CHECK\s*\(operation\s+IN\s*\(([^)]*)\))"))
    for (const std::string& name : all_of(list, "'([^']*)'"))
      CHECK_NOTHROW(defender_car::kOperations.read(name));
  same("outcome", kRunOutcomes);
  same("state", kDatasetStates);
}

TEST_CASE("an option that is a choice names the texts of its enum in their order", "[enum]") {
  const auto same = [](const char* option, const auto& texts) {
    std::string choices;
    for (const std::string_view text : texts.texts)
      choices.append(choices.empty() ? "" : "|").append(text);
    CHECK(defender_car::find_option(option)->argument == choices);
  };
  same("mode", defender_car::kModes);
  same("network-source", defender_car::kNetworkSources);
  same("logon-source", defender_car::kLogonSources);
  same("vulnerability-source", defender_car::kVulnerabilitySources);
}
