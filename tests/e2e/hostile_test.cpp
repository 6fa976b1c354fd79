// Hostile strings through the whole way: as every text that Defender serves, to CAR and out of it
// again, and past everything that the program says. What can be used arrives as it is, and can be
// disabled and deleted by that very name; what cannot is set aside.
#include <cstdlib>

#include "planted.h"
#include "said.h"
#include "shape.h"
#include "text.h"

using namespace e2e;
using defender_car::RunReport;
using simulator::Alert;
using simulator::CellForm;
using simulator::day_ms;
using simulator::Device;
using simulator::minute_ms;
using simulator::Tenant;

namespace {

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int one : list) out += static_cast<char>(one);
  return out;
}

const std::vector<std::string>& hostile_strings() {
  static const std::vector<std::string> list{"'; DROP TABLE vertex; --",
                                             "\" OR 1=1 --",
                                             "x'00'||char(0)",
                                             "%s%n{}:name?1",
                                             "\\\",\"active\":false,\"x\":\"\\u0000",
                                             "a&source=other&from=x?y#z%2F%00+/..;=",
                                             "a/b/../c",
                                             "one,two,three",
                                             "') | project Secret //",
                                             "<script>alert(1)</script><!--",
                                             "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
                                             "\xC2\x9B"
                                             "31m c1 \xC2\x9D"
                                             "0;owned\xC2\x9C",
                                             "line\nFORGED line\r\nFORGED too\r\tend",
                                             "rtl \xE2\x80\xAE"
                                             "cod.exe\xE2\x81\xA6\xE2\x80\x8F",
                                             "\xE2\x80\xA8separator\xE2\x80\xA9\x7F\x01\x08",
                                             "   ",
                                             " leading and trailing ",
                                             "\xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF \xEF\xBF\xBE",
                                             "e\xCC\x81 or \xC3\xA9",
                                             std::string("nul\0inside", 10),
                                             std::string(1000, 'k'),
                                             std::string(1001, 'k'),
                                             std::string(65'536, 'k'),
                                             std::string(60, '/') + std::string(60, '%')};
  return list;
}

/// The engine's rule for what becomes a key in CAR.
bool is_key(const std::string& text, size_t longest) {
  return !text.empty() && text.size() <= longest && text.find('\0') == std::string::npos;
}
bool is_machine_id(const std::string& text) {
  return is_key(text, 200) && text.find(',') == std::string::npos;
}

constexpr const char* kMarked = "software of the hostile";

/// Beside the alert of that name, since both are vulnerabilities to CAR.
std::string cve_of(const std::string& text) { return "CVE-9 " + text; }

/// A device of that id beside the ordinary ones, in all respects like the n-th of them.
void plant_device(Tenant& tenant, size_t n, const std::string& id) {
  Device device = fresh_device(tenant, n);
  device.id = id;
  device.name = "plain-name";
  tenant.devices[id] = device;
  tenant.report(tenant.devices[id], tenant.now_ms - minute_ms);
}

/// The string in every place, each in a record of its own.
void plant(Tenant& tenant, const std::string& text) {
  plant_device(tenant, 5, text);
  fresh_device(tenant, 0).name = text;
  fresh_device(tenant, 1).os_platform = text;
  Device& used = fresh_device(tenant, 2);
  simulator::User user = make_user(tenant, used, tenant.now_ms);
  user.account_name = text;
  used.users.push_back(user);
  user.account_name = "plain";
  user.domain = text;
  used.users.push_back(user);
  tenant.report(used, tenant.now_ms - minute_ms);
  Device& wired = fresh_device(tenant, 3);
  wired.last_ip = wired.external_ip = text;
  wired.adapters.front().name = text;
  tenant.report(wired, tenant.now_ms - minute_ms);
  const std::string cve = tenant.kb.begin()->first;
  tenant.kb.begin()->second.description = text;
  tenant.kb[cve_of(text)] = tenant.kb.begin()->second;
  tenant.kb[cve_of(text)].score = 7.0;
  tenant.software[fresh_device(tenant, 4).id] = {
      {text, kMarked, "1", cve}, {kMarked, text, "2", cve}, {kMarked, "3", text, cve}};
  tenant.software[fresh_device(tenant, 6).id] = {{kMarked, "by CVE", "4", cve_of(text)}};
  Alert& titled = open_alert(tenant, 0);
  titled.title = titled.description = text;
  Alert named = open_alert(tenant, 1);
  named.id = text;
  tenant.alerts[text] = named;
}

/// What of it the oracle shall see.
void mean(Tenant& tenant, const std::string& text) {
  if (!is_machine_id(text)) tenant.devices.erase(text);
  if (!is_key(text, 200)) tenant.alerts.erase(text);
  if (!is_key(cve_of(text), 200)) tenant.kb.erase(cve_of(text));
  for (auto& [id, device] : tenant.devices) {
    std::erase_if(device.users, [&](const simulator::User& user) {
      return user.account_name == text && !is_key(text, 1000);
    });
  }
  const auto device_is_unusable = [&](const Device& device) {
    return ((device.name == text || device.os_platform == text) && !is_key(text, 1000)) ||
           (device.external_ip == text && text.size() > 200);
  };
  std::erase_if(tenant.devices, [&](const auto& one) { return device_is_unusable(one.second); });
  for (auto& [id, rows] : tenant.software)
    std::erase_if(rows, [&](const simulator::SoftwareRow& row) {
      const bool marked = row.vendor == text || row.name == text || row.version == text;
      const size_t length = row.vendor.size() + row.name.size() + row.version.size();
      return (marked && (!is_key(text, 1000) || length > 1000)) ||
             (row.cve_id == cve_of(text) && !is_key(row.cve_id, 200));
    });
}

/// All of it leaves again, each thing by the way of its own.
void withdraw(Tenant& tenant, const std::string& text) {
  tenant.fall_silent({text}, 16 * day_ms);
  for (auto& [id, device] : tenant.devices) {
    if (id == text) continue;
    const bool is_planted =
        device.name == text || device.os_platform == text || device.external_ip == text ||
        std::any_of(device.users.begin(), device.users.end(),
                    [&](const simulator::User& user) { return user.account_name == text; });
    if (device.name == text) device.name = "plain-again";
    if (device.os_platform == text) device.os_platform = "Windows11";
    if (device.external_ip == text) device.external_ip = device.last_ip = "198.51.100.7";
    std::erase_if(device.users,
                  [&](const simulator::User& user) { return user.account_name == text; });
    if (is_planted) tenant.report(device, tenant.now_ms);
  }
  for (auto& [id, events] : tenant.logon_events)
    std::erase_if(events, [&](const auto& event) { return event.account == text; });
  const std::string cve = tenant.kb.begin()->first;
  for (auto& [id, rows] : tenant.software)
    for (const auto& row : rows)
      if (row.cve_id == cve_of(text) || row.vendor == kMarked || row.name == kMarked) {
        rows = {{"plain", "software", "1", cve}};
        break;
      }
  for (auto& [id, alert] : tenant.alerts) {
    if (id != text && alert.title != text) continue;
    alert.status = "Resolved";
    alert.last_update_ms = tenant.now_ms;
  }
}

void check_quiet(Harness& harness) {
  const RunReport report = harness.sync(Reading::incremental);
  INFO("quiet: " << describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.writes_to_car()) == "");
}

