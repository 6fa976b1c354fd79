#pragma once
// A TLS server on loopback that says what no proper server says: like RawServer, but each
// connection is talked to on a thread of its own.

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "certificate.h"

namespace defender_car::test {

class TlsServer {
 public:
  /// After the handshake. Ended by nobody but itself and the client: it has to return when a read
  /// or a write fails.
  using Talk = std::function<void(TlsServer&, SSL*)>;

  TlsServer(const Certificate& certificate, Talk talk)
      : talk_(std::move(talk)),
        context_(SSL_CTX_new(TLS_server_method())),
        listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const std::string file = certificate.file();
    REQUIRE(SSL_CTX_use_certificate_file(context_, file.c_str(), SSL_FILETYPE_PEM) == 1);
    const std::string key = certificate.key();
    REQUIRE(SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) == 1);
    SSL_CTX_set_alpn_select_cb(context_, &TlsServer::on_alpn, this);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (std::thread& talk : talks_) talk.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }

  std::atomic<bool> wants_http2 = false;  ///< refuses whoever does not offer h2
  std::atomic<int> connections = 0;
  std::string offered;  ///< by the last client, as on the wire: "\x08http/1.1"

  /// The head of the next request; "" when the client has gone. Bodies are not read.
  std::string next_request(SSL* tls) {
    std::string head;
    char byte = 0;
    while (head.find("\r\n\r\n") == std::string::npos) {
      if (SSL_read(tls, &byte, 1) != 1) return "";
      head += byte;
    }
    return head;
  }
  static void say(SSL* tls, std::string_view bytes) {
    static_cast<void>(SSL_write(tls, bytes.data(), static_cast<int>(bytes.size())));
  }

 private:
  static int on_alpn(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                     const unsigned char* offered, unsigned int size, void* server) {
    auto& self = *static_cast<TlsServer*>(server);
    self.offered.assign(reinterpret_cast<const char*>(offered), size);
    const std::string wanted = self.wants_http2 ? "\x02h2" : "\x08http/1.1";
    const std::size_t at = self.offered.find(wanted);
    if (at == std::string::npos) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = offered + at + 1;
    *chosen_size = static_cast<unsigned char>(wanted.size() - 1);
    return SSL_TLSEXT_ERR_OK;
  }

  void serve() {
    while (true) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      ++connections;
      talks_.emplace_back([this, socket] {
        SSL* tls = SSL_new(context_);
        SSL_set_fd(tls, socket);
        if (SSL_accept(tls) == 1) talk_(*this, tls);
        SSL_free(tls);  // says no farewell: that is SSL_shutdown's
        ::close(socket);
      });
    }
  }

  Talk talk_;
  SSL_CTX* context_;
  int listener_;
  int port_ = 0;
  std::vector<std::thread> talks_;
  std::thread thread_;
};

}  // namespace defender_car::test
