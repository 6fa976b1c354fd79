// RapidJSON's types as this program uses them. RapidJSON's own allocator hands out what malloc
// gave, and its documents and buffers write through that without a look: where memory runs out they
// end the program by a signal. With the one here they throw std::bad_alloc instead.
//
// Reading a response of any size is json_events.h; these are for short responses and for writing.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wclass-memaccess"
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#pragma GCC diagnostic pop

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

namespace defender_car::json {

/// RapidJSON's concept of an allocator. Throws std::bad_alloc.
class CheckedAllocator {  // NOLINTBEGIN(readability-identifier-naming): RapidJSON's names
 public:
  static constexpr bool kNeedFree = true;
  void* Malloc(std::size_t size) { return Realloc(nullptr, 0, size); }
  void* Realloc(void* old, std::size_t, std::size_t size) {
    if (size == 0) {
      std::free(old);
      return nullptr;
    }
    void* memory = std::realloc(old, size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  static void Free(void* memory) { std::free(memory); }
};  // NOLINTEND(readability-identifier-naming)

using Document =
    rapidjson::GenericDocument<rapidjson::UTF8<>, rapidjson::MemoryPoolAllocator<CheckedAllocator>,
                               CheckedAllocator>;
using Value = Document::ValueType;

using Buffer = rapidjson::GenericStringBuffer<rapidjson::UTF8<>, CheckedAllocator>;
template <typename Out>
using WriterTo = rapidjson::Writer<Out, rapidjson::UTF8<>, rapidjson::UTF8<>, CheckedAllocator>;
using Writer = WriterTo<Buffer>;
using PrettyWriter =
    rapidjson::PrettyWriter<Buffer, rapidjson::UTF8<>, rapidjson::UTF8<>, CheckedAllocator>;

inline std::string_view view_of(const Value& text) {
  return {text.GetString(), text.GetStringLength()};
}
inline std::string text_of(const Buffer& buffer) { return {buffer.GetString(), buffer.GetSize()}; }

// RapidJSON takes no null pointer, which an empty view may well be.
template <typename Out>
void write_text(WriterTo<Out>& writer, std::string_view text) {
  writer.String(text.empty() ? "" : text.data(), static_cast<rapidjson::SizeType>(text.size()));
}
template <typename Out>
void write_key(WriterTo<Out>& writer, std::string_view key) {
  writer.Key(key.empty() ? "" : key.data(), static_cast<rapidjson::SizeType>(key.size()));
}

/// The text of an object whose members `fill(writer)` writes.
template <typename Fill>
std::string object_text(Fill&& fill) {
  Buffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  fill(writer);
  writer.EndObject();
  return text_of(buffer);
}

}  // namespace defender_car::json
