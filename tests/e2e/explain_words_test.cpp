// What explain understands, and what it says in trouble: each kind of word, ambiguous and unknown
// ones, machines on their way out, what CAR refused or did not answer, what is held back.
#include <array>

#include "audit/explain.h"
#include "base/error.h"
#include "planted.h"
#include "said.h"
#include "shape.h"

using namespace e2e;
using defender_car::EdgeStory;
using defender_car::Error;
using defender_car::ErrorKind;
using defender_car::Explanation;
using simulator::day_ms;
using simulator::Device;
using simulator::minute_ms;
using simulator::Tenant;

namespace {

Explanation ask(const Harness& harness, const std::string& what) {
  INFO(what);
  return defender_car::explain(harness.settings().working_dir, what);
}

std::string refusal(const Harness& harness, const std::string& what) {
  try {
    ask(harness, what);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    return error.what();
  }
  return "";
}

bool holds(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

/// The edge of that collection in an answer; the test ends where there is none.
EdgeStory edge_in(const Explanation& answer, const std::string& collection,
                  const std::string& to = "") {
  for (const EdgeStory& edge : answer.edges)
    if (edge.edge == collection && (to.empty() || edge.to_key == to)) return edge;
  FAIL("no " << collection << " " << to);
  return {};
}

using Change = std::function<void(Tenant&, Device&)>;

Device change(Harness& harness, const std::string& id, const Change& how) {
  harness.simulator().live(1);
  Device device;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    how(tenant, tenant.devices.at(id));
    device = tenant.devices.at(id);
  });
  return device;
}

Device one_device(Harness& harness, size_t n) {
  Tenant tenant = harness.simulator().tenant();
  return fresh_device(tenant, n);
}

Device change(Harness& harness, size_t n, const Change& how) {
  return change(harness, one_device(harness, n).id, how);
}

void check_done(Harness& harness, Reading reading) {
  const auto report = harness.sync(reading);
  INFO(describe(report));
  REQUIRE_FALSE(report.failure);
}

/// The program's standard output, or both streams of a failure.
Said explained(const Harness& harness, const std::string& words) {
  Said said =
      run_program("explain " + words + " --working-dir " + harness.settings().working_dir.string());
  said.out += said.err;
  return said;
}

}  // namespace

TEST_CASE("Each kind of word finds its thing in every usual spelling", "[explain]") {
  Harness harness(small());
  const Device device = change(harness, 0, [](Tenant& tenant, Device& one) {
    one.name = "the-one";
    one.external_ip = "198.51.100.77";
    simulator::User user = make_user(tenant, one, tenant.now_ms);
    user.account_name = "its-user";
    one.users.push_back(user);
    one.adapters.resize(1);
    one.adapters.front().mac = "00-0D-3A-0A-0B-FE";
    one.adapters.front().addresses = {{"10.9.9.9", "Private", 24}};
    tenant.report(one, tenant.now_ms - minute_ms);
    const std::string cve = tenant.kb.begin()->first;
    tenant.kb.begin()->second.score = 7.5;
    tenant.software[one.id] = {{"maker", "tool", "1.0", cve}};
    simulator::Alert alert = open_alert(tenant, 0);
    alert.id = "its-alert";
    alert.machine_id = one.id;
    tenant.alerts[alert.id] = alert;
  });
  const std::string cve = harness.simulator().tenant().kb.begin()->first;
  check_done(harness, Reading::full);
  struct Case {
    std::string what, kind, key;
  };
  for (const Case& one : {Case{device.id, "asset", device.id},
                          {"the-one", "asset", device.id},
                          {"THE-ONE", "asset", device.id},
                          {"asset:" + device.id, "asset", device.id},
                          {"hostname:the-one", "hostname", "the-one"},
                          {"10.9.9.9", "ipaddress", "10.9.9.9"},
                          {"198.51.100.77", "ipaddress", "198.51.100.77"},
                          {"00:0D:3A:0A:0B:FE", "macaddress", "00:0D:3A:0A:0B:FE"},
                          {"000d.3a0a.0bfe", "macaddress", "00:0D:3A:0A:0B:FE"},
                          {"00-0d-3a-0a-0b-fe", "macaddress", "00:0D:3A:0A:0B:FE"},
                          {"000D3A0A0BFE", "macaddress", "00:0D:3A:0A:0B:FE"},
                          {"its-user", "account", "its-user"},
                          {"user:its-user", "account", "its-user"},
                          {cve, "cve", cve},
                          {"its-alert", "alert", "its-alert"},
                          {"maker:tool:1.0", "application", "maker:tool:1.0"},
                          {device.os_platform, "os", device.os_platform}}) {
    const Explanation answer = ask(harness, one.what);
    INFO(one.what);
    REQUIRE(answer.subjects.size() == 1);
    CHECK(answer.subjects.front().kind == one.kind);
    CHECK(answer.subjects.front().key == one.key);
    REQUIRE_FALSE(answer.vertices.empty());
    CHECK(answer.vertices.front().standing.state == "active");
    CHECK(answer.machine.has_value() == (one.kind == "asset"));
    const bool found = std::any_of(answer.edges.begin(), answer.edges.end(), [&](const auto& edge) {
      return edge.from_key == device.id || edge.to_key == device.id;
    });
    CHECK((found || one.kind == "os"));
    for (const EdgeStory& edge : answer.edges) CHECK(edge.standing.state == "active");
  }
  for (const char* edge : {"the-one -> 10.9.9.9", "10.9.9.9 -> 000d3a0a0bfe", "its-user -> the-one",
                           "the-one -> its-user", "the-one -> the-one", "maker:tool:1.0 -> "}) {
    const std::string what = std::string(edge) + (edge[0] == 'm' ? cve : "");
    INFO(what);
    const Explanation answer = ask(harness, what);
    CHECK(answer.subjects.empty());
    REQUIRE(answer.edges.size() == 1);
    CHECK(answer.edges.front().holders.front().machine == device.id);
    CHECK(answer.edges.front().holders.front().name == "the-one");
  }
}

