// What Defender says where there is nothing, and who is nobody: years before 1970, words such as
// "-" and NaN, service accounts in any language, adapters that are down, addresses with a zone,
// scores that only a vulnerability's own row tells. Each is left out, counted, and explained.
#include "audit/explain.h"
#include "planted.h"
#include "said.h"

using namespace e2e;
using defender_car::LogonSource;
using defender_car::RunReport;
using simulator::Adapter;
using simulator::Alert;
using simulator::CellForm;
using simulator::day_ms;
using simulator::Device;
using simulator::minute_ms;
using simulator::Tenant;
using simulator::User;
using simulator::year_one_ms;

namespace {

constexpr const char* kNothing[] = {"\"\"", "\"-\"",    "\"  \"",       "\"\\t\"",
                                    "null", "\"NaN\"",  "\"Infinity\"", "\"-Infinity\"",
                                    "NaN",  "-Infinity"};

std::string told(const Harness& harness, const std::string& what) {
  std::string text;
  for (const auto& one : defender_car::explain(harness.settings().working_dir, what).left_out)
    text += one.machine + " " + one.field + " " + one.value + ": " + one.reason + "\n";
  return text;
}

bool holds(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

int64_t left_out(const RunReport& report, const std::string& what) {
  for (const auto& one : report.left_out)
    if (one.what == what) return one.count;
  return 0;
}

RunReport check_good(Harness& harness, Reading reading) {
  const RunReport report = harness.sync(reading);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.set_aside == 0);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
  return report;
}

User user_of(const char* name, const char* domain, const char* sid) {
  User user{std::string(name), domain, "Interactive", 0, 0};
  user.sid = sid;
  return user;
}

/// Its only adapters, as reported a minute ago.
void plug_in(Tenant& tenant, Device& device, std::vector<Adapter> adapters) {
  device.adapters = std::move(adapters);
  tenant.report(device, tenant.now_ms - minute_ms);
  for (auto& row : tenant.network_rows[device.id])
    row.ingested_ms = std::min(row.ingested_ms, tenant.now_ms);
}

Adapter adapter(const char* name, const char* mac, const char* ip, const char* status) {
  return {name, mac, "Ethernet", status, "None", {{ip, "Private", 24}}, CellForm::text};
}

}  // namespace

TEST_CASE("Years before 1970 are no times of an alert or a CVE", "[nothing]") {
  for (const int64_t time : {year_one_ms, int64_t{-11'644'473'600'000}, int64_t{-1000}}) {
    Harness harness(small());
    std::string alert_id;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Alert& alert = open_alert(tenant, 0);
      alert_id = alert.id;
      alert.first_event_ms = time;
      open_alert(tenant, 1).creation_ms = time;
      for (auto& [cve, entry] : tenant.kb) entry.published_ms = time;
    });
    const RunReport report = check_good(harness, Reading::full);
    CHECK(left_out(report, "values that say nothing") > 2);
    CHECK(holds(told(harness, alert_id), "firstEventTime"));
    CHECK(holds(told(harness, alert_id), "a year before 1970 is no time"));
  }
}

TEST_CASE("An Inactive machine whose lastSeen is no time keeps its 15 days", "[nothing]") {
  for (const char* time : {"\"0001-01-01T00:00:00Z\"", "\"1601-01-01T00:00:00.0000000Z\"",
                           "\"1969-12-31T23:59:59Z\"", "\"-\"", "\"\"", "null"}) {
    INFO(time);
    Harness harness(small());
    std::string id;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = fresh_device(tenant, 0);
      id = device.id;
      device.health_status = "Inactive";
      device.raw_fields = {{"lastSeen", time}};
    });
    check_good(harness, Reading::full);
    CHECK(harness.held("asset|" + id).size() == 1);
    // Defender's own filter takes the year 1 for long ago, so it is in every run's list.
    harness.simulator().with_tenant(
        [&](Tenant& tenant) { tenant.devices.at(id).last_seen_ms = tenant.now_ms - 20 * day_ms; });
    harness.set_meaning(
        [&](Tenant& tenant) { tenant.devices.at(id).last_seen_ms = tenant.now_ms - day_ms; });
    check_good(harness, Reading::incremental);
    CHECK(harness.held("asset|" + id).size() == 1);
    check_good(harness, Reading::incremental);
    for (const auto& request : harness.simulator().requests())
      CHECK_FALSE(holds(request.target, id + "/logonusers"));
    CHECK(joined(harness.writes_to_car()) == "");
  }
}