void check_run(Harness& harness, Reading reading) {
  const RunReport report = harness.sync(reading);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

/// Says what a terminal or a reader of lines would stumble over.
std::string trouble_in(const std::string& output) {
  for (const std::string& line : simulator::split(output, '\n'))
    if (line.find("FORGED") == 0) return "a line of its own: " + line;
  for (size_t i = 0; i < output.size(); ++i) {
    const auto at = [&](size_t k) {
      return i + k < output.size() ? static_cast<unsigned char>(output[i + k]) : 0U;
    };
    const bool control = (at(0) < 0x20 && output[i] != '\n') || at(0) == 0x7F;
    const bool c1 = at(0) == 0xC2 && at(1) >= 0x80 && at(1) < 0xA0;
    const bool bidi = at(0) == 0xE2 && ((at(1) == 0x80 && at(2) >= 0xA8 && at(2) <= 0xAE) ||
                                        (at(1) == 0x81 && at(2) >= 0xA6 && at(2) <= 0xA9));
    if (control || c1 || bidi)
      return "byte " + std::to_string(at(0)) + " behind: " + output.substr(i < 60 ? 0 : i - 60, 60);
  }
  return {};
}

/// Standard output, or the error output with `stream` 2, of the program.
std::string output_of(const Harness& harness, const std::string& command, int stream = 1) {
  Said said = say(harness, command);
  return stream == 2 ? said.err : said.out;
}

/// For the shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

bool is_json(const std::string& text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  return !document.HasParseError();
}

}  // namespace

