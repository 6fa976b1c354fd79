#pragma once
// The program's name and version, as CMakeLists.txt says it.

namespace defender_car {

inline constexpr const char* kVersion = DEFENDER_CAR_VERSION;
/// "defender-car 0.1.0"
inline constexpr const char* kProgram = "defender-car " DEFENDER_CAR_VERSION;

}  // namespace defender_car