TEST_CASE("Ambiguous words list the candidates, and each can be asked for", "[explain]") {
  Harness harness(small());
  const std::array<std::string, 2> ids{one_device(harness, 0).id, one_device(harness, 1).id};
  for (const std::string& id : ids) {
    change(harness, id, [](Tenant& tenant, Device& device) {
      device.name = "twin";
      simulator::User user = make_user(tenant, device, tenant.now_ms);
      user.account_name = "twin";
      device.users.push_back(user);
      tenant.report(device, tenant.now_ms - minute_ms);
    });
  }
  check_done(harness, Reading::full);
  const Explanation answer = ask(harness, "twin");
  CHECK(answer.subjects.size() == 4);  // two machines, the host name, the account
  CHECK(answer.vertices.empty());
  CHECK(answer.edges.empty());
  std::set<std::string> machines;
  for (const auto& subject : answer.subjects) {
    const Explanation one = ask(harness, subject.kind + ":" + subject.key);
    REQUIRE(one.subjects.size() == 1);
    CHECK(one.subjects.front().kind == subject.kind);
    CHECK(one.vertices.front().key == subject.key);
    if (subject.kind != "asset") continue;
    machines.insert(subject.key);
    CHECK(holds(subject.about, "twin, Active, last seen 2026-"));
  }
  CHECK(machines == std::set<std::string>(ids.begin(), ids.end()));
  CHECK(ask(harness, "twin -> twin").edges.size() == 5);  // two of each machine, user_hostname
  const EdgeStory shared = edge_in(ask(harness, "twin -> twin"), "user_hostname");
  CHECK(shared.machines == 2);
  CHECK(shared.holders.size() == 2);
  const Said said = explained(harness, "twin");
  CHECK(said.exit_code == 2);
  for (const std::string& id : ids) CHECK(holds(said.out, "explain 'asset:" + id + "' (twin, "));
  CHECK(shape_fault(explained(harness, "twin --format json").out, "explain") == "");
}