TEST_CASE("Words that mean nothing are no names", "[nothing]") {
  for (const char* word : kNothing) {
    INFO(word);
    Harness harness(small());
    std::string machine, alert;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = fresh_device(tenant, 0);
      machine = device.id;
      device.raw_fields = {{"computerDnsName", word},
                           {"osPlatform", word},
                           {"lastExternalIpAddress", word},
                           {"lastIpAddress", word}};
      alert = open_alert(tenant, 0).id;
      tenant.alerts.at(alert).raw_fields = {{"title", word}};
    });
    harness.set_meaning([&](Tenant& tenant) {
      Device& device = tenant.devices.at(machine);
      device.name.reset();
      device.os_platform.clear();
      device.external_ip.reset();
      tenant.alerts.at(alert).title = alert;
    });
    check_good(harness, Reading::full);
    check_good(harness, Reading::incremental);
    CHECK(joined(harness.writes_to_car()) == "");
  }
}

TEST_CASE("Words that mean nothing are no vendor and no version, and no score", "[nothing]") {
  for (const char* word : {"-", "", "   ", "NaN", "Infinity", "-Infinity"}) {
    for (const Source source : {Source::graph, Source::export_only}) {
      INFO("'" << word << "'");
      Scenario scenario = small();
      scenario.source = source;
      Harness harness(scenario);
      harness.simulator().with_tenant([&](Tenant& tenant) {
        const std::string cve = tenant.kb.begin()->first;
        tenant.software[fresh_device(tenant, 0).id] = {
            {word, "tool", "1", cve}, {"maker", "tool", word, cve}, {word, word, word, cve}};
        for (auto& [id, entry] : tenant.kb) {
          if (id == cve) continue;
          entry.score.reset();
          entry.score_word = word;
        }
      });
      const RunReport report = check_good(harness, Reading::full);
      CHECK(left_out(report, "CVEs without a score") > 0);
    }
  }
}

TEST_CASE("Words that mean nothing are no account and no description", "[nothing]") {
  for (const std::string word : {"-", "", "   ", "\t", "NaN", "Infinity", "-Infinity"}) {
    for (const auto source : {LogonSource::api, LogonSource::hunting}) {
      INFO("'" << word << "'");
      Harness harness(small());
      harness.settings().logon_source = source;
      harness.simulator().with_tenant([&](Tenant& tenant) {
        Device& device = fresh_device(tenant, 0);
        device.users.push_back(user_of(word.c_str(), "ex", ""));
        tenant.report(device, tenant.now_ms - minute_ms);
        open_alert(tenant, 0).description = word;
        for (auto& [cve, entry] : tenant.kb) entry.description = word;
      });
      check_good(harness, Reading::full);
      CHECK(harness.held("user|" + word + "|").empty());
      CHECK(harness.held("asset_user|").size() > 0);
      const std::set<std::string> vulnerabilities = harness.held("vulnerability|CVE");
      CHECK(vulnerabilities.size() > 0);
      for (const std::string& line : vulnerabilities) CHECK_FALSE(holds(line, "\"description\""));
      check_good(harness, Reading::incremental);
      CHECK(joined(harness.writes_to_car()) == "");
    }
  }
}

