// The socket side: a cpp-httplib server that hands every request to one function and sends what it
// says, including the kinds of broken answers that an HTTP library does not make by itself.
#pragma once

#include <functional>
#include <memory>
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
  enum class Form { whole, close, truncated, wrong_length, short_length };
  Reply reply;
  Form form = Form::whole;
};

class HttpServer {
 public:
  /// `call.path` is the whole path here.
  using Handler = std::function<Delivery(Call&)>;
  /// Called with the target when an answer has been handed to the socket.
  using Sent = std::function<void(const std::string&)>;

  /// Listens on 127.0.0.1; throws std::runtime_error when the port cannot be had.
  HttpServer(int port, Handler handler, Sent sent);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void serve(const httplib::Request& request, httplib::Response& response);
  void send(const httplib::Request& request, httplib::Response& response, Delivery delivery);
  /// Shuts down the server's side of connections; of all clients when `peer_port` is 0.
  void close_connections(int peer_port) const;

  Handler handler_;
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace simulator
