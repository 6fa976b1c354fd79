#include "http_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "text.h"

namespace simulator {
namespace {

constexpr size_t thread_count = 16;
constexpr size_t largest_body = 256'000'000;

int local_port(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      address.sin_family != AF_INET)
    return -1;
  return ntohs(address.sin_port);
}

int remote_port(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return -1;
  return ntohs(address.sin_port);
}

}  // namespace

HttpServer::HttpServer(int port, Handler handler, Sent sent)
    : handler_(std::move(handler)), server_(std::make_unique<httplib::Server>()) {
  server_->new_task_queue = [] { return new httplib::ThreadPool(thread_count); };
  server_->set_tcp_nodelay(true);
  server_->set_keep_alive_max_count(10'000'000);
  server_->set_keep_alive_timeout(30);
  server_->set_payload_max_length(largest_body);
  // A DELETE without a body has no Content-Length, and cpp-httplib would read until the client
  // closes; so whatever announces no body is answered before the library looks for one.
  server_->set_pre_routing_handler([this](const auto& request, auto& response) {
    if (request.has_header("Content-Length") || request.has_header("Transfer-Encoding"))
      return httplib::Server::HandlerResponse::Unhandled;
    serve(request, response);
    return httplib::Server::HandlerResponse::Handled;
  });
  // cpp-httplib logs a request once its answer is written.
  server_->set_logger([sent = std::move(sent)](const httplib::Request& request,
                                               const httplib::Response&) { sent(request.target); });
  const auto serve_it = [this](const httplib::Request& request, httplib::Response& response) {
    serve(request, response);
  };
  server_->Get(".*", serve_it)
      .Post(".*", serve_it)
      .Put(".*", serve_it)
      .Patch(".*", serve_it)
      .Delete(".*", serve_it);
  int listener = -1;
  server_->set_socket_options([&](int socket) { listener = socket; });
  port_ = port != 0 && server_->bind_to_port("127.0.0.1", port) ? port : 0;
  if (port == 0) port_ = server_->bind_to_any_port("127.0.0.1");
  // httplib lets five connections wait; the sixth is dropped and comes back after a second.
  if (port_ > 0) ::listen(listener, 512);
  if (port_ <= 0) throw std::runtime_error("cannot listen on port " + std::to_string(port));
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) std::this_thread::yield();
}

HttpServer::~HttpServer() {
  server_->stop();
  // Idle keep-alive connections would hold their threads until they time out.
  close_connections(0);
  thread_.join();
}

void HttpServer::serve(const httplib::Request& request, httplib::Response& response) {
  Call call;
  call.method = request.method;
  call.target = request.target;
  const size_t question = call.target.find('?');
  call.path = call.target.substr(0, question);
  if (question != std::string::npos) call.query = parse_query(call.target.substr(question + 1));
  call.authorization = request.get_header_value("Authorization");
  call.base_url = url();
  call.body = request.body;
  send(request, response, handler_(call));
}

void HttpServer::send(const httplib::Request& request, httplib::Response& response,
                      Delivery delivery) {
  if (delivery.form == Delivery::Form::close) {
    close_connections(request.remote_port);
    response.status = 500;  // goes nowhere
    return;
  }
  Reply& reply = delivery.reply;
  response.status = reply.status;
  for (const auto& [name, value] : reply.headers) response.set_header(name, value);
  std::string body = std::move(reply.body);
  if (body.size() > 1000 &&
      request.get_header_value("Accept-Encoding").find("gzip") != std::string::npos) {
    body = gzip(body);
    response.set_header("Content-Encoding", "gzip");
  }
  if (delivery.form == Delivery::Form::short_length && !body.empty()) body.pop_back();
  if (delivery.form == Delivery::Form::whole || delivery.form == Delivery::Form::short_length) {
    response.set_content(std::move(body), reply.content_type);
    return;
  }
  const bool truncated = delivery.form == Delivery::Form::truncated;
  const size_t announced = truncated ? body.size() : body.size() + 17;
  if (truncated) body.resize(body.size() / 2);
  response.set_content_provider(
      announced, reply.content_type,
      [body = std::move(body)](size_t offset, size_t, httplib::DataSink& sink) {
        return offset < body.size() && sink.write(body.data() + offset, body.size() - offset);
      });
}

void HttpServer::close_connections(int peer_port) const {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (fd <= 2 || local_port(fd) != port_) continue;
    const int peer = remote_port(fd);  // -1 for the listening socket
    if (peer > 0 && (peer_port == 0 || peer == peer_port)) shutdown(fd, SHUT_RDWR);
  }
  closedir(folder);
}

}  // namespace simulator
