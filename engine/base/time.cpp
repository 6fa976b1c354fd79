#include "base/time.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>

namespace defender_car {
namespace {

std::atomic<EpochMs> wrong_by = 0;

}  // namespace

EpochMs system_now() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count() + wrong_by;
}

void put_system_clock_wrong(EpochMs by) { wrong_by = by; }

std::string iso8601(EpochMs at) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::milliseconds> point{chrono::milliseconds{at}};
  const auto day = chrono::floor<chrono::days>(point);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss<chrono::milliseconds> time{point - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text.data();
}

}  // namespace defender_car
