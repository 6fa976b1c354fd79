#include "text.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace simulator {
namespace {

int two_digits(std::string_view text, size_t at) {
  if (at + 1 >= text.size()) return -1;
  const char a = text[at];
  const char b = text[at + 1];
  if (a < '0' || a > '9' || b < '0' || b > '9') return -1;
  return (a - '0') * 10 + (b - '0');
}

uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

struct Calendar {
  int year;
  unsigned month, day, weekday;
  int hour, minute, second, millisecond;
};

Calendar to_calendar(int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> point{milliseconds{ms}};
  const sys_days days = floor<std::chrono::days>(point);
  const year_month_day date{days};
  const auto rest = static_cast<int>((point - days).count());
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          weekday{days}.c_encoding(),
          rest / 3600000,
          rest / 60000 % 60,
          rest / 1000 % 60,
          rest % 1000};
}

void put_digits(std::string& out, size_t at, size_t count, unsigned value) {
  for (size_t i = count; i > 0; --i, value /= 10)
    out[at + i - 1] = static_cast<char>('0' + value % 10);
}

/// By hand, since a page of the machine list has twenty thousand times.
std::string iso_with_fraction(int64_t ms, std::string_view fraction) {
  const Calendar c = to_calendar(ms);
  std::string out = "0000-00-00T00:00:00";
  put_digits(out, 0, 4, static_cast<unsigned>(c.year));
  put_digits(out, 5, 2, c.month);
  put_digits(out, 8, 2, c.day);
  put_digits(out, 11, 2, static_cast<unsigned>(c.hour));
  put_digits(out, 14, 2, static_cast<unsigned>(c.minute));
  put_digits(out, 17, 2, static_cast<unsigned>(c.second));
  if (!fraction.empty()) out.append(".").append(fraction);
  return out + "Z";
}

/// The letter that stands for it in JSON's escapes; 0 where there is none.
char control_letter(char c) {
  switch (c) {
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

std::string seven_digits(int64_t ms, unsigned beyond) {
  std::string out = "0000000";
  put_digits(out, 0, 3, static_cast<unsigned>(to_calendar(ms).millisecond));
  put_digits(out, 3, 4, beyond);
  return out;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  out.push_back('"');
  size_t plain = 0;  // where what is not yet copied begins
  for (size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, at - plain);
    plain = at + 1;
    out.push_back('\\');
    if (c == '"' || c == '\\')
      out.push_back(text[at]);
    else if (const char letter = control_letter(text[at]); letter != 0)
      out.push_back(letter);
    else
      out.append("u00").append({hex[c >> 4], hex[c & 15U]});
  }
  out.append(text, plain);
  out.push_back('"');
}

std::string format_iso(int64_t ms, int digits) {
  return iso_with_fraction(ms, seven_digits(ms, 0).substr(0, static_cast<size_t>(digits)));
}

std::string wire_time(int64_t ms) {
  const uint64_t noise = mix(static_cast<uint64_t>(ms));
  const int needed = ms % 1000 == 0 ? 0 : ms % 100 == 0 ? 1 : ms % 10 == 0 ? 2 : 3;
  const int digits = std::max(needed, static_cast<int>(noise % 8));
  const auto beyond = (noise >> 8) % 2 == 0 ? 0U : static_cast<unsigned>((noise >> 16) % 10000);
  return iso_with_fraction(ms, seven_digits(ms, beyond).substr(0, static_cast<size_t>(digits)));
}

std::optional<int64_t> parse_iso(std::string_view text) {
  using namespace std::chrono;
  if (!text.empty() && (text.back() == 'Z' || text.back() == 'z')) text.remove_suffix(1);
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int century = two_digits(text, 0), years = two_digits(text, 2);
  const int months = two_digits(text, 5), days = two_digits(text, 8);
  if (century < 0 || years < 0 || months < 0 || days < 0) return std::nullopt;
  const year_month_day date{year{century * 100 + years}, month{static_cast<unsigned>(months)},
                            day{static_cast<unsigned>(days)}};
  if (!date.ok()) return std::nullopt;
  int64_t ms = duration_cast<milliseconds>(sys_days{date}.time_since_epoch()).count();
  if (text.size() == 10) return ms;
  if (text.size() < 19 || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  const int h = two_digits(text, 11), m = two_digits(text, 14), s = two_digits(text, 17);
  if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59) return std::nullopt;
  ms += (h * 3600 + m * 60 + s) * 1000LL;
  if (text.size() == 19) return ms;
  if (text[19] != '.' || text.size() > 29 || text.size() == 20) return std::nullopt;
  int64_t scale = 100;
  for (const char c : text.substr(20)) {
    if (c < '0' || c > '9') return std::nullopt;
    ms += (c - '0') * scale;
    scale /= 10;
  }
  return ms;
}

std::string http_date(int64_t ms) {
  static constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Calendar c = to_calendar(ms);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                weekdays[c.weekday], c.day, months[c.month - 1], c.year, c.hour, c.minute,
                c.second);
  return text.data();
}

