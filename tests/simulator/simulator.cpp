#include "simulator.h"

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "control.h"
#include "http_server.h"
#include "text.h"

namespace simulator {

/// Counts a request as long as it lives.
class UnderWay {
 public:
  explicit UnderWay(std::atomic<int>& count) : count_(count) { ++count_; }
  ~UnderWay() { --count_; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  std::atomic<int>& count_;
};

constexpr std::array services{"login", "defender", "graph", "car"};

/// How many requests are under way, by service. All names are there from the beginning: no lock.
using SideBySide = std::map<std::string, std::atomic<int>>;

SideBySide none_side_by_side() {
  SideBySide out;
  for (const char* service : services) out[service] = 0;
  return out;
}

/// Everything behind the lock, and the way of a request through it.
class Simulator::Server {
 public:
  explicit Server(Options options)
      : latency_ms_(options.latency_ms),
        tenant_(make_tenant(options.tenant)),
        login_(std::move(options.login)),
        defender_(options.defender, tenant_, login_),
        car_(std::move(options.car)),
        http_(
            options.port, [this](Call& call) { return handle(call); },
            [this](const std::string& target) { sent(target); }, options.tls) {}
  ~Server() { stopping_ = true; }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  template <typename Action>
  auto locked(const Action& action) const {
    const std::lock_guard lock(mutex_);
    return action();
  }
  Delivery handle(Call& call);

  // The lock guards all of these.
  mutable std::mutex mutex_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> stop_requested_ = false;
  std::atomic<int> under_way_ = 0;
  int latency_ms_;
  Tenant tenant_;
  LoginService login_;
  DefenderService defender_;
  CarService car_;
  Faults faults_;
  RequestWatch request_watch_;
  std::vector<RequestRecord> requests_;
  SideBySide side_by_side_ = none_side_by_side();
  HttpServer http_;  // last: it starts when all else stands, and ends first

 private:
  Delivery handle_service(const std::string& service, Call& call);
  Delivery carry_out(const std::string& service, Call& call, const std::optional<Fault>& fault);
  void sent(const std::string& target) const;
  bool goes_on(RequestStage stage) const { return !request_watch_ || request_watch_(stage); }
  Reply dispatch(const std::string& service, const Call& call);
  Reply control(const Call& call);
  void rest(int ms) const;
  static std::optional<Delivery> instead(const std::string& service, const Fault& fault);
};

void Simulator::Server::rest(int ms) const {
  for (int slept = 0; slept < ms && !stopping_; slept += 10)
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(10, ms - slept)));
}

Delivery Simulator::Server::handle(Call& call) {
  if (call.path.starts_with("/_sim/")) return {control(call), Delivery::Form::whole};
  for (const char* service : services) {
    const std::string prefix = std::string("/") + service;
    if (!call.path.starts_with(prefix + "/")) continue;
    call.path.erase(0, prefix.size());
    call.base_url += prefix;
    const UnderWay counted(under_way_);
    return handle_service(service, call);
  }
  return {api_error(404, "NotFound", "no service under " + call.path), Delivery::Form::whole};
}

/// How the answer to a request that was carried out is spoiled.
Delivery::Form form_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::truncated:
      return Delivery::Form::truncated;
    case FaultKind::wrong_length:
      return Delivery::Form::wrong_length;
    case FaultKind::short_length:
      return Delivery::Form::short_length;
    case FaultKind::excess:
      return Delivery::Form::excess;
    case FaultKind::drip:
      return Delivery::Form::drip;
    case FaultKind::reset_after:
      return Delivery::Form::close;
    default:
      return Delivery::Form::whole;
  }
}

/// What a fault answers without carrying the request out.
std::optional<Delivery> Simulator::Server::instead(const std::string& service, const Fault& fault) {
  Delivery out;
  switch (fault.kind) {
    case FaultKind::status:
      out.reply =
          api_error(fault.status, fault.status == 404 ? "NotFound" : std::to_string(fault.status),
                    "a fault on demand");
      if (service == "car")
        out.reply.body =
            R"({"errors":[{"code":"fault","message":"a fault on demand"}],"trace":"t"})";
      if (service == "login")
        out.reply.body =
            R"({"error":"temporarily_unavailable","error_description":"AADSTS90033: A )"
            R"(transient error has occurred.","error_codes":[90033]})";
      if (!fault.body.empty()) out.reply.body = fault.body;
      if (!fault.retry_after.empty())
        out.reply.headers.emplace_back("Retry-After", fault.retry_after);
      return out;
    case FaultKind::refused:
    case FaultKind::reset_before:
      out.form = Delivery::Form::close;
      out.reply.status = 0;
      return out;
    case FaultKind::html200:
      out.reply.content_type = "text/html; charset=utf-8";
      out.reply.body = "<!DOCTYPE html><html><body>Please sign in to the proxy</body></html>";
      return out;
    case FaultKind::malformed_json:
      out.reply.body = R"({"value":[{"id":"0123456789abcdef","computerDnsName":"srv)";
      return out;
    case FaultKind::empty_body:
      return out;
    case FaultKind::empty_json:
      out.reply.body = "{}";
      return out;
    default:
      return std::nullopt;
  }
}

