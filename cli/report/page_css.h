#pragma once
// The page's style sheet, page.css, built in byte for byte (scripts/embed_css.cmake).

#include <string_view>

namespace defender_car {

extern const std::string_view page_css;
/// As a Content-Security-Policy names it: "sha256-" and base64.
extern const std::string_view page_css_hash;

}  // namespace defender_car