TEST_CASE("A short host name or a unique beginning is enough", "[explain]") {
  Harness harness(small());
  const auto name = [&](int n, const std::string& text) {
    return change(harness, n, [&](Tenant& tenant, Device& one) {
      one.name = text;
      tenant.report(one, tenant.now_ms - minute_ms);
    });
  };
  const Device first = name(0, "vault.corp.example");
  const Device second = name(1, "vault-2.corp.example");
  check_done(harness, Reading::full);
  const auto subject = [&](const std::string& what) {
    return ask(harness, what).subjects.at(0).key;
  };
  CHECK(subject("vault") == first.id);
  CHECK(subject("vault-") == second.id);
  CHECK(subject(second.id.substr(0, 12)) == second.id);
  const Said several = explained(harness, "vaul");
  CHECK(several.exit_code == 2);
  CHECK(holds(several.out, "explain 'asset:" + first.id + "' (vault.corp.example, "));
  CHECK(holds(several.out, "explain 'asset:" + second.id));
  const std::string brief = explained(harness, "vault").out;
  INFO(brief);
  CHECK(holds(brief, "machine vault.corp.example (" + first.id + ")"));
  CHECK(holds(brief, "last changes"));
  CHECK_FALSE(holds(brief, "\x1b["));
  CHECK(holds(explained(harness, "vault --color always").out, "\x1b[32min CAR\x1b[0m since"));
}

TEST_CASE("What nobody knows is a usage error that names what begins alike", "[explain]") {
  Harness harness(small());
  const Device device = change(harness, 0, [](Tenant& tenant, Device& one) {
    one.name = "near-by-0815";
    tenant.report(one, tenant.now_ms - minute_ms);
  });
  const std::string other = one_device(harness, 1).id;
  check_done(harness, Reading::full);
  CHECK(holds(refusal(harness, "near-by-0999"), "these begin alike: near-by-0815"));
  CHECK(holds(refusal(harness, "nothing of the kind"), "nothing is known of nothing of the kind"));
  CHECK(holds(refusal(harness, "hostname:" + device.id), "nothing is known of"));
  CHECK(holds(refusal(harness, "near-by-0815 -> nowhere"), "nothing is known of"));
  CHECK(holds(refusal(harness, other + " -> near-by-0815"), "both ends are known"));
  CHECK(holds(refusal(harness, ""), "empty"));
  CHECK_FALSE(holds(refusal(harness, "\x1b[31mred"), "\x1b"));
  struct Case {
    const char* words;
    const char* message;
  };
  for (const Case& one : {Case{"nobody-knows", "nothing is known of nobody-knows"},
                          Case{"", "explain WHAT"}, Case{"a b", "'A -> B'"}, Case{"''", "empty"}}) {
    const Said said = explained(harness, one.words);
    INFO(one.words << ": " << said.out);
    CHECK(said.exit_code == 2);
    CHECK(holds(said.out, one.message));
  }
}

TEST_CASE("A machine tells when its 15 days are over, why it is there yet, and why it went",
          "[explain]") {
  Harness harness(small());
  const std::string never = change(harness, 2, [](Tenant& tenant, Device& device) {
                              tenant.fall_silent({device.id}, 16 * day_ms);
                            }).id;
  const std::string id = change(harness, 0, [](Tenant& tenant, Device& device) {
                           tenant.report(device, tenant.now_ms - minute_ms);
                         }).id;
  check_done(harness, Reading::full);
  const Explanation too_late = ask(harness, never);
  CHECK(too_late.vertices.empty());
  CHECK_FALSE(too_late.machine->is_asset);
  CHECK(holds(too_late.machine->fifteen_days, "before a run first saw it"));
  CHECK(too_late.why_not == "Inactive, and not seen for 15 days");

  CHECK(holds(ask(harness, id).machine->fifteen_days, "not Inactive"));
  CHECK(ask(harness, id).machine->leaves_at == "");
  harness.simulator().with_tenant([&](Tenant& tenant) { tenant.fall_silent({id}, 10 * day_ms); });
  harness.settings().mode = defender_car::Mode::full;  // no window shows it between 1 and 15 days
  check_done(harness, Reading::full);
  harness.settings().mode = defender_car::Mode::automatic;
  const auto waiting = *ask(harness, id).machine;
  CHECK(waiting.is_asset);
  CHECK(waiting.leaves_at > waiting.last_seen);
  CHECK(*waiting.days_left == Approx(5).margin(0.11));
  CHECK(holds(waiting.fifteen_days, "are over at " + waiting.leaves_at));

  harness.simulator().live(24 * 6);
  const auto usual = harness.settings().max_deletes;
  harness.settings().max_deletes = {.count = 0};
  harness.disturbed_sync();
  const auto held = *ask(harness, id).machine;
  CHECK(holds(held.fifteen_days, "not deleted yet: a guard holds back deletes"));
  REQUIRE_FALSE(held.held_back.empty());
  CHECK(held.held_back.front().reason == "a guard holds back deletes");
  CHECK(ask(harness, id).vertices.front().standing.state == "active");

  harness.settings().max_deletes = usual;
  harness.simulator().add_fault({.match = "DELETE /car/api/car/v2/source/"});
  harness.disturbed_sync();
  const Explanation leaving = ask(harness, id);
  CHECK(leaving.vertices.front().standing.state == "leaving");
  REQUIRE(leaving.vertices.front().standing.pending);
  CHECK(leaving.vertices.front().standing.pending->operation == "delete");
  CHECK(holds(leaving.machine->fifteen_days, "has not acknowledged the DELETE"));

  harness.simulator().clear_faults();
  harness.disturbed_sync();
  const Explanation gone = ask(harness, id);
  REQUIRE(gone.vertices.front().standing.removal);
  CHECK(gone.vertices.front().standing.removal->reason == "inactive-15");
  CHECK(holds(gone.machine->fifteen_days, "so it was deleted"));
  CHECK(edge_in(gone, "asset_hostname").standing.removal->operation == "delete");
  const std::string text = explained(harness, id + " --rows").out;
  CHECK(holds(text, "deleted with its asset by run"));
}

