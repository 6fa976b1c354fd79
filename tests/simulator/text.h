// Small text helpers that every service of the simulator shares: times as Defender writes them,
// URL, base64 and gzip coding, a stable hash and a JSON writer that appends to a std::string.
//
// All of them are pure functions: the same input gives the same text on every machine and run.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

/// RapidJSON output stream over a std::string.
struct StringSink {
  using Ch = char;
  explicit StringSink(std::string& target) : out(target) {}
  void Put(char c) { out.push_back(c); }
  void Flush() {}
  std::string& out;
};
using JsonWriter = rapidjson::Writer<StringSink>;

/// The text in quotes, escaped as RapidJSON does it.
void append_quoted(std::string& out, std::string_view text);

}  // namespace simulator

// RapidJSON hands a sink one character at a time. These append what needs no escape in pieces, and
// texts are most of what a tenant answers.
template <>
inline bool simulator::JsonWriter::WriteString(const char* text, rapidjson::SizeType length) {
  simulator::append_quoted(os_->out, {text, length});
  return true;
}
template <>
inline bool simulator::JsonWriter::WriteRawValue(const char* json, size_t length) {
  os_->out.append(json, length);
  return true;
}

namespace simulator {

inline void write(JsonWriter& json, std::string_view text) {
  json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}
inline void write_key(JsonWriter& json, std::string_view key) {
  json.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
}
inline void write_raw(JsonWriter& json, std::string_view text) {
  json.RawValue(text.data(), text.size(), rapidjson::kObjectType);
}
inline void write_pair(JsonWriter& json, std::string_view key, std::string_view text) {
  write_key(json, key);
  write(json, text);
}

/// ISO-8601 in UTC with Z and exactly `digits` (0 to 7) fraction digits.
std::string format_iso(int64_t ms, int digits);
/// ISO-8601 with a number of fraction digits (0 to 7) that varies from value to value but never
/// loses the milliseconds; digits past them may be other than zero.
std::string wire_time(int64_t ms);
/// Accepts a date alone, date and time, 0 to 9 fraction digits, Z or none; anything else: nullopt.
std::optional<int64_t> parse_iso(std::string_view text);
std::string http_date(int64_t ms);

std::string decode_url(std::string_view text);
/// Splits and decodes `a=1&b=2`; of a repeated key the last one stands.
std::map<std::string, std::string> parse_query(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

std::string encode_base64url(std::string_view data);
std::optional<std::string> decode_base64(std::string_view text);
uint64_t stable_hash(std::string_view text);
/// Thirty-two hex digits in the shape of a GUID, derived from `seed`.
std::string make_guid(uint64_t seed);
std::string gzip(std::string_view data);

/// The value with object keys sorted at every level and without white space; without these of its
/// own members.
std::string canonical_json(const rapidjson::Value& value,
                           std::initializer_list<std::string_view> without = {});

}  // namespace simulator
