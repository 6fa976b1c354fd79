#pragma once
// What this process must never show: a service may repeat what it was sent, in whatever place and
// form. printable(), through which all foreign text goes, leaves it out.

#include <string>
#include <string_view>

namespace defender_car {

std::string base64(std::string_view text);

/// From now on `secret` is shown as "***", as it is and in base64, also in the middle of a longer
/// base64 text. Kept to the process' end; less than four characters hide nothing and would spoil
/// every message.
void keep_secret(const std::string& secret);

/// A cleaned text (one line, nothing hidden in it) without kept secrets, and without anything that
/// looks like a token (a JWT). Secrets are found in whatever case, through blanks, combining marks
/// and bytes that were none of UTF-8, and through two layers of URL, JSON and HTML escapes.
std::string without_secrets(std::string_view text);

/// The characters of a cleaned text that such a search looks at, in lower case.
std::string searched_letters(std::string_view text);

}  // namespace defender_car
