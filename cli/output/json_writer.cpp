#include "cli/output/json_writer.h"

#include "base/utf8.h"
#include "cli/output/text.h"
#include "json/rapid_json.h"

namespace defender_car {
namespace {

void append_escape(std::string& out, std::uint32_t unit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 15U];
}

/// The same document with what could steer a terminal escaped. Such characters stand in strings
/// alone, but for line ends, and those below U+0020 are escaped there already.
std::string without_hidden(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const Utf8Character c = first_utf8_character(json);
    if (c.valid && c.code >= 0x20 && is_hidden(c.code)) {
      constexpr std::uint32_t kOneUnit = 0x10000;
      if (c.code >= kOneUnit) append_escape(out, 0xD800 + ((c.code - kOneUnit) >> 10));
      append_escape(out, c.code < kOneUnit ? c.code : 0xDC00 + (c.code & 0x3FF));
    } else {
      out += json.substr(0, c.bytes);
    }
    json.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace

/// Both of RapidJSON's writers on one buffer, of which one is used: they share no base class with
/// virtual members.
struct JsonWriter::Impl {
  json::Buffer buffer;
  json::PrettyWriter indented{buffer};
  json::Writer plain{buffer};
  bool pretty = true;

  template <typename Action>
  void write(Action action) {
    if (pretty) {
      action(indented);
    } else {
      action(plain);
    }
  }
  void key(std::string_view name) {
    write([&](auto& w) { w.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); });
  }
  void string(std::string_view value) {
    const std::string mended = valid_utf8(value);
    write(
        [&](auto& w) { w.String(mended.data(), static_cast<rapidjson::SizeType>(mended.size())); });
  }
};

JsonWriter::JsonWriter(Layout layout) : impl_(std::make_unique<Impl>()) {
  impl_->pretty = layout == Layout::indented;
  impl_->indented.SetIndent(' ', 2);
}

JsonWriter::~JsonWriter() = default;

void JsonWriter::begin_object() {
  impl_->write([](auto& w) { w.StartObject(); });
}

void JsonWriter::begin_object(std::string_view key) {
  impl_->key(key);
  begin_object();
}

void JsonWriter::end_object() {
  impl_->write([](auto& w) { w.EndObject(); });
}

void JsonWriter::begin_array(std::string_view key) {
  impl_->key(key);
  impl_->write([](auto& w) { w.StartArray(); });
}

void JsonWriter::end_array() {
  impl_->write([](auto& w) { w.EndArray(); });
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  impl_->key(key);
  impl_->string(value);
}

void JsonWriter::text_or_null(std::string_view key, std::string_view value) {
  impl_->key(key);
  if (value.empty()) {
    impl_->write([](auto& w) { w.Null(); });
  } else {
    impl_->string(value);
  }
}

void JsonWriter::integer(std::string_view key, std::int64_t value) {
  impl_->key(key);
  impl_->write([&](auto& w) { w.Int64(value); });
}

void JsonWriter::real(std::string_view key, double value) {
  impl_->key(key);
  impl_->write([&](auto& w) { w.Double(value); });
}

void JsonWriter::boolean(std::string_view key, bool value) {
  impl_->key(key);
  impl_->write([&](auto& w) { w.Bool(value); });
}

void JsonWriter::json_or_null(std::string_view key, std::string_view json) {
  impl_->key(key);
  if (json.empty()) {
    impl_->write([](auto& w) { w.Null(); });
  } else {
    json_element(json);
  }
}

void JsonWriter::texts(std::string_view key, const std::vector<std::string>& values) {
  begin_array(key);
  for (const std::string& value : values) impl_->string(value);
  end_array();
}

void JsonWriter::json_element(std::string_view json) {
  const std::string mended = valid_utf8(json);
  impl_->write([&](auto& w) { w.RawValue(mended.data(), mended.size(), rapidjson::kObjectType); });
}

std::string JsonWriter::str() const {
  return without_hidden({impl_->buffer.GetString(), impl_->buffer.GetSize()});
}

std::size_t JsonWriter::size() const { return impl_->buffer.GetSize(); }

std::string JsonWriter::take() {
  std::string written = str();
  impl_->buffer.Clear();
  return written;
}

}  // namespace defender_car
