#include "target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/utf8.h"
#include "json/json_events.h"

namespace fuzz {

using defender_car::Body;
using defender_car::Field;
using defender_car::first_utf8_character;
using defender_car::Utf8Character;
using defender_car::json::kByteOrderMark;

void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    if (!character.valid) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

bool is_printable(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
         });
}

std::size_t choose(std::string_view& text, std::size_t choices) {
  if (text.empty()) return 0;
  const auto chosen = static_cast<unsigned char>(text.front() - '0');
  text.remove_prefix(1);
  return chosen % choices;
}

Body in_file(std::string_view json) {
  constexpr std::size_t kPiece = 64 * 1024;
  constexpr std::size_t kPieces = 5;  // more than a body holds in memory
  Body body;
  // A byte order mark is one at the very beginning alone.
  if (json.starts_with(kByteOrderMark)) {
    body.append(kByteOrderMark);
    json.remove_prefix(kByteOrderMark.size());
  }
  body.append(std::string(kPieces * kPiece - std::min(json.size() / 2, kPiece), ' '));
  body.append(json);
  promise(body.file() != nullptr, "a body over 256 KiB lies in a file");
  return body;
}

std::string as_text(std::span<const Field> fields) {
  std::string text;
  for (const Field& field : fields) {
    text += std::to_string(static_cast<int>(field.type)) + ':' + field.text + ':' +
            std::to_string(field.integer) + ':' + std::to_string(field.real) + '\n';
  }
  return text;
}

}  // namespace fuzz
