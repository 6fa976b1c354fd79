#pragma once
// A real HTTP server on loopback for one test: every request goes to one function, one after the
// other.

#include <httplib.h>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace defender_car::test {

class LoopbackServer {
 public:
  using Answer = std::function<void(const httplib::Request&, httplib::Response&)>;

  /// One request a connection, unless it keeps them: then stop() waits for the client's end.
  explicit LoopbackServer(Answer answer, bool keeps_connections = false)
      : answer_(std::move(answer)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(8); };
    server_.set_keep_alive_max_count(keeps_connections ? 1000 : 1);
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard one_after_the_other(mutex_);
      targets.push_back(request.method + " " + request.target);
      answer_(request, response);
    };
    server_.Get(".*", handle);
    server_.Post(".*", handle);
    server_.Patch(".*", handle);
    server_.Delete(".*", handle);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }

  ~LoopbackServer() {
    server_.stop();
    thread_.join();
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::vector<std::string> targets;  ///< "GET /path?query" of each request, in order

 private:
  Answer answer_;
  std::mutex mutex_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

inline void json(httplib::Response& response, const std::string& body, int status = 200) {
  response.status = status;
  response.set_content(body, "application/json");
}

}  // namespace defender_car::test
