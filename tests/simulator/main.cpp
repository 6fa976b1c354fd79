// The program defender-car-simulator: plays a tenant and CAR on loopback until it is told to stop.
#include <fcntl.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

#include "simulator.h"
#include "text.h"

namespace {

namespace options = boost::program_options;

volatile std::sig_atomic_t signalled = 0;
void on_signal(int) { signalled = 1; }

options::options_description describe() {
  options::options_description out(
      "defender-car-simulator: Defender, its login, Graph hunting and "
      "CAR on loopback.\nOptions");
  out.add_options()("help", "this text")("port", options::value<int>()->default_value(0),
                                         "port on 127.0.0.1; 0: any free one")(
      "certificate", options::value<std::string>(), "speak TLS with this certificate (PEM)")(
      "private-key", options::value<std::string>(), "of the certificate (PEM)")(
      "machines", options::value<size_t>()->default_value(200), "devices of the tenant")(
      "seed", options::value<uint64_t>()->default_value(1), "the same seed gives the same tenant")(
      "software-rows", options::value<size_t>()->default_value(10),
      "vulnerable software rows per device")(
      "start", options::value<std::string>()->default_value("2026-03-02T06:00:00Z"),
      "the tenant's clock at the start: a time in UTC, or now")("tidy",
                                                                "no odd names, cells or values")(
      "early-oddities", "only those that the state files of tests/upgrade know")(
      "identity", options::value<std::string>()->default_value("user"),
      "CAR's identity model: user or account")(
      "traits", "devices have risks, values, tags and groups, and these change")(
      "car-fields", "CAR's import schema names the fields that not every CAR has")(
      "no-schema", "CAR answers 404 for its import schema")(
      "prefixed-addresses", "CAR wants 0/ADDRESS in PATCH")("no-database",
                                                            "CAR has no database yet")(
      "job-polls", options::value<int>()->default_value(1), "polls until a CAR job completes")(
      "no-graph-hunting", "the Graph token lacks ThreatHunting.Read.All and Graph refuses to hunt")(
      "no-hunting", "neither Graph nor Defender can hunt")("no-vulnerability-export",
                                                           "the vulnerability export is refused")(
      "no-alerts", "Defender's own list of alerts is refused")(
      "graph-alerts", "the Graph token carries SecurityAlert.Read.All")(
      "row-cap", options::value<size_t>()->default_value(100'000), "rows of a hunting answer")(
      "latency", options::value<int>()->default_value(0), "milliseconds added to each request")(
      "url-file", options::value<std::string>(), "write the URL to this file, too");
  return out;
}

simulator::Options read(const options::variables_map& given) {
  simulator::Options out;
  out.port = given["port"].as<int>();
  if (given.count("certificate") != given.count("private-key"))
    throw options::error("--certificate and --private-key go together");
  if (given.count("certificate") != 0)
    out.tls = {given["certificate"].as<std::string>(), given["private-key"].as<std::string>()};
  out.latency_ms = given["latency"].as<int>();
  out.tenant.machines = given["machines"].as<size_t>();
  out.tenant.seed = given["seed"].as<uint64_t>();
  out.tenant.software_rows = given["software-rows"].as<size_t>();
  out.tenant.oddities = given.count("tidy") == 0;
  out.tenant.late_oddities = given.count("early-oddities") == 0;
  const std::string start = given["start"].as<std::string>();
  if (start == "now") {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    out.tenant.start_ms = std::chrono::duration_cast<std::chrono::seconds>(now).count() * 1000;
  } else if (const auto ms = simulator::parse_iso(start)) {
    out.tenant.start_ms = *ms;
  } else {
    throw options::error("--start is neither a time nor now");
  }
  const std::string identity = given["identity"].as<std::string>();
  if (identity != "user" && identity != "account")
    throw options::error("--identity is user or account");
  if (identity == "account") out.car.identity = simulator::IdentityModel::account;
  if (given.count("car-fields") != 0) out.car.fields = simulator::optional_fields();
  if (given.count("traits") != 0) out.tenant.traits = true;
  out.car.has_import_schema = given.count("no-schema") == 0;
  out.car.prefixed_addresses = given.count("prefixed-addresses") != 0;
  if (given.count("no-database") != 0) out.car.database = simulator::DatabaseState::absent;
  out.car.job_polls = given["job-polls"].as<int>();
  const bool no_hunting = given.count("no-hunting") != 0;
  out.defender.hunting = !no_hunting;
  out.defender.graph_hunting = !no_hunting && given.count("no-graph-hunting") == 0;
  out.defender.vulnerability_export = given.count("no-vulnerability-export") == 0;
  if (!out.defender.graph_hunting) out.login.graph_roles.clear();
  out.defender.alerts = given.count("no-alerts") == 0;
  if (given.count("graph-alerts") != 0)
    out.login.graph_roles.emplace_back("SecurityAlert.Read.All");
  out.defender.limits.row_cap = given["row-cap"].as<size_t>();
  return out;
}

/// A reader never sees half a URL: written beside it, then renamed.
void write_url(const std::string& path, const std::string& url) {
  const std::string beside = path + ".new";
  std::ofstream(beside) << url << "\n";
  if (std::rename(beside.c_str(), path.c_str()) != 0)
    throw std::runtime_error("cannot write " + path);
}

int run(const options::variables_map& given) {
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  const simulator::Simulator simulator(read(given));
  std::cout << simulator.url() << std::endl;
  if (given.count("url-file") != 0) write_url(given["url-file"].as<std::string>(), simulator.url());
  while (signalled == 0 && !simulator.stop_requested())
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return 0;
}

}  // namespace

int main(int count, char** words) {
  // Where a standard descriptor is closed, a connection would get its number and what is printed.
  int descriptor = ::open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO) descriptor = ::open("/dev/null", O_RDWR);
  ::close(descriptor);
  try {
    options::variables_map given;
    const options::options_description known = describe();
    options::store(options::command_line_parser(count, words).options(known).run(), given);
    if (given.count("help") != 0) {
      std::cout << known;
      return 0;
    }
    return run(given);
  } catch (const options::error& error) {
    std::cerr << "defender-car-simulator: " << error.what() << "; see --help\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "defender-car-simulator: " << error.what() << "\n";
    return 1;
  }
}
