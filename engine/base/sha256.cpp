#include "base/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "base/error.h"

namespace defender_car {
namespace {

void check(int result) {
  if (result != 1) throw Error(ErrorKind::internal, "SHA-256 of OpenSSL cannot be used here");
}

}  // namespace

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free};
  /// Without an algorithm named it stays the one it was: OpenSSL looks a named one up each time.
  void begin(const EVP_MD* algorithm) const {
    check(EVP_DigestInit_ex(context.get(), algorithm, nullptr));
  }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { context_->begin(EVP_sha256()); }
Sha256::~Sha256() = default;

void Sha256::add(std::string_view text) {
  check(EVP_DigestUpdate(context_->context.get(), text.data(), text.size()));
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  check(EVP_DigestFinal_ex(context_->context.get(), bytes.data(), &size));
  context_->begin(nullptr);
  std::string hex;
  for (unsigned at = 0; at < size; ++at) {
    hex += "0123456789abcdef"[bytes[at] >> 4];
    hex += "0123456789abcdef"[bytes[at] & 15];
  }
  return hex;
}

}  // namespace defender_car
