#pragma once
// What this process must never show: a service may repeat what it was sent, in whatever place of
// its answer. printable(), through which all foreign text goes, leaves it out.

#include <string>
#include <string_view>

namespace defender_car {

std::string base64(std::string_view text);

/// From now on `secret`, as it is and in base64, is shown as "***". Kept to the process' end; less
/// than four characters hide nothing and would spoil every message.
void keep_secret(const std::string& secret);

/// `text` without kept secrets, and without anything that looks like a token (a JWT).
std::string without_secrets(std::string_view text);

}  // namespace defender_car
