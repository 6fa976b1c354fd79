#include "base/json_events.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wclass-memaccess"
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/writer.h>
#pragma GCC diagnostic pop

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"

namespace defender_car::json {
namespace {

using rapidjson::SizeType;

constexpr int kDeepest = 64;
constexpr std::size_t kLongestString = 16 << 20;

/// RapidJSON's handler.
class Handler {
 public:
  explicit Handler(Events& events) : events_(events) {}

  bool Null() { return on_scalar({}); }
  bool Bool(bool b) { return on_scalar({.type = Field::Type::boolean, .integer = b ? 1 : 0}); }
  bool Int(int i) { return Int64(i); }
  bool Uint(unsigned i) { return Int64(i); }
  bool Int64(std::int64_t i) { return on_scalar({.type = Field::Type::integer, .integer = i}); }
  bool Uint64(std::uint64_t i) {
    if (i <= std::numeric_limits<std::int64_t>::max()) return Int64(static_cast<std::int64_t>(i));
    const auto real = static_cast<double>(i);
    return on_scalar({.type = Field::Type::real, .real = real, .beyond_int64 = i});
  }
  bool Double(double d) { return on_scalar({.type = Field::Type::real, .real = d}); }
  bool RawNumber(const char*, SizeType, bool) { return false; }  // not asked of the parser
  bool String(const char* text, SizeType size, bool) {
    return short_enough(size) && on_scalar({.type = Field::Type::text, .text = {text, size}});
  }
  bool Key(const char* text, SizeType size, bool) {
    if (!short_enough(size)) return false;
    events_.key({text, size});
    return true;
  }
  bool StartObject() { return on_open(true); }
  bool StartArray() { return on_open(false); }
  bool EndObject(SizeType) { return on_close(true); }
  bool EndArray(SizeType) { return on_close(false); }

  /// Why it ended the parsing, or nullptr.
  const char* refusal() const noexcept { return refusal_; }

 private:
  bool on_scalar(const Scalar& scalar) {
    events_.scalar(scalar);
    return true;
  }
  bool on_open(bool object) {
    if (++depth_ > kDeepest) return refuse("It is nested deeper than 64 levels.");
    events_.open(object);
    return true;
  }
  bool on_close(bool object) {
    events_.close(object);
    --depth_;
    return true;
  }
  bool short_enough(std::size_t size) {
    return size <= kLongestString || refuse("It has a single string over 16 MiB.");
  }
  bool refuse(const char* why) {
    refusal_ = why;
    return false;
  }

  Events& events_;
  int depth_ = 0;
  const char* refusal_ = nullptr;
};

/// RapidJSON gathers a string on its stack before a handler sees its length: a huge one ends here.
class BoundedAllocator {
 public:
  static constexpr bool kNeedFree = true;
  void* Malloc(std::size_t size) { return Realloc(nullptr, 0, size); }
  void* Realloc(void* old, std::size_t, std::size_t size) {
    // The stack grows by half, so an allowed string may stand in one and a half times its size.
    if (size > 2 * kLongestString) {
      throw Error(ErrorKind::bad_data, "not JSON to read here: it has a single string over 16 MiB");
    }
    if (size == 0) {
      std::free(old);
      return nullptr;
    }
    void* fresh = std::realloc(old, size);
    if (fresh == nullptr) throw std::bad_alloc();
    return fresh;
  }
  static void Free(void* memory) { std::free(memory); }
};

[[noreturn]] void fail(const Body& body, std::size_t offset, const std::string& reason) {
  constexpr std::size_t kShown = 80;
  throw Error(ErrorKind::bad_data, "not JSON at byte " + std::to_string(offset) + ": " + reason +
                                       " It begins: " + excerpt(body.head(1024), kShown));
}

/// RapidJSON's input: a body in memory, or piece by piece out of a file. Judges the encoding by the
/// piece, which costs a tenth of RapidJSON's own look at each character. The text ends (with NUL)
/// where it is not UTF-8.
class Source {
 public:
  using Ch = char;

  explicit Source(const Body& body) : file_(body.file()) {
    if (file_ != nullptr) {
      buffer_.resize(kPiece);
      next_piece();
      return;
    }
    const std::string& text = body.text();
    begin_ = current_ = text.c_str();
    end_ = begin_ + text.size();
    const std::size_t valid = valid_utf8_prefix(text);
    if (valid < text.size()) fail(body, valid, kNotUtf8);
  }

