#pragma once
// A real HTTP server on loopback for one test: every request goes to one function, one after the
// other.

#include <httplib.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace defender_car::test {

class LoopbackServer {
 public:
  using Answer = std::function<void(const httplib::Request&, httplib::Response&)>;

  explicit LoopbackServer(Answer answer) : answer_(std::move(answer)) {
    // One worker and one request a connection: the test's own data needs no lock, and stop() waits
    // for nobody.
    server_.new_task_queue = [] { return new httplib::ThreadPool(1); };
    server_.set_keep_alive_max_count(1);
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
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
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

inline void json(httplib::Response& response, const std::string& body, int status = 200) {
  response.status = status;
  response.set_content(body, "application/json");
}

}  // namespace defender_car::test
