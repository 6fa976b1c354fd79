#include "control.h"

#include <sys/resource.h>

#include <charconv>

#include "defender_json.h"
#include "text.h"

namespace simulator {
namespace {

std::string parameter(const Call& call, const std::string& name) {
  const auto at = call.query.find(name);
  return at == call.query.end() ? "" : at->second;
}

/// `fallback` where there is none; a number that does not parse is a number below zero.
int number(const Call& call, const std::string& name, int fallback) {
  const std::string text = parameter(call, name);
  if (text.empty()) return fallback;
  int value = -1;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size() ? value : -1;
}

Reply text_reply(std::string body) {
  Reply reply;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = std::move(body);
  return reply;
}

Reply bad_request(std::string what) {
  Reply reply = text_reply(std::move(what) + "\n");
  reply.status = 400;
  return reply;
}

Reply order_fault(const Call& call, Faults& faults) {
  if (!parameter(call, "clear").empty()) {
    faults.clear();
    return text_reply("no faults\n");
  }
  const std::optional<FaultKind> kind = fault_kind(parameter(call, "kind"));
  if (!kind) return bad_request("no such kind of fault");
  Fault fault;
  fault.match = parameter(call, "match");
  fault.kind = *kind;
  fault.after = number(call, "after", fault.after);
  fault.skip = number(call, "skip", fault.skip);
  fault.count = number(call, "count", fault.count);
  fault.status = number(call, "status", fault.status);
  fault.stall_ms = number(call, "stall_ms", fault.stall_ms);
  fault.date_off_s = number(call, "date_off_s", 0);
  fault.retry_after = parameter(call, "retry_after");
  fault.body = call.body;
  const bool aimed = !fault.match.empty() || !parameter(call, "after").empty();
  if (!aimed || fault.after < 0 || fault.skip < 0 || fault.count < 0 || fault.status < 200 ||
      fault.stall_ms < 0)
    return bad_request("match and after are missing, or a number is wrong");
  faults.add(std::move(fault));
  return text_reply("ordered\n");
}

Reply show_graph(const CarGraph& graph) {
  std::set<std::string> lines = graph.vertex_lines();
  lines.merge(graph.edge_lines());
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return text_reply(std::move(out));
}

Reply show_requests(const std::vector<RequestRecord>& requests) {
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartArray();
  for (const RequestRecord& request : requests) {
    json.StartObject();
    write_pair(json, "service", request.service);
    write_pair(json, "method", request.method);
    write_pair(json, "target", request.target);
    write_key(json, "status");
    json.Int(request.status);
    write_key(json, "ms");
    json.Int64(request.ms);
    write_key(json, "connection");
    json.Int(request.connection);
    write_key(json, "gzip");
    json.Bool(request.takes_gzip);
    write_key(json, "side_by_side");
    json.Int(request.side_by_side);
    json.EndObject();
  }
  json.EndArray();
  return reply;
}

Reply show_device(const Tenant& tenant, const std::string& id) {
  const Device* device = tenant.find(id);
  if (device == nullptr) {
    Reply reply = text_reply("no device " + id + "\n");
    reply.status = 404;
    return reply;
  }
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_key(json, "machine");
  write_machine(json, *device);
  write_key(json, "users");
  json.StartArray();
  for (const User& user : device->users) write_user(json, *device, user);
  json.EndArray();
  write_key(json, "alerts");
  json.StartArray();
  for (const auto& [alert_id, alert] : tenant.alerts)
    if (alert.machine_id == id) write_alert(json, alert, tenant);
  json.EndArray();
  const auto software = tenant.software.find(id);
  write_key(json, "software");
  json.StartArray();
  if (software != tenant.software.end())
    for (const SoftwareRow& row : software->second)
      write(json, row.vendor + ":" + row.name + ":" + row.version + " " + row.cve_id);
  json.EndArray();
  json.EndObject();
  return reply;
}

/// What the simulator itself has cost until now, so that a bench can show it apart.
Reply show_cost(const Faults& faults) {
  rusage cost{};
  getrusage(RUSAGE_SELF, &cost);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_key(json, "cpu_seconds");
  json.Double(seconds(cost.ru_utime) + seconds(cost.ru_stime));
  write_key(json, "peak_kib");
  json.Int64(cost.ru_maxrss);
  write_key(json, "requests");
  json.Int64(faults.seen());
  json.EndObject();
  return reply;
}

/// Without a device: the clock, the counts and the ids.
Reply show_tenant(const Tenant& tenant) {
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_pair(json, "now", format_iso(tenant.now_ms, 3));
  write_key(json, "alerts");
  json.Uint64(tenant.alerts.size());
  write_key(json, "retired");
  json.Uint64(tenant.retired.size());
  write_key(json, "devices");
  json.StartArray();
  for (const auto& [id, device] : tenant.devices) write(json, id);
  json.EndArray();
  json.EndObject();
  return reply;
}

}  // namespace

Reply answer_control(const Call& call, ControlledState state) {
  const bool post = call.method == "POST";
  if (post && call.path == "/_sim/live") {
    const int hours = number(call, "hours", 1);
    if (hours < 0 || hours > 24 * 365) return bad_request("hours is no number of hours");
    state.tenant.live(hours);
    return text_reply(format_iso(state.tenant.now_ms, 3) + "\n");
  }
  if (post && call.path == "/_sim/touch") {
    const int machines = number(call, "machines", 1);
    if (machines < 0) return bad_request("machines is no number of machines");
    return text_reply(std::to_string(state.tenant.touch(static_cast<size_t>(machines))) + "\n");
  }
  if (post && call.path == "/_sim/lease") {
    const std::string name = parameter(call, "device");
    const std::string address = parameter(call, "address");
    if (address.empty() || !state.tenant.lease(name, address))
      return bad_request("no address, or no device " + name + " that could have it");
    return text_reply(address + " is now " + name + "\n");
  }
  if (post && call.path == "/_sim/fault") return order_fault(call, state.faults);
  if (call.path == "/_sim/graph") return show_graph(state.car.graph());
  if (post && call.path == "/_sim/requests/clear") {
    state.requests.clear();
    return text_reply("cleared\n");
  }
  if (call.path == "/_sim/cost") return show_cost(state.faults);
  if (call.path == "/_sim/requests") return show_requests(state.requests);
  if (call.path == "/_sim/tenant") {
    const std::string id = parameter(call, "device");
    return id.empty() ? show_tenant(state.tenant) : show_device(state.tenant, id);
  }
  Reply reply = text_reply("no such control\n");
  reply.status = 404;
  return reply;
}

}  // namespace simulator
