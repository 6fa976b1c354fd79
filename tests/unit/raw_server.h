#pragma once
// A socket on loopback that says what no proper server says.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace defender_car::test {

/// False when the other side hung up.
inline bool say(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Says the same bytes to everyone, after the request's head, and closes: for answers that no
/// proper server gives.
class RawServer {
 public:
  using Talk = std::function<void(int socket)>;

  explicit RawServer(Talk talk)
      : talk_(std::move(talk)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
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
  explicit RawServer(std::string bytes)
      : RawServer([bytes = std::move(bytes)](int socket) {
          static_cast<void>(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
        }) {}
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
  std::atomic<int> connections = 0;

 private:
  void serve() {
    while (true) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      ++connections;
      char head[4096];
      static_cast<void>(::recv(socket, head, sizeof head, 0));
      talk_(socket);
      ::close(socket);
    }
  }
  Talk talk_;
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace defender_car::test
