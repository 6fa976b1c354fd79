#pragma once
// A JSON document as a series of few events: what records.cpp reads lists and objects with.
// RapidJSON stays behind it. Keeps the limits: one whole document, at most 64 levels deep, no
// string and no captured value over 16 MiB (limits.h). A byte order mark of UTF-8 in front is read
// over. What cannot be text is repaired first (repair.h): events have valid UTF-8.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/body.h"
#include "json/records.h"

namespace defender_car::json {

struct Scalar {
  Field::Type type = Field::Type::null;
  std::string_view text = {};
  std::int64_t integer = 0;
  double real = 0;
  std::uint64_t beyond_int64 = 0;  ///< `real`, digit for digit, where only 64 unsigned bits hold it
};

class Events {
 public:
  virtual ~Events() = default;
  virtual void scalar(const Scalar& scalar) = 0;
  virtual void key(std::string_view key) = 0;
  virtual void open(bool object) = 0;  ///< else a list
  virtual void close(bool object) = 0;
};

/// The mark of UTF-8 that some services and proxies put in front of JSON.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Throws Error(bad_data) for what is not one whole document; events before the fault have been
/// handed on. The byte the message names counts in the repaired text.
void parse(const Body& body, Events& events);

/// Writes one nested value back as canonical JSON, straight into the text of a field.
class Capture {
 public:
  Capture();
  ~Capture();
  Capture(Capture&&) noexcept;
  Capture& operator=(Capture&&) noexcept;

  void begin(std::string& text);
  void scalar(const Scalar& scalar);
  void key(std::string_view key);
  void open(bool object);
  bool close(bool object);  ///< true when the captured value has ended

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace defender_car::json
