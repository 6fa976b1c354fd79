// The simulator: login, Defender, Graph hunting and CAR behind one loopback HTTP server, with a
// tenant that lives and faults on demand. It knows nothing of the engine.
//
//   --login-url URL/login  --defender-url URL/defender  --graph-url URL/graph
//   --car-url URL/car/api/car/v2
//
// Guarantees: one lock around all state, so that every call below may be made while requests run;
// the tenant's clock moves by live() alone and stands in every answer's Date header. The destructor
// closes all connections and waits for requests under way.
// It does not throttle or keep anything on disk, and speaks HTTP/1.1 only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "car_service.h"
#include "defender_service.h"
#include "faults.h"
#include "login_service.h"
#include "message.h"
#include "tenant.h"

namespace simulator {

struct Options {
  int port = 0;  // 0: any
  TlsFiles tls;  // https instead of http
  int latency_ms = 0;
  TenantOptions tenant;
  LoginOptions login;
  DefenderOptions defender;
  CarOptions car;
};

struct RequestRecord {
  std::string service;  // login, defender, graph, car
  std::string method;
  std::string target;  // path and query below the service's prefix, as they came
  int status = 0;      // 0: closed without an answer
  int64_t ms = 0;
  int connection = 0;  // the client's port: the same for what came over one connection
  bool takes_gzip = false;
  int side_by_side = 1;  // requests to that service under way when it came, itself among them
};

/// How far a request has come. Of requests side by side each goes through its stages alone.
enum class RequestStage {
  arrived,      // nothing was done for it yet
  carried_out,  // what it asked for is done, its answer is not on its way yet
  answered,     // its answer was handed to the socket whole
};
/// False cuts the request off where it stands: the connection is closed, and at `arrived` nothing
/// of it is carried out. At `answered` there is nothing left to cut off.
using RequestWatch = std::function<bool(RequestStage)>;

class Simulator {
 public:
  explicit Simulator(Options options = {});
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  std::string url() const;
  std::string login_url() const { return url() + "/login"; }
  std::string defender_url() const { return url() + "/defender"; }
  std::string graph_url() const { return url() + "/graph"; }
  std::string car_url() const { return url() + "/car/api/car/v2"; }

  void live(int hours);
  int64_t now_ms() const;
  /// A copy for an oracle; with_tenant() reads or changes the tenant itself, under the lock.
  Tenant tenant() const;
  void with_tenant(const std::function<void(Tenant&)>& action);
  void with_car(const std::function<void(CarService&)>& action);
  void with_login(const std::function<void(LoginService&)>& action);
  void with_defender(const std::function<void(DefenderService&)>& action);

  void add_fault(Fault fault);
  int64_t faults_struck() const;
  /// A refusal of connections ends with it.
  void clear_faults();

  /// Only what is active: vertices as `asset|ID|{attributes}`, edges as `asset_hostname|FROM|TO`.
  std::vector<std::string> car_graph() const;
  std::set<std::string> car_vertices() const;
  std::set<std::string> car_edges() const;
  /// Called under the lock: it must not call the simulator.
  void set_removal_watch(RemovalWatch watch);
  /// Of requests to the services. Called under the lock: it must not call the simulator.
  void set_request_watch(RequestWatch watch);

  std::vector<RequestRecord> requests() const;
  void clear_requests();
  /// Until no request is under way, also of those whose client has gone.
  void wait_until_idle() const;

  /// True once somebody posted /_sim/stop.
  bool stop_requested() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace simulator
