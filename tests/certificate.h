// A certificate that signs itself, made by the program openssl for the life of one object.
#pragma once

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

class Certificate {
 public:
  /// `names` as in subjectAltName. With days of -1 it has expired.
  explicit Certificate(const std::string& names = "IP:127.0.0.1,DNS:localhost", int days = 2) {
    std::string folder = (std::filesystem::temp_directory_path() / "certificate-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = folder;
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
        " -addext subjectAltName=" +
        names + " -keyout " + key() + " -out " + request());
    openssl("x509 -req -in " + request() + " -signkey " + key() + " -copy_extensions copy -days " +
            std::to_string(days) + " -out " + file());
  }
  ~Certificate() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  std::string file() const { return (folder_ / "certificate.pem").string(); }
  std::string key() const { return (folder_ / "key.pem").string(); }

 private:
  std::string request() const { return (folder_ / "request.pem").string(); }
  static void openssl(const std::string& words) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe,cert-env33-c): all words are ours
    if (std::system(("openssl " + words + " 2>/dev/null").c_str()) != 0)
      throw std::runtime_error("this failed: openssl " + words);
  }

  std::filesystem::path folder_;
};
