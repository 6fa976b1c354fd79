#include "base/secrets.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/utf8.h"

namespace defender_car {
namespace {

constexpr std::size_t kShortest = 4;
constexpr std::string_view kShown = "***";
constexpr int kEscapeLayers = 2;

std::vector<std::string>& kept() {
  static std::vector<std::string> secrets;
  return secrets;
}

/// Where in the text shown something stands.
struct Place {
  std::size_t begin;
  std::size_t end;
};

/// Bytes to search, each with the place that shows it.
struct Letters {
  std::string bytes;
  std::vector<Place> places;

  void add(std::string_view more, Place place) {
    bytes.append(more);
    places.insert(places.end(), more.size(), place);
  }
};

Letters all_of(std::string_view text) {
  Letters all;
  for (std::size_t at = 0; at < text.size(); ++at) all.add(text.substr(at, 1), {at, at + 1});
  return all;
}

/// Between two letters of a secret these do not matter: marks that combine with a letter, what
/// stands for bytes that were none of UTF-8 ("?", U+FFFD), and what is hidden.
bool is_searched(const Utf8Character& character) {
  const std::uint32_t code = character.code;
  if (!character.valid || code == '?' || code == ' ' || code == 0xFFFD) return false;
  const bool combines = (code >= 0x300 && code <= 0x36F) || (code >= 0x1AB0 && code <= 0x1AFF) ||
                        (code >= 0x1DC0 && code <= 0x1DFF) || (code >= 0x20D0 && code <= 0x20FF) ||
                        (code >= 0xFE20 && code <= 0xFE2F);
  return !combines && !is_blank(code) && !is_hidden(code);
}

Letters searched(const Letters& all) {
  Letters letters;
  for (std::size_t at = 0; at < all.bytes.size();) {
    const Utf8Character character = first_utf8_character(std::string_view(all.bytes).substr(at));
    if (is_searched(character)) {
      const Place place{all.places[at].begin, all.places[at + character.bytes - 1].end};
      std::string shown = all.bytes.substr(at, character.bytes);
      if (shown.size() == 1)
        shown[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(shown[0])));
      letters.add(shown, place);
    }
    at += character.bytes;
  }
  return letters;
}

struct Escape {
  std::string means;
  std::size_t bytes = 0;  ///< 0: there is none
};

std::optional<std::uint32_t> number(std::string_view digits, int base) {
  std::uint32_t value = 0;
  const auto [end, fault] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const bool whole = fault == std::errc() && end == digits.data() + digits.size();
  return whole ? std::optional(value) : std::nullopt;
}

/// "%2F"
Escape url_escape_at(std::string_view text) {
  const auto byte = text.size() < 3 ? std::nullopt : number(text.substr(1, 2), 16);
  return byte ? Escape{std::string(1, static_cast<char>(*byte)), 3} : Escape{};
}

/// "\\/", "\\u002f"
Escape json_escape_at(std::string_view text) {
  constexpr std::size_t kUnicode = 6;
  if (text.size() < 2) return {};
  if (text[1] == 'u' && text.size() >= kUnicode) {
    const auto code = number(text.substr(2, 4), 16);
    return code ? Escape{utf8_of(*code), kUnicode} : Escape{};
  }
  if (std::string_view("\"\\/").find(text[1]) != std::string_view::npos) return {{text[1]}, 2};
  const bool blank = std::string_view("bfnrt").find(text[1]) != std::string_view::npos;
  return blank ? Escape{" ", 2} : Escape{};
}

/// "&amp;", "&#47;", "&#x2f;"
Escape html_escape_at(std::string_view text) {
  constexpr std::size_t kLongest = 10;
  const std::size_t end = text.substr(0, kLongest).find(';');
  if (end == std::string_view::npos || end < 3) return {};
  const std::string_view name = text.substr(1, end - 1);
  if (name[0] == '#') {
    const auto code = name[1] == 'x' ? number(name.substr(2), 16) : number(name.substr(1), 10);
    return code ? Escape{utf8_of(*code), end + 1} : Escape{};
  }
  constexpr std::pair<std::string_view, char> kNames[] = {
      {"amp", '&'},  {"lt", '<'},  {"gt", '>'},  {"quot", '"'}, {"apos", '\''},
      {"nbsp", ' '}, {"shy", ' '}, {"zwj", ' '}, {"zwnj", ' '}};
  for (const auto& [known, means] : kNames) {
    if (known == name) return {{means}, end + 1};
  }
  return {};
}

Escape escape_at(std::string_view text) {
  switch (text[0]) {
    case '%':
      return url_escape_at(text);
    case '\\':
      return json_escape_at(text);
    case '&':
      return html_escape_at(text);
    default:
      return {};
  }
}

/// One layer of escapes less.
Letters unescaped(const Letters& letters) {
  Letters out;
  for (std::size_t at = 0; at < letters.bytes.size();) {
    const std::string_view rest = std::string_view(letters.bytes).substr(at);
    const Escape escape = escape_at(rest);
    const std::size_t bytes = std::max<std::size_t>(escape.bytes, 1);
    out.add(escape.bytes == 0 ? rest.substr(0, 1) : std::string_view(escape.means),
            {letters.places[at].begin, letters.places[at + bytes - 1].end});
    at += bytes;
  }
  return out;
}

void find_secrets(const Letters& letters, std::vector<Place>& found) {
  for (const std::string& secret : kept()) {
    for (std::size_t at = letters.bytes.find(secret); at != std::string::npos;
         at = letters.bytes.find(secret, at + secret.size()))
      found.push_back({letters.places[at].begin, letters.places[at + secret.size() - 1].end});
  }
}

std::string without(std::string_view text, std::vector<Place> places) {
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.begin < b.begin; });
  std::string out;
  std::size_t done = 0;
  for (std::size_t i = 0; i < places.size();) {
    const std::size_t begin = places[i].begin;
    std::size_t end = places[i].end;
    for (++i; i < places.size() && places[i].begin < end; ++i) end = std::max(end, places[i].end);
    out.append(text.substr(done, begin - done)).append(kShown);
    done = end;
  }
  return out.append(text.substr(done));
}