TEST_CASE("An edge that came back and went again tells of the last time", "[explain]") {
  Harness harness(small());
  check_done(harness, Reading::full);
  const std::string id = one_device(harness, 0).id;
  std::vector<std::int64_t> runs;
  for (const char* address : {"198.51.100.1", "198.51.100.2", "198.51.100.1", "198.51.100.2"}) {
    change(harness, id, [&](Tenant& tenant, Device& device) {
      device.external_ip = address;
      tenant.report(device, tenant.now_ms - minute_ms);
    });
    runs.push_back(harness.sync(Reading::incremental).run_id);
  }
  const auto gone = edge_in(ask(harness, id), "asset_ipaddress", "198.51.100.1").standing;
  REQUIRE(gone.removal);
  CHECK(gone.removal->run_id == runs[3]);
  const auto back = edge_in(ask(harness, id), "asset_ipaddress", "198.51.100.2").standing;
  CHECK(back.state == "active");
  CHECK(back.since_run == runs[3]);
}

TEST_CASE("What CAR did not answer for, or refused, is told with its reason", "[explain]") {
  Harness harness(small());
  check_done(harness, Reading::full);
  const std::string id = change(harness, 0, [](Tenant& tenant, Device& device) {
                           device.external_ip = "198.51.100.1";
                           tenant.report(device, tenant.now_ms - minute_ms);
                         }).id;
  check_done(harness, Reading::incremental);
  change(harness, id, [](Tenant& tenant, Device& device) {
    device.external_ip = "198.51.100.2";
    tenant.report(device, tenant.now_ms - minute_ms);
  });
  harness.simulator().add_fault({.match = "POST /car/api/car/v2/imports"});
  harness.disturbed_sync();
  const EdgeStory coming = edge_in(ask(harness, id), "asset_ipaddress", "198.51.100.2");
  CHECK(coming.standing.state == "waiting");
  REQUIRE(coming.standing.pending);
  CHECK(coming.standing.pending->operation == "edge");
  const EdgeStory going = edge_in(ask(harness, id), "asset_ipaddress", "198.51.100.1");
  CHECK(going.standing.state == "leaving");
  REQUIRE(going.standing.pending);
  CHECK(going.standing.pending->operation == "disable");
  CHECK(going.standing.pending->reason == "machine changed");
  CHECK(going.holders.empty());
  CHECK(holds(explained(harness, "198.51.100.1 --rows").out, "promised CAR the operation disable"));

  harness.simulator().clear_faults();
  harness.simulator().with_car(
      [](simulator::CarService& car) { car.options().poison_job = "\"198.51.100.2\""; });
  harness.disturbed_sync();
  const Explanation refused = ask(harness, "198.51.100.2");
  CHECK(refused.vertices.front().standing.state == "refused");
  CHECK(refused.vertices.front().standing.refused != "");
  REQUIRE_FALSE(refused.set_aside.empty());
  CHECK(refused.set_aside.front().dataset == "CAR");
  const EdgeStory edge = edge_in(refused, "asset_ipaddress");
  CHECK(edge.standing.state == "refused");
  CHECK(holds(edge.standing.refused, "ipaddress 198.51.100.2: "));
  CHECK(edge.standing.refused_run > 0);
  for (const std::string& what : {id, std::string("198.51.100.1"), std::string("198.51.100.2")})
    CHECK(shape_fault(explained(harness, what + " --format json").out, "explain") == "");
}