std::string decode_url(std::string_view text) {
  const auto hex = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 &&
               hex(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> out;
  for (const std::string& part : split(text, '&')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const std::string key = decode_url(std::string_view(part).substr(0, equals));
    out[key] = equals == std::string::npos ? "" : decode_url(part.substr(equals + 1));
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  size_t from = 0;
  while (true) {
    const size_t to = text.find(separator, from);
    out.emplace_back(text.substr(from, to - from));
    if (to == std::string_view::npos) return out;
    from = to + 1;
  }
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string encode_base64url(std::string_view data) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : data) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(digits[(bits >> held) & 63U]);
    }
  }
  if (held > 0) out.push_back(digits[(bits << (6 - held)) & 63U]);
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    int value = -1;
    if (c >= 'A' && c <= 'Z') value = c - 'A';
    if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
    if (c >= '0' && c <= '9') value = c - '0' + 52;
    if (c == '+' || c == '-') value = 62;
    if (c == '/' || c == '_') value = 63;
    if (c == '=') break;
    if (value < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>((bits >> held) & 255U));
    }
  }
  return out;
}

uint64_t stable_hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix(hash);
}

std::string make_guid(uint64_t seed) {
  std::array<char, 40> text{};
  const uint64_t a = mix(seed);
  const uint64_t b = mix(a);
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(a >> 32), static_cast<unsigned>((a >> 16) & 0xffff),
                static_cast<unsigned>(a & 0xffff), static_cast<unsigned>(b >> 48),
                static_cast<unsigned long long>(b & 0xffffffffffffULL));
  return text.data();
}

std::string gzip(std::string_view data) {
  z_stream stream{};
  // Level 1: the simulator stands beside what is measured, so it should cost little.
  if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("gzip: deflateInit2 failed");
  std::string out(deflateBound(&stream, static_cast<uLong>(data.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

namespace {

void write_canonical(JsonWriter& json, const rapidjson::Value& value,
                     std::initializer_list<std::string_view> without) {
  if (value.IsArray()) {
    json.StartArray();
    for (const auto& item : value.GetArray()) write_canonical(json, item, {});
    json.EndArray();
  } else if (value.IsObject()) {
    std::vector<std::pair<std::string_view, const rapidjson::Value*>> sorted;
    for (const auto& member : value.GetObject()) {
      const std::string_view key(member.name.GetString(), member.name.GetStringLength());
      if (std::find(without.begin(), without.end(), key) == without.end())
        sorted.emplace_back(key, &member.value);
    }
    std::sort(sorted.begin(), sorted.end());
    json.StartObject();
    for (const auto& [key, item] : sorted) {
      write_key(json, key);
      write_canonical(json, *item, {});
    }
    json.EndObject();
  } else {
    value.Accept(json);
  }
}

}  // namespace

std::string canonical_json(const rapidjson::Value& value,
                           std::initializer_list<std::string_view> without) {
  std::string out;
  StringSink sink(out);
  JsonWriter json(sink);
  write_canonical(json, value, without);
  return out;
}

}  // namespace simulator