TEST_CASE("Hostile strings arrive as they are and leave again by the same name", "[hostile]") {
  for (size_t i = 0; i < hostile_strings().size(); ++i) {
    const std::string& text = hostile_strings()[i];
    INFO("string " << i << ": " << text.substr(0, 80));
    Scenario scenario = small();
    if (i % 2 == 1) scenario.identity = oracle::Identity::account;
    Harness harness(scenario);
    harness.settings().logon_source =
        i % 3 == 0 ? defender_car::LogonSource::hunting : defender_car::LogonSource::api;
    harness.simulator().with_tenant([&](Tenant& tenant) { plant(tenant, text); });
    harness.set_meaning([&](Tenant& tenant) { mean(tenant, text); });
    check_run(harness, Reading::full);
    CHECK(harness.held("asset|" + text + "|").size() == (is_machine_id(text) ? 1 : 0));
    // Blanks are an id like any other, since ids are compared and not read, but nobody's name.
    const bool is_name = is_key(text, 1000) && text != "   ";
    CHECK(harness.held("user|" + text + "|").size() == (is_name ? 1 : 0));
    check_quiet(harness);
    harness.simulator().live(1);
    harness.simulator().with_tenant([&](Tenant& tenant) { withdraw(tenant, text); });
    check_run(harness, Reading::incremental);
    for (const std::string& line : harness.simulator().car_edges())
      CHECK(line.find("|" + text) == std::string::npos);
    check_quiet(harness);
  }
}

TEST_CASE("An asset's id that holds a comma cannot take others with it", "[hostile]") {
  Harness harness(small());
  std::string id;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    id = "x," + fresh_device(tenant, 1).id + "," + fresh_device(tenant, 2).id;
    plant_device(tenant, 0, id);
  });
  harness.set_meaning([&](Tenant& tenant) { tenant.devices.erase(id); });
  check_run(harness, Reading::full);
  harness.simulator().live(1);
  harness.simulator().with_tenant([&](Tenant& tenant) { withdraw(tenant, id); });
  check_run(harness, Reading::incremental);
}

TEST_CASE("Bytes that are no text become U+FFFD and nothing else is lost", "[hostile]") {
  const std::string broken = "bad" + bytes({0xFF}) + "end";
  const std::string repaired =
      "bad\xEF\xBF\xBD"
      "end";
  Harness harness(small());
  harness.simulator().with_tenant([&](Tenant& tenant) {
    fresh_device(tenant, 0).name = broken;
    open_alert(tenant, 0).title = broken;
    tenant.kb.begin()->second.description = broken;
  });
  harness.set_meaning([&](Tenant& tenant) {
    for (auto& [id, device] : tenant.devices)
      if (device.name == broken) device.name = repaired;
    for (auto& [id, alert] : tenant.alerts)
      if (alert.title == broken) alert.title = repaired;
    tenant.kb.begin()->second.description = repaired;
  });
  check_run(harness, Reading::full);
  check_quiet(harness);
}

TEST_CASE("Nothing that the program says holds a control character", "[hostile]") {
  if (std::getenv("DEFENDER_CAR_PROGRAM") == nullptr) return;
  for (size_t i : {10U, 11U, 12U, 13U, 14U}) {
    const std::string& text = hostile_strings()[i];
    INFO("string " << i);
    Harness harness(small());
    harness.simulator().with_tenant([&](Tenant& tenant) { plant(tenant, text); });
    // Its own words with the name in them: CAR's refusal, a machine that cannot be asked, a guard.
    harness.simulator().with_car([&](simulator::CarService& car) {
      std::string json;
      simulator::StringSink sink(json);
      simulator::JsonWriter writer(sink);
      simulator::write(writer, text);
      car.options().poison_job = json;
    });
    const auto check_said = [&](const std::string& said) {
      CHECK_FALSE(said.empty());
      CHECK(trouble_in(said) == "");
    };
    check_said(output_of(harness, "sync --log-level trace", 2));
    harness.simulator().with_car([](simulator::CarService& car) { car.options().poison_job = ""; });
    harness.simulator().live(1);
    harness.simulator().with_tenant([](Tenant& tenant) { tenant.touch(30); });
    harness.simulator().add_fault({.match = "logonusers", .count = 1000, .status = 403});
    check_said(output_of(harness, "sync --log-level trace --log-format json --mode full", 2));
    harness.simulator().clear_faults();
    CHECK_FALSE(output_of(harness, "sync --mode full").size() > 0);
    harness.simulator().live(1);
    harness.simulator().with_tenant([&](Tenant& tenant) { withdraw(tenant, text); });
    const std::string held =
        output_of(harness, "sync --max-deletes 0 --max-disables 0 --format json --log-level trace");
    CHECK(is_json(held));
    CHECK(held.find("held back") != std::string::npos);
    check_said(held);
    check_said(output_of(harness, "sync --max-deletes 0 --log-level trace", 2));
    std::vector<std::string> commands{"status", "runs", "explain " + quoted(text),
                                      "explain " + quoted("asset:" + text)};
    for (const size_t n : {0, 1, 2, 3, 4}) {
      Tenant tenant = harness.simulator().tenant();
      commands.push_back("explain " + fresh_device(tenant, n).id);
    }
    for (const std::string& command : commands) {
      INFO(command);
      check_said(output_of(harness, command));
      const std::string json = output_of(harness, command + " --format json");
      CHECK(is_json(json));
      check_said(json);
      if (command.starts_with("explain")) CHECK(shape_fault(json, "explain") == "");
    }
  }
}
