// The socket side: a cpp-httplib server that hands every request to one function and sends what it
// says, including the kinds of broken answers that an HTTP library does not make by itself.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "message.h"

namespace httplib {
class Server;
struct Request;
struct Response;
}  // namespace httplib

namespace simulator {

/// A Reply and how to spoil its delivery.
struct Delivery {
  enum class Form { whole, close, truncated, wrong_length, short_length, excess, drip };
  Reply reply;
  Form form = Form::whole;
};

class HttpServer {
 public:
  /// `call.path` is the whole path here.
  using Handler = std::function<Delivery(Call&)>;
  /// Called with the target when an answer has been handed to the socket.
  using Sent = std::function<void(const std::string&)>;

  /// Listens on 127.0.0.1, by TLS where there is a certificate; throws std::runtime_error when the
  /// port cannot be had or the certificate not be read.
  HttpServer(
      int port, Handler handler, Sent sent = [](const std::string&) {}, const TlsFiles& tls = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  std::string url() const { return scheme_ + "://127.0.0.1:" + std::to_string(port_); }

  /// Resets all connections and does not listen for so long; the port stays ours.
  void refuse(int ms);
  /// Ends a refusal now, and waits for it.
  void listen_again();

 private:
  void serve(const httplib::Request& request, httplib::Response& response);
  void send(const httplib::Request& request, httplib::Response& response, Delivery delivery);
  /// Resets the connection of one client, or of all when `peer_port` is 0.
  void reset_connections(int peer_port) const;
  void run();
  bool listen();
  void stop_listening();

  Handler handler_;
  std::string scheme_;
  std::unique_ptr<httplib::Server> server_;
  int keeper_ = -1;  // bound and never listening: nobody else gets the port while we refuse
  int port_ = 0;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool listening_ = false;
  bool ending_ = false;
  std::chrono::steady_clock::time_point refusing_until_;

  std::thread thread_;
};

}  // namespace simulator