/// What the answer's headers say of time.
void date(Reply& reply, int64_t now_ms, const std::optional<Fault>& fault) {
  const bool cached = fault && fault->kind == FaultKind::cached;
  const bool off = cached || (fault && fault->kind == FaultKind::wrong_date);
  if (fault && fault->kind == FaultKind::no_date) return;
  reply.headers.emplace_back("Date", http_date(now_ms + (off ? fault->date_off_s * 1000 : 0)));
  if (cached) reply.headers.emplace_back("Age", std::to_string(-fault->date_off_s));
}

Delivery Simulator::Server::handle_service(const std::string& service, Call& call) {
  const auto start = std::chrono::steady_clock::now();
  const UnderWay beside(side_by_side_.at(service));
  const int side_by_side = side_by_side_.at(service);
  const std::optional<Fault> fault =
      locked([&] { return faults_.strike(call.method + " " + call.target); });
  rest(latency_ms_);
  if (fault && fault->kind == FaultKind::stall) rest(fault->stall_ms);
  if (fault && fault->kind == FaultKind::refused) http_.refuse(fault->stall_ms);
  std::unique_lock lock(mutex_);
  if (!goes_on(RequestStage::arrived)) return {{}, Delivery::Form::close};
  Delivery out = carry_out(service, call, fault);
  if (!goes_on(RequestStage::carried_out)) out.form = Delivery::Form::close;
  date(out.reply, tenant_.now_ms, fault);
  const auto spent = std::chrono::steady_clock::now() - start;
  requests_.push_back({service, call.method, call.target.substr(service.size() + 1),
                       out.form == Delivery::Form::close ? 0 : out.reply.status,
                       std::chrono::duration_cast<std::chrono::milliseconds>(spent).count(),
                       call.connection, call.takes_gzip, side_by_side});
  if (fault && fault->kind == FaultKind::slow_answer) {
    lock.unlock();
    rest(fault->stall_ms);
  }
  return out;
}

Delivery Simulator::Server::carry_out(const std::string& service, Call& call,
                                      const std::optional<Fault>& fault) {
  if (fault) {
    if (std::optional<Delivery> other = instead(service, *fault)) return std::move(*other);
    call.empty_list = fault->kind == FaultKind::empty_list;
  }
  return {dispatch(service, call), fault ? form_of(fault->kind) : Delivery::Form::whole};
}

void Simulator::Server::sent(const std::string& target) const {
  if (target.starts_with("/_sim/")) return;
  locked([&] { return goes_on(RequestStage::answered); });
}

Reply Simulator::Server::dispatch(const std::string& service, const Call& call) {
  if (service == "login") return login_.answer(call, tenant_.now_ms);
  if (service == "defender") return defender_.answer(call);
  if (service == "graph") return defender_.answer_graph(call);
  return car_.answer(call);
}

Reply Simulator::Server::control(const Call& call) {
  if (call.method == "POST" && call.path == "/_sim/stop") {
    stop_requested_ = true;
    return {};
  }
  const std::lock_guard lock(mutex_);
  return answer_control(call, {tenant_, car_, faults_, requests_});
}

Simulator::Simulator(Options options) : server_(std::make_unique<Server>(std::move(options))) {}
Simulator::~Simulator() = default;

std::string Simulator::url() const { return server_->http_.url(); }

void Simulator::live(int hours) {
  server_->locked([&] { server_->tenant_.live(hours); });
}
int64_t Simulator::now_ms() const {
  return server_->locked([&] { return server_->tenant_.now_ms; });
}
Tenant Simulator::tenant() const {
  return server_->locked([&] { return server_->tenant_; });
}
void Simulator::with_tenant(const std::function<void(Tenant&)>& action) {
  server_->locked([&] {
    ++server_->tenant_.changes;
    action(server_->tenant_);
  });
}
void Simulator::with_car(const std::function<void(CarService&)>& action) {
  server_->locked([&] { action(server_->car_); });
}
void Simulator::with_login(const std::function<void(LoginService&)>& action) {
  server_->locked([&] { action(server_->login_); });
}
void Simulator::with_defender(const std::function<void(DefenderService&)>& action) {
  server_->locked([&] { action(server_->defender_); });
}

void Simulator::add_fault(Fault fault) {
  server_->locked([&] { server_->faults_.add(std::move(fault)); });
}
int64_t Simulator::faults_struck() const {
  return server_->locked([&] { return server_->faults_.struck(); });
}
void Simulator::clear_faults() {
  server_->locked([&] { server_->faults_.clear(); });
  server_->http_.listen_again();
}

std::vector<std::string> Simulator::car_graph() const {
  std::set<std::string> lines = car_vertices();
  lines.merge(car_edges());
  return {lines.begin(), lines.end()};
}
std::set<std::string> Simulator::car_vertices() const {
  return server_->locked([&] { return server_->car_.graph().vertex_lines(); });
}
std::set<std::string> Simulator::car_edges() const {
  return server_->locked([&] { return server_->car_.graph().edge_lines(); });
}
void Simulator::set_removal_watch(RemovalWatch watch) {
  server_->locked([&] { server_->car_.graph().set_removal_watch(std::move(watch)); });
}
void Simulator::set_request_watch(RequestWatch watch) {
  server_->locked([&] { server_->request_watch_ = std::move(watch); });
}

std::vector<RequestRecord> Simulator::requests() const {
  return server_->locked([&] { return server_->requests_; });
}
void Simulator::clear_requests() {
  server_->locked([&] { server_->requests_.clear(); });
}
void Simulator::wait_until_idle() const {
  while (server_->under_way_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}
bool Simulator::stop_requested() const { return server_->stop_requested_; }

}  // namespace simulator
