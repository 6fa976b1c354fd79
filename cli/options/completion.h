#pragma once
// The completion scripts of the shells, made of the command table and the option table. They
// complete commands, options and the values of options that take one of a few words; nothing that
// would have to read the state.

#include <string>
#include <string_view>

namespace defender_car {

/// For bash, zsh or fish; "" for another word.
std::string completion_script(std::string_view shell);

}  // namespace defender_car