TEST_CASE("Service accounts are nobody in any language by either way of asking", "[nothing]") {
  const std::vector<User> nobodies{user_of("SYSTEM", "NT AUTHORITY", "S-1-5-18"),
                                   user_of("Système", "AUTORITE NT", ""),
                                   user_of("NETZWERKDIENST", "NT-AUTORITÄT", ""),
                                   user_of("netzwerkdienst", "nt-autorität", "S-1-5-20"),
                                   user_of("ANONYMOUS LOGON", "NT AUTHORITY", "S-1-5-7"),
                                   user_of("anonymous logon", "nt authority", ""),
                                   user_of("hoạt động", "NT HỆ THỐNG", "S-1-5-18"),
                                   user_of("dwm-1", "window manager", ""),
                                   user_of("umfd-0", "font driver host", "S-1-5-96-0-0"),
                                   user_of("defaultuser0", "ws-two", ""),
                                   user_of("-", "", ""),
                                   user_of("ws-two$", "ex", "")};
  for (const auto source : {LogonSource::api, LogonSource::hunting}) {
    Harness harness(small());
    harness.settings().logon_source = source;
    std::string id;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = fresh_device(tenant, 0);
      id = device.id;
      device.os_platform = "Windows11";
      device.nobodies = nobodies;
      device.users.clear();
      tenant.logon_events.erase(id);
      // People: their names or domains only look alike.
      device.users.push_back(user_of("system", "ex", "S-1-5-21-7-7-7-1001"));
      device.users.push_back(user_of("sistema", "ex", ""));
      device.users.push_back(user_of("defaultuserx", "ex", ""));
      device.users.push_back(user_of("nan", "ex", ""));
      tenant.report(device, tenant.now_ms - minute_ms);
    });
    const RunReport report = check_good(harness, Reading::full);
    CHECK(harness.held("asset_user|" + id).size() == 4);
    CHECK(left_out(report, "accounts that are nobody's") > 0);
    if (source == LogonSource::hunting) continue;  // the query leaves most of them over there
    CHECK(holds(told(harness, id), "NT AUTHORITY\\SYSTEM: a service account (S-1-5-18), nobody"));
    CHECK(holds(told(harness, "Système"), id + " accountName AUTORITE NT\\Système: a service"));
  }
}

TEST_CASE("An account whose SID becomes known to be a service's loses its edges", "[nothing]") {
  Harness harness(small());
  harness.settings().logon_source = LogonSource::api;
  std::string id;
  const auto set_sid = [&](const char* sid, bool nobody) {
    harness.simulator().live(1);
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = id.empty() ? fresh_device(tenant, 0) : tenant.devices.at(id);
      id = device.id;
      (nobody ? device.nobodies : device.users) = {user_of("dienst", "haus", sid)};
      (nobody ? device.users : device.nobodies).clear();
      tenant.report(device, tenant.now_ms);
    });
  };
  set_sid("", false);
  check_good(harness, Reading::full);
  CHECK(harness.held("asset_user|" + id).size() == 1);
  set_sid("S-1-5-19", true);
  check_good(harness, Reading::incremental);
  CHECK(harness.held("asset_user|" + id).empty());
  set_sid("S-1-5-21-1-2-3-1004", false);
  check_good(harness, Reading::incremental);
  CHECK(harness.held("asset_user|" + id).size() == 1);
}

TEST_CASE("An adapter that is down has no current address until it is up again", "[nothing]") {
  for (const Source source : {Source::graph, Source::retiring, Source::list_chosen}) {
    for (const char* down : {"Down", "NotPresent", "LowerLayerDown"}) {
      INFO(down);
      Scenario scenario = small();
      scenario.source = source;
      Harness harness(scenario);
      std::string id;
      const auto report_as = [&](const char* status) {
        harness.simulator().live(1);
        harness.simulator().with_tenant([&](Tenant& tenant) {
          Device& device = id.empty() ? fresh_device(tenant, 0) : tenant.devices.at(id);
          id = device.id;
          plug_in(tenant, device,
                  {adapter("wire", "0A1B2C000001", "10.1.0.1", "Up"),
                   adapter("radio", "0A1B2C0000F1", "10.9.9.9", status)});
        });
      };
      report_as(down);
      check_good(harness, Reading::full);
      CHECK(harness.held("asset_ipaddress|" + id + "|10.9.9.9").empty());
      CHECK(harness.held("asset_macaddress|" + id + "|0A:1B:2C:00:00:F1").empty());
      CHECK(holds(told(harness, id), "10.9.9.9: its adapter "));
      report_as("Dormant");
      check_good(harness, Reading::incremental);
      CHECK(harness.held("asset_ipaddress|" + id + "|10.9.9.9").size() == 1);
      report_as(down);
      check_good(harness, Reading::incremental);
      CHECK(harness.held("ipaddress_macaddress|10.9.9.9").empty());
    }
  }
}

TEST_CASE("A machine whose adapters are all down has no address at all", "[nothing]") {
  for (const Source source : {Source::graph, Source::list_chosen}) {
    Scenario scenario = small();
    scenario.source = source;
    Harness harness(scenario);
    std::string id;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = fresh_device(tenant, 0);
      id = device.id;
      plug_in(tenant, device, {adapter("wire", "0A1B2C000001", "10.1.0.1", "Down")});
      device.raw_fields = {{"lastIpAddress", "\"10.1.0.1\""}};
      device.external_ip.reset();
    });
    check_good(harness, Reading::full);
    CHECK(harness.held("asset_ipaddress|" + id).empty());
  }
}