void keep(const std::string& text) {
  std::string letters = searched_letters(text);
  auto& all = kept();
  if (letters.size() < kShortest || std::find(all.begin(), all.end(), letters) != all.end()) return;
  all.push_back(std::move(letters));
}

/// The characters that stand for it alone in base64, wherever in a longer text it begins.
void keep_base64(const std::string& secret) {
  for (const std::size_t before : {0U, 1U, 2U}) {
    const std::size_t first = (8 * before + 5) / 6;
    const std::size_t last = 8 * (before + secret.size()) / 6;
    std::string encoded = base64(std::string(before, ' ') + secret).substr(first, last - first);
    keep(encoded);
    std::replace(encoded.begin(), encoded.end(), '+', '-');
    std::replace(encoded.begin(), encoded.end(), '/', '_');
    keep(encoded);
  }
}

bool is_of_token(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
}

// Whoever's token it is: a JWT's header is a JSON object in base64url, which begins so.
std::string without_tokens(const std::string& text) {
  constexpr std::string_view kBeginning = "eyJ";
  constexpr std::size_t kLeast = 20;
  std::string out;
  std::size_t begin = 0;
  for (std::size_t at = text.find(kBeginning); at != std::string::npos;
       at = text.find(kBeginning, begin)) {
    std::size_t end = at;
    while (end < text.size() && is_of_token(static_cast<unsigned char>(text[end]))) ++end;
    out.append(text, begin, at - begin);
    if (end - at >= kLeast) {
      out.append(kShown);
    } else {
      out.append(text, at, end - at);
    }
    begin = end;
  }
  return out.append(text, begin);
}

}  // namespace

std::string base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned bits = 0;
    const std::size_t count = std::min<std::size_t>(3, text.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < count ? static_cast<unsigned char>(text[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      encoded += k <= count ? kAlphabet[bits >> (18 - 6 * k) & 63] : '=';
    }
  }
  return encoded;
}

void keep_secret(const std::string& secret) {
  if (secret.size() < kShortest) return;
  keep(secret);
  keep_base64(secret);
  std::string in_form = secret;
  std::replace(in_form.begin(), in_form.end(), ' ', '+');
  keep(in_form);
}

std::string searched_letters(std::string_view text) { return searched(all_of(text)).bytes; }

std::string without_secrets(std::string_view text) {
  if (kept().empty()) return without_tokens(std::string(text));
  Letters letters = searched(all_of(text));
  std::vector<Place> found;
  find_secrets(letters, found);
  for (int layer = 0; layer < kEscapeLayers; ++layer) {
    if (letters.bytes.find_first_of("%\\&") == std::string::npos) break;
    letters = searched(unescaped(letters));
    find_secrets(letters, found);
  }
  return without_tokens(without(text, std::move(found)));
}

}  // namespace defender_car
