#include "run/retirement.h"

namespace defender_car {
namespace {

constexpr EpochMs kEnd = 1'801'440'000'000;  // 2027-02-01T00:00:00Z
constexpr EpochMs kNotice = EpochMs{30} * 24 * 3600 * 1000;

}  // namespace

std::vector<std::string> retirement_warnings(std::string_view used, EpochMs time) {
  std::vector<std::string> warnings;
  if (time < kEnd - kNotice) return warnings;
  if (used.find("hunting") != std::string_view::npos)
    warnings.emplace_back(
        "hunting still goes by Defender's advancedqueries/run, which Microsoft ends on 2027-02-01: "
        "grant ThreatHunting.Read.All (Microsoft Graph) to the application, then --hunting-api "
        "auto goes by Graph");
  if (used.find("alerts") != std::string_view::npos)
    warnings.emplace_back(
        "alerts are still read from Defender's /api/alerts, which may end with its API on "
        "2027-02-01: grant SecurityAlert.Read.All (Microsoft Graph) to the application, then "
        "--alerts-api auto goes over when that list refuses, and --alerts-api graph at once");
  return warnings;
}

}  // namespace defender_car