TEST_CASE("An address with a zone counts without it", "[nothing]") {
  for (const Source source : {Source::graph, Source::list_chosen}) {
    Scenario scenario = small();
    scenario.source = source;
    Harness harness(scenario);
    std::string id;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = fresh_device(tenant, 0);
      id = device.id;
      device.external_ip = "2001:db8::5%3";
      plug_in(tenant, device, {adapter("wire", "0A1B2C000001", "fe80::1c2d:3e4f%12", "Up")});
    });
    check_good(harness, Reading::full);
    CHECK(harness.held("asset_ipaddress|" + id + "|fe80::1c2d:3e4f").size() == 1);
    CHECK(harness.held("asset_ipaddress|" + id + "|2001:db8::5").size() == 1);
    CHECK(harness.held("ipaddress_macaddress|fe80::1c2d:3e4f|0A:1B:2C:00:00:01").size() == 1);
    const auto edges = defender_car::explain(harness.settings().working_dir, id).edges;
    for (const auto& edge : edges)
      if (edge.edge == "asset_ipaddress") CHECK_FALSE(edge.holders.front().rows.empty());
  }
}

TEST_CASE("A score in the vulnerability's own row counts where the knowledge base has none",
          "[nothing]") {
  for (const Source source : {Source::export_only, Source::export_chosen}) {
    Scenario scenario = small();
    scenario.source = source;
    Harness harness(scenario);
    const std::string in_both = "CVE-2026-7001", in_row = "CVE-2026-7002",
                      unknown = "CVE-2026-7003", nowhere = "CVE-2026-7004";
    harness.simulator().with_tenant([&](Tenant& tenant) {
      for (const std::string& cve : {in_both, in_row, nowhere}) {
        tenant.kb[cve] = tenant.kb.begin()->second;
        tenant.kb[cve].score.reset();
      }
      tenant.kb[in_both].score = 9.8;
      tenant.row_scores = {{in_both, 3.0}, {in_row, 6.5}, {unknown, 4.2}};
      for (const std::string& cve : {in_both, in_row, unknown, nowhere})
        tenant.software[fresh_device(tenant, 0).id].push_back({"maker", "tool", "1", cve});
    });
    check_good(harness, Reading::full);
    CHECK(harness.held("asset_vulnerability|").size() >= 3);
    CHECK(harness.held("vulnerability|" + in_row).size() == 1);
    CHECK(harness.held("vulnerability|" + unknown).size() == 1);
    CHECK(harness.held("vulnerability|" + nowhere).empty());
    harness.simulator().live(1);
    // A delta brings another one; and the knowledge base loses what the row has still.
    harness.simulator().with_tenant([&](Tenant& tenant) {
      tenant.row_scores["CVE-2026-7005"] = 8.1;
      tenant.software[fresh_device(tenant, 1).id].push_back(
          {"maker", "other", "2", "CVE-2026-7005"});
      tenant.kb[in_both].score.reset();
      tenant.kb[in_both].last_modified_ms = tenant.now_ms - minute_ms;
    });
    check_good(harness, Reading::incremental);
    CHECK(harness.held("vulnerability|CVE-2026-7005").size() == 1);
    CHECK(holds(joined({*harness.held("vulnerability|" + in_both).begin()}), "\"base_score\":3"));
    // The knowledge base comes to know a CVE that CAR has by its row's score alone.
    harness.simulator().live(1);
    harness.simulator().with_tenant([&](Tenant& tenant) {
      tenant.kb[unknown] = tenant.kb.begin()->second;
      tenant.kb[unknown].score = 7.8;
      tenant.kb[unknown].last_modified_ms = tenant.now_ms - minute_ms;
    });
    check_good(harness, Reading::incremental);
    CHECK(holds(joined({*harness.held("vulnerability|" + unknown).begin()}), "\"base_score\":8"));
    // A whole reading whose rows tell no score any longer takes it back.
    harness.simulator().with_tenant([&](Tenant& tenant) { tenant.row_scores.erase(in_row); });
    harness.settings().mode = defender_car::Mode::full;
    check_good(harness, Reading::full);
    CHECK(harness.held("asset_vulnerability|").count("asset_vulnerability|" + in_row) == 0);
    check_good(harness, Reading::full);
  }
}
