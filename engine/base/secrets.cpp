#include "base/secrets.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <vector>

namespace defender_car {
namespace {

constexpr std::size_t kShortest = 4;
constexpr std::string_view kShown = "***";

// Longest first: one may be part of another.
std::vector<std::string>& kept() {
  static std::vector<std::string> secrets;
  return secrets;
}

void keep(std::string text) {
  auto& all = kept();
  if (text.size() < kShortest || std::find(all.begin(), all.end(), text) != all.end()) return;
  all.push_back(std::move(text));
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

// One pass each, into a new string: a hostile answer may be full of them.
std::string without(const std::string& text, std::string_view secret) {
  std::string out;
  std::size_t begin = 0;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, begin)) {
    out.append(text, begin, at - begin).append(kShown);
    begin = at + secret.size();
  }
  return out.append(text, begin);
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
  // Without the padding, which depends on what follows.
  std::string encoded = base64(secret);
  while (encoded.ends_with('=')) encoded.pop_back();
  keep(std::move(encoded));
}

std::string without_secrets(std::string_view text) {
  std::string shown(text);
  for (const std::string& secret : kept()) shown = without(shown, secret);
  return without_tokens(shown);
}

}  // namespace defender_car
