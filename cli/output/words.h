#pragma once
// Numbers and times as a page shows them.

#include <cstdint>
#include <string>
#include <string_view>

namespace defender_car {

/// 1,234,567
std::string grouped(std::int64_t number);

/// "1 run", "1,234 runs"
std::string counted(std::int64_t number, std::string_view one, std::string_view many);

/// "24 Nov 2026, 20:05 UTC" of an ISO 8601 time; what is none stays as it is.
std::string moment(std::string_view iso);

/// "24 Nov"
std::string day_of(std::string_view iso);

/// "20:05"
std::string clock_of(std::string_view iso);

/// "40 s", "3 min", "2 h 5 min", "4 days"
std::string span_of(std::int64_t seconds);

/// "12.5 s", "3:07 min"
std::string run_time(double seconds);

/// One digit behind the point.
std::string tenths(double number);

}  // namespace defender_car
