#include "base/utf8.h"

namespace defender_car {

Utf8Character first_utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xC2 || lead > 0xF4) return {};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  std::uint32_t code = lead & (0x7Fu >> bytes);
  // The second byte tells what is overlong, a surrogate or beyond U+10FFFF.
  unsigned char least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < bytes; ++i) {
    if (i == text.size()) return {.cut = true};
    if (byte(i) < least || byte(i) > most) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
    least = 0x80;
    most = 0xBF;
  }
  return {code, bytes, true};
}

}  // namespace defender_car
