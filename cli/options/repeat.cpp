#include "cli/options/repeat.h"

#include <algorithm>
#include <string_view>

#include "cli/output/text.h"

namespace defender_car {
namespace {

constexpr std::string_view kHidden[] = {"--client-secret", "--car-key", "--car-password",
                                        "--car-token"};

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("_-./:=,%+@").find(c) != std::string_view::npos;
}

std::string quoted(const std::string& word) {
  if (std::all_of(word.begin(), word.end(), is_plain)) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

std::string command_to_repeat(const Arguments& arguments) {
  std::string text = "defender-car";
  if (arguments.command) text += " " + *arguments.command;
  for (const std::string& option : arguments.options) {
    const std::string name = option.substr(0, option.find('='));
    if (name == "--allow-once") continue;
    const bool hidden =
        std::find(std::begin(kHidden), std::end(kHidden), name) != std::end(kHidden);
    text += " " + (hidden ? name + "='…'" : quoted(printable(option)));
  }
  return text;
}

}  // namespace defender_car
