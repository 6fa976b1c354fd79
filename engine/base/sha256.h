#pragma once
// SHA-256 of a text that comes in pieces, by OpenSSL.

#include <memory>
#include <string>
#include <string_view>

namespace defender_car {

class Sha256 {
 public:
  /// Throws Error(internal) when the library refuses.
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view text);
  /// The text so far, as 64 lower-case hex digits; begins anew.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace defender_car
