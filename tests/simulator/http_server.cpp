#include "http_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "text.h"

namespace simulator {
namespace {

constexpr size_t thread_count = 32;  // one a connection, also while it is idle
constexpr size_t largest_body = 256'000'000;
constexpr size_t length_error = 17;

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

void share_port(int fd) {
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

/// -1 where the port cannot be had.
int bound_socket(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  share_port(fd);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/// What a crashed or overloaded server does: RST, not the FIN of an orderly end.
void reset_connection(int fd) {
  sockaddr address{};
  address.sa_family = AF_UNSPEC;
  if (connect(fd, &address, sizeof address) != 0) shutdown(fd, SHUT_RDWR);
}

bool takes_gzip(const httplib::Request& request) {
  return request.get_header_value("Accept-Encoding").find("gzip") != std::string::npos;
}

/// Ends when the client has gone, or the server.
void drip(httplib::Response& response, std::string body, const Reply& reply) {
  constexpr size_t endless = 1 << 20;
  response.set_content_provider(
      body.size() + endless, reply.content_type,
      [body = std::move(body)](size_t offset, size_t, httplib::DataSink& sink) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return sink.write(offset < body.size() ? &body[offset] : " ", 1);
      });
}

std::unique_ptr<httplib::Server> make_server(const TlsFiles& tls) {
  if (tls.certificate.empty()) return std::make_unique<httplib::Server>();
  auto server =
      std::make_unique<httplib::SSLServer>(tls.certificate.c_str(), tls.private_key.c_str());
  if (!server->is_valid())
    throw std::runtime_error("cannot use the certificate " + tls.certificate + " with the key " +
                             tls.private_key);
  return server;
}

}  // namespace

HttpServer::HttpServer(int port, Handler handler, Sent sent, const TlsFiles& tls)
    : handler_(std::move(handler)),
      scheme_(tls.certificate.empty() ? "http" : "https"),
      server_(make_server(tls)),
      keeper_(bound_socket(port)),
      port_(local_port(keeper_)) {
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
  if (!listen()) {
    ::close(keeper_);
    throw std::runtime_error("cannot listen on port " + std::to_string(port));
  }
  thread_ = std::thread([this] { run(); });
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  stop_listening();
  thread_.join();
  ::close(keeper_);
}

bool HttpServer::listen() {
  int listener = -1;
  server_->set_socket_options([&](int socket) {
    listener = socket;
    share_port(socket);
  });
  if (port_ <= 0 || !server_->bind_to_port("127.0.0.1", port_)) return false;
  // httplib lets five connections wait; the sixth is dropped and comes back after a second.
  ::listen(listener, 512);
  listening_ = true;
  return true;
}

void HttpServer::run() {
  for (;;) {
    server_->listen_after_bind();  // until somebody stops it; all requests have ended then
    std::unique_lock lock(mutex_);
    // Not wait_until: whoever listens again moves the time.
    while (!ending_ && std::chrono::steady_clock::now() < refusing_until_)
      changed_.wait_for(lock, std::chrono::milliseconds(1));
    if (ending_ || !listen()) return;
    changed_.notify_all();
  }
}

void HttpServer::stop_listening() {
  const std::lock_guard lock(mutex_);
  if (listening_) {
    while (!server_->is_running()) std::this_thread::yield();
    server_->stop();
  }
  listening_ = false;
  // Idle keep-alive connections would hold their threads until they time out.
  reset_connections(0);
}

void HttpServer::refuse(int ms) {
  {
    const std::lock_guard lock(mutex_);
    refusing_until_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  }
  stop_listening();
}

void HttpServer::listen_again() {
  std::unique_lock lock(mutex_);
  refusing_until_ = {};
  changed_.wait(lock, [&] { return listening_; });
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
  call.connection = request.remote_port;
  call.takes_gzip = takes_gzip(request);
  send(request, response, handler_(call));
}

void HttpServer::send(const httplib::Request& request, httplib::Response& response,
                      Delivery delivery) {
  if (delivery.form == Delivery::Form::close) {
    reset_connections(request.remote_port);
    response.status = 500;  // goes nowhere
    return;
  }
  Reply& reply = delivery.reply;
  response.status = reply.status;
  for (const auto& [name, value] : reply.headers) response.set_header(name, value);
  std::string body = std::move(reply.body);
  if (body.size() > 1000 && takes_gzip(request)) {
    body = gzip(body);
    response.set_header("Content-Encoding", "gzip");
  }
  if (delivery.form == Delivery::Form::short_length && !body.empty()) body.pop_back();
  if (delivery.form == Delivery::Form::whole || delivery.form == Delivery::Form::short_length) {
    response.set_content(std::move(body), reply.content_type);
    return;
  }
  if (delivery.form == Delivery::Form::drip) return drip(response, std::move(body), reply);
  size_t announced = body.size();
  if (delivery.form == Delivery::Form::wrong_length) announced += length_error;
  if (delivery.form == Delivery::Form::excess)
    announced = announced > length_error ? announced - length_error : 1;
  if (delivery.form == Delivery::Form::truncated) body.resize(body.size() / 2);
  response.set_content_provider(
      announced, reply.content_type,
      [body = std::move(body)](size_t offset, size_t, httplib::DataSink& sink) {
        return offset < body.size() && sink.write(body.data() + offset, body.size() - offset);
      });
}

void HttpServer::reset_connections(int peer_port) const {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (fd <= 2 || local_port(fd) != port_) continue;
    const int peer = remote_port(fd);  // -1 for the listening socket
    if (peer > 0 && (peer_port == 0 || peer == peer_port)) reset_connection(fd);
  }
  closedir(folder);
}

}  // namespace simulator
