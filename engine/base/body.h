#pragma once
// The body of an HTTP response: in memory while small, in an unlinked temporary file beyond that,
// so that a hunting response of 50 MB costs 50 MB of page cache and not of this process.

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace defender_car {

class Body {
 public:
  Body() = default;
  explicit Body(std::string text) : text_(std::move(text)) {}

  /// Throws Error(internal) when the temporary file cannot be written (disk full).
  void append(std::string_view bytes);
  std::size_t size() const noexcept { return size_on_disk_ + text_.size(); }

  /// The whole body; meant for small ones (error bodies, job responses).
  std::string str() const;
  /// The first bytes, for messages.
  std::string head(std::size_t bytes) const;

  /// Rewinds and gives the file when the body lies in one, else nullptr: then text() is the body.
  std::FILE* file() const;
  const std::string& text() const noexcept { return text_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::string text_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::size_t size_on_disk_ = 0;
};

}  // namespace defender_car
