#include "json/json_events.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/limits.h"
#include "base/printable.h"
#include "json/rapid_json.h"
#include "json/utf8_repair.h"

namespace defender_car::json {
namespace {

using rapidjson::SizeType;

// The names below are RapidJSON's, as it wants them of handlers, allocators and streams.
// NOLINTBEGIN(readability-identifier-naming)

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
  /// NaN and Infinity are no JSON, and some writers send them all the same: they arrive as the
  /// texts that better writers send in their place.
  bool Double(double d) {
    if (std::isfinite(d)) return on_scalar({.type = Field::Type::real, .real = d});
    const char* word = std::isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
    return on_scalar({.type = Field::Type::text, .text = word});
  }
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
    if (++depth_ > limits::kDepth) return refuse("It is nested deeper than 64 levels.");
    events_.open(object);
    return true;
  }
  bool on_close(bool object) {
    events_.close(object);
    --depth_;
    return true;
  }
  bool short_enough(std::size_t size) {
    return size <= limits::kText || refuse("It has a single string over 16 MiB.");
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
class BoundedAllocator : public CheckedAllocator {
 public:
  void* Malloc(std::size_t size) { return Realloc(nullptr, 0, size); }
  void* Realloc(void* old, std::size_t old_size, std::size_t size) {
    // The stack grows by half, so an allowed string may stand in one and a half times its size.
    if (size > 2 * limits::kText) {
      throw Error(ErrorKind::bad_data, "not JSON to read here: it has a single string over 16 MiB");
    }
    return CheckedAllocator::Realloc(old, old_size, size);
  }
};

[[noreturn]] void fail(const Body& body, std::size_t offset, const std::string& reason) {
  constexpr std::size_t kShown = 80;
  throw Error(ErrorKind::bad_data, "not JSON at byte " + std::to_string(offset) + ": " + reason +
                                       " It begins: " + excerpt(body.head(1024), kShown));
}

/// RapidJSON's input: a body in memory, or piece by piece out of a file, repaired where it needs to
/// be. Looks for that by the piece, which costs a tenth of RapidJSON's own look at each character.
/// Ends with NUL.
class Source {
 public:
  using Ch = char;

  explicit Source(const Body& body) : file_(body.file()) {
    if (file_ != nullptr) {
      buffer_.resize(kPiece);
      next_piece();
    } else {
      begin_piece(body.text(), true);
    }
  }

  char Peek() const { return *current_; }
  char Take() {
    const char taken = *current_++;
    if (current_ == end_ && file_ != nullptr) next_piece();
    return taken;
  }
  std::size_t Tell() const { return before_ + static_cast<std::size_t>(current_ - begin_); }
  bool is_at_end() const { return current_ == end_; }

  // RapidJSON wants these to be there; they are for parsing in place.
  char* PutBegin() { return nullptr; }
  void Put(char) {}
  std::size_t PutEnd(char*) { return 0; }

 private:
  static constexpr std::size_t kPiece = 64 * 1024;

  /// Returns how much of the text there is to read now, the rest has to wait for what follows it.
  std::size_t begin_piece(std::string_view text, bool last) {
    const Flaw flaw = first_flaw(text, last);
    if (flaw.bytes == 0) {
      begin_ = current_ = text.data();
      end_ = begin_ + flaw.at;
      return flaw.at;
    }
    repaired_.clear();
    const std::size_t taken = append_repaired(repaired_, text, last);
    begin_ = current_ = repaired_.c_str();
    end_ = begin_ + repaired_.size();
    return taken;
  }

  void next_piece() {
    before_ += static_cast<std::size_t>(end_ - begin_);
    bool last = false;
    do {
      // A character or an escape may lie across two pieces: its first bytes waited in carried_.
      const std::size_t size = carried_.copy(buffer_.data(), carried_.size());
      const std::size_t got = std::fread(buffer_.data() + size, 1, kPiece - size, file_);
      if (std::ferror(file_) != 0) throw Error(ErrorKind::internal, "cannot read a temporary file");
      last = got == 0;
      const std::string_view piece(buffer_.data(), size + got);
      const std::size_t taken = begin_piece(piece, last);
      carried_ = piece.substr(taken);
      buffer_[taken] = '\0';
    } while (is_at_end() && !last);
  }

  std::FILE* file_;
  std::string buffer_;
  std::string carried_;
  std::string repaired_;
  std::size_t before_ = 0;
  const char* begin_ = nullptr;
  const char* current_ = nullptr;
  const char* end_ = nullptr;
};

/// JSON between machines is UTF-8 (RFC 8259); another encoding is named for what it is.
void refuse_utf_16(const Body& body) {
  const std::string head = body.head(2);
  if (head != "\xFF\xFE" && head != "\xFE\xFF") return;
  throw Error(
      ErrorKind::bad_data,
      "not JSON to read here: its byte order mark says that it is UTF-16, and JSON is UTF-8");
}

/// In place of RapidJSON's own template, which is called between any two tokens: most often there
/// is nothing to skip.
inline void SkipWhitespace(Source& source) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (is_blank(source.Peek())) source.Take();
}

// NOLINTEND(readability-identifier-naming)
}  // namespace

void parse(const Body& body, Events& events) {
  // Iterative, and a handler that bounds the depth: no document makes the stack overflow.
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, BoundedAllocator> parser;
  Handler handler(events);
  refuse_utf_16(body);
  Source source(body);
  if (body.head(kByteOrderMark.size()) == kByteOrderMark)
    for (std::size_t i = 0; i < kByteOrderMark.size(); ++i) source.Take();
  const rapidjson::ParseResult result =
      parser.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseNanAndInfFlag>(source,
                                                                                    handler);
  if (handler.refusal() != nullptr) fail(body, result.Offset(), handler.refusal());
  if (result.IsError()) fail(body, result.Offset(), rapidjson::GetParseError_En(result.Code()));
  // A NUL character looks like the end of the document to RapidJSON.
  if (!source.is_at_end()) fail(body, source.Tell(), "A NUL character follows it.");
}

struct Capture::Impl {
  struct TextOut {  // NOLINTBEGIN(readability-identifier-naming): RapidJSON's names
    using Ch = char;
    std::string* text = nullptr;
    void Put(char c) {
      if (text->size() == limits::kText) {
        throw Error(ErrorKind::bad_data,
                    "not JSON to read here: it has a single nested value over 16 MiB");
      }
      text->push_back(c);
    }
    void Flush() {}
  };  // NOLINTEND(readability-identifier-naming)
  TextOut out;
  WriterTo<TextOut> writer;
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
      write_text(writer, scalar.text);
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

void Capture::key(std::string_view key) { write_key(impl_->writer, key); }

void Capture::open(bool object) {
  object ? impl_->writer.StartObject() : impl_->writer.StartArray();
  ++impl_->depth;
}

bool Capture::close(bool object) {
  object ? impl_->writer.EndObject() : impl_->writer.EndArray();
  return --impl_->depth == 0;
}

}  // namespace defender_car::json