TEST_CASE("What is set aside, held back and incomplete stands with the machine", "[explain]") {
  Harness harness(small());
  check_done(harness, Reading::full);
  const std::string id = change(harness, 0, [](Tenant& tenant, Device& device) {
                           device.name = "no<such>name";
                           device.adapters.front().addresses = {{"10.77.0.1", "Private", 24}};
                           tenant.report(device, tenant.now_ms - minute_ms);
                         }).id;
  const std::string before = edge_in(ask(harness, id), "asset_ipaddress").to_key;
  harness.settings().max_disables = {.count = 0};
  harness.simulator().add_fault({.match = "logonusers", .status = 403});
  harness.disturbed_sync();
  const Explanation answer = ask(harness, id);
  REQUIRE_FALSE(answer.set_aside.empty());
  CHECK(answer.set_aside.front().reason == "CAR takes no such host name");
  const auto& machine = *answer.machine;
  CHECK(std::any_of(machine.held_back.begin(), machine.held_back.end(), [](const auto& held) {
    return held.aspect == "network" && holds(held.reason, "a guard holds back asset_ipaddress");
  }));
  CHECK(std::any_of(machine.incomplete.begin(), machine.incomplete.end(),
                    [](const auto& one) { return one.dataset == "users"; }));
  bool kept = false;
  for (const EdgeStory& edge : answer.edges) {
    if (edge.edge != "asset_ipaddress" || !edge.holders.front().rows.empty()) continue;
    kept = true;
    CHECK(edge.standing.state == "active");
    CHECK(holds(edge.holders.front().held_back, "a guard holds back"));
  }
  INFO("the address before: " << before);
  CHECK(kept);
  CHECK(shape_fault(explained(harness, id + " --format json").out, "explain") == "");
}

TEST_CASE("An alert and a CVE that CAR does not hold say why not", "[explain]") {
  Harness harness(small());
  harness.simulator().with_tenant([](Tenant& tenant) {
    simulator::Alert alert = open_alert(tenant, 0);
    alert.id = "of-no-machine";
    alert.machine_id.reset();
    tenant.alerts[alert.id] = alert;
    tenant.software[fresh_device(tenant, 0).id] = {{"maker", "tool", "1.0", "CVE-1-NO-SCORE"}};
    tenant.kb["CVE-1-NO-SCORE"] = tenant.kb.begin()->second;
    tenant.kb["CVE-1-NO-SCORE"].score.reset();
  });
  check_done(harness, Reading::full);
  CHECK(ask(harness, "of-no-machine").why_not == "the alert names no machine");
  CHECK(holds(ask(harness, "cve-1-no-score").why_not, "has no CvssScore"));
  CHECK(ask(harness, "CVE-1-NO-SCORE").vertices.empty());
}

TEST_CASE("An alert whose vertex CAR still holds is not said to be out of CAR", "[explain]") {
  Harness harness(small());
  const auto set_status = [&](const std::string& status) {
    harness.simulator().with_tenant([&](Tenant& tenant) {
      simulator::Alert alert = open_alert(tenant, 0);
      alert.id = "the-alert";
      alert.status = status;
      alert.last_update_ms = tenant.now_ms;
      tenant.alerts[alert.id] = alert;
    });
  };
  set_status("New");
  check_done(harness, Reading::full);
  harness.simulator().live(1);
  set_status("Resolved");
  check_done(harness, Reading::incremental);
  const std::string out = explained(harness, "the-alert --rows").out;
  INFO(out);
  CHECK(holds(out, "why nothing derives it: the alert is Resolved"));
  CHECK(holds(out, "nothing derives it any longer"));
  CHECK_FALSE(holds(out, "why not in CAR"));
}