  char Peek() const { return *current_; }
  char Take() {
    const char taken = *current_++;
    if (current_ == end_ && file_ != nullptr) next_piece();
    return taken;
  }
  std::size_t Tell() const { return before_ + static_cast<std::size_t>(current_ - begin_); }
  bool is_invalid() const { return invalid_ && current_ == end_; }

  static constexpr const char* kNotUtf8 = "A character is not UTF-8.";

  // RapidJSON wants these to be there; they are for parsing in place.
  char* PutBegin() { return nullptr; }
  void Put(char) {}
  std::size_t PutEnd(char*) { return 0; }

 private:
  static constexpr std::size_t kPiece = 64 * 1024;

  void next_piece() {
    before_ += static_cast<std::size_t>(end_ - begin_);
    std::size_t valid = 0;
    std::size_t got = 1;
    while (valid == 0 && got > 0 && !invalid_) {
      // A character may lie across two pieces: its first bytes waited in carried_.
      std::size_t size = carried_.copy(buffer_.data(), carried_.size());
      got = std::fread(buffer_.data() + size, 1, kPiece - size, file_);
      if (std::ferror(file_) != 0) throw Error(ErrorKind::internal, "cannot read a temporary file");
      size += got;
      const std::string_view piece(buffer_.data(), size);
      valid = valid_utf8_prefix(piece);
      carried_ = piece.substr(valid);
      invalid_ = !carried_.empty() && (got == 0 || !first_utf8_character(carried_).cut);
    }
    begin_ = current_ = buffer_.data();
    end_ = begin_ + valid;
    buffer_[valid] = '\0';
  }

  std::FILE* file_;
  std::string buffer_;
  std::string carried_;
  bool invalid_ = false;
  std::size_t before_ = 0;
  const char* begin_ = nullptr;
  const char* current_ = nullptr;
  const char* end_ = nullptr;
};

}  // namespace

void parse(const Body& body, Events& events) {
  // Iterative, and a handler that bounds the depth: no document makes the stack overflow.
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, BoundedAllocator> parser;
  Handler handler(events);
  Source source(body);
  const rapidjson::ParseResult result =
      parser.Parse<rapidjson::kParseIterativeFlag>(source, handler);
  if (handler.refusal() != nullptr) fail(body, result.Offset(), handler.refusal());
  if (source.is_invalid()) fail(body, source.Tell(), Source::kNotUtf8);
  if (result.IsError()) fail(body, result.Offset(), rapidjson::GetParseError_En(result.Code()));
  // A NUL character looks like the end of the document to RapidJSON.
  if (source.Tell() != body.size()) fail(body, source.Tell(), "A NUL character follows it.");
}

struct Capture::Impl {
  struct TextOut {
    using Ch = char;
    std::string* text = nullptr;
    void Put(char c) { text->push_back(c); }
    void Flush() {}
  };
  TextOut out;
  rapidjson::Writer<TextOut> writer;
  int depth = 0;
};

Capture::Capture() : impl_(std::make_unique<Impl>()) {}
Capture::~Capture() = default;
Capture::Capture(Capture&&) noexcept = default;
Capture& Capture::operator=(Capture&&) noexcept = default;

void Capture::begin(std::string& text) {
  text.clear();
  impl_->out.text = &text;
  impl_->writer.Reset(impl_->out);
  impl_->depth = 0;
}

void Capture::scalar(const Scalar& scalar) {
  auto& writer = impl_->writer;
  switch (scalar.type) {
    case Field::Type::text:
      writer.String(scalar.text.data(), static_cast<SizeType>(scalar.text.size()));
      break;
    case Field::Type::integer:
      writer.Int64(scalar.integer);
      break;
    case Field::Type::real:
      scalar.beyond_int64 != 0 ? writer.Uint64(scalar.beyond_int64) : writer.Double(scalar.real);
      break;
    case Field::Type::boolean:
      writer.Bool(scalar.integer != 0);
      break;
    default:
      writer.Null();
  }
}

void Capture::key(std::string_view key) {
  impl_->writer.Key(key.data(), static_cast<SizeType>(key.size()));
}

void Capture::open(bool object) {
  object ? impl_->writer.StartObject() : impl_->writer.StartArray();
  ++impl_->depth;
}

bool Capture::close(bool object) {
  object ? impl_->writer.EndObject() : impl_->writer.EndArray();
  return --impl_->depth == 0;
}

}  // namespace defender_car::json
