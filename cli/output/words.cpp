#include "cli/output/words.h"

#include <array>
#include <cmath>

#include "cli/output/text.h"

namespace defender_car {
namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Whether the text begins as 2026-11-24T20:05 does, or as 2026-11-24.
bool has_form(std::string_view iso, std::string_view form) {
  if (iso.size() < form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = iso[i] >= '0' && iso[i] <= '9';
    if (form[i] == '0' ? !digit : iso[i] != form[i]) return false;
  }
  const int month = (iso[5] - '0') * 10 + iso[6] - '0';
  return month >= 1 && month <= 12;
}

}  // namespace

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string counted(std::int64_t number, std::string_view one, std::string_view many) {
  return grouped(number).append(" ").append(number == 1 ? one : many);
}

std::string day_of(std::string_view iso) {
  if (!has_form(iso, "0000-00-00")) return std::string(iso);
  const auto month = static_cast<std::size_t>((iso[5] - '0') * 10 + iso[6] - '0');
  const std::string_view day = iso.substr(iso[8] == '0' ? 9 : 8, iso[8] == '0' ? 1 : 2);
  return std::string(day).append(" ").append(months[month - 1]);
}

std::string clock_of(std::string_view iso) {
  return has_form(iso, "0000-00-00T00:00") ? std::string(iso.substr(11, 5)) : std::string(iso);
}

std::string moment(std::string_view iso) {
  if (!has_form(iso, "0000-00-00T00:00")) return std::string(iso);
  return day_of(iso).append(" ").append(iso.substr(0, 4)).append(", ").append(clock_of(iso)) +
         " UTC";
}

std::string span_of(std::int64_t seconds) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  if (seconds < 2 * minute) return std::to_string(seconds) + " s";
  if (seconds < 2 * hour) return std::to_string(seconds / minute) + " min";
  if (seconds >= 2 * day) return counted(seconds / day, "day", "days");
  const std::int64_t minutes = seconds % hour / minute;
  return std::to_string(seconds / hour) + " h" +
         (minutes > 0 ? " " + std::to_string(minutes) + " min" : "");
}

std::string tenths(double number) {
  const auto scaled = static_cast<std::int64_t>(std::llround(number * 10));
  return grouped(scaled / 10) + "." + std::to_string(scaled % 10);
}

std::string run_time(double seconds) {
  if (seconds < 60) return tenths(seconds) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  return duration(whole) + (whole < 3600 ? " min" : " h");
}

}  // namespace defender_car
