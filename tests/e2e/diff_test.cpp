// What `diff` says of two states: of the graph against the oracle, of Defender against the tables
// read anew by other means, in both directions, on files that number the graph differently, and by
// the real program.
#include "audit/diff.h"

#include <rapidjson/document.h>
#include <sqlite3.h>

#include <array>
#include <cstdlib>
#include <map>

#include "audit/state_at.h"
#include "planted.h"
#include "said.h"
#include "shape.h"
#include "snapshot/retention.h"
#include "text.h"

using namespace e2e;
using defender_car::Change;
using defender_car::ComparedGraph;
using defender_car::Diff;
using simulator::Device;
using simulator::Tenant;

namespace {

using Lines = std::set<std::string>;

/// A copy of the state as the last run left it; a run empties the WAL when it ends.
std::filesystem::path copy_of(const Harness& harness, const TemporaryFolder& folder,
                              const std::string& name) {
  const auto copy = folder.path() / name;
  std::filesystem::copy_file(harness.settings().working_dir / "state.db", copy);
  return copy;
}

std::vector<Change> changes(const std::filesystem::path& before, const std::filesystem::path& after,
                            ComparedGraph graph = ComparedGraph::desired) {
  std::vector<Change> out;
  Diff(before, after, graph).each([&](const Change& change) { out.push_back(change); });
  return out;
}

std::string sign(const std::string& change) {
  return change == "added" ? "+" : change == "removed" ? "-" : "~";
}

/// "+ asset_user|FROM -> TO" of the edges, and "+ asset|ID".
Lines graph_lines(const std::vector<Change>& list) {
  Lines out;
  for (const Change& change : list)
    if (change.part == "graph" && !change.field)
      out.insert(sign(change.change) + " " + change.kind + "|" + change.object);
  return out;
}

/// The same from two sets of lines `asset_user|FROM|TO` and `asset|ID`.
void compare_lines(const Lines& before, const Lines& after, Lines& out) {
  const auto written = [](std::string line, const char* with) {
    const size_t first = line.find('|');
    const size_t second = line.find('|', first + 1);
    if (second != std::string::npos) line.replace(second, 1, " -> ");
    return with + line;
  };
  for (const std::string& line : after)
    if (!before.contains(line)) out.insert(written(line, "+ "));
  for (const std::string& line : before)
    if (!after.contains(line)) out.insert(written(line, "- "));
}

Lines acknowledged_edges(const std::filesystem::path& before, const std::filesystem::path& after) {
  Lines out = graph_lines(changes(before, after, ComparedGraph::acknowledged));
  std::erase_if(out, [](const auto& line) { return line.substr(2, 6) == "asset|"; });
  return out;
}

Lines lines_of(const oracle::Oracle& oracle) {
  Lines out = oracle.edges();
  for (const std::string& id : oracle.assets()) out.insert("asset|" + id);
  return out;
}

Lines oracle_diff(const oracle::Oracle& before, const oracle::Oracle& after) {
  Lines out;
  compare_lines(lines_of(before), lines_of(after), out);
  return out;
}

/// The vertices whose attributes differ, as CAR names their collections.
Lines oracle_bodies(const oracle::Oracle& before, const oracle::Oracle& after) {
  const oracle::Graph old_graph = before.graph();
  Lines out;
  for (const auto& [vertex, attributes] : after.graph().vertices) {
    const auto old = old_graph.vertices.find(vertex);
    if (old != old_graph.vertices.end() && old->second != attributes) out.insert(vertex);
  }
  return out;
}

Lines changed_bodies(const std::vector<Change>& list) {
  Lines out;
  for (const Change& change : list)
    if (change.part == "graph" && change.field)
      out.insert((change.kind == "asset" ? "asset|" : "vulnerability|") + change.object);
  return out;
}

/// Rows of a query on a file, cells with '|' between them.
Lines rows(const std::filesystem::path& file, const char* query) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  Lines out;
  const auto row = [](void* lines, int count, char** cells, char**) {
    std::string line;
    for (int i = 0; i < count; ++i)
      line += (i == 0 ? "" : "|") + std::string(cells[i] == nullptr ? "(none)" : cells[i]);
    static_cast<Lines*>(lines)->insert(line);
    return 0;
  };
  REQUIRE(sqlite3_exec(database, query, row, &out, nullptr) == SQLITE_OK);
  sqlite3_close(database);
  return out;
}

void write(const std::filesystem::path& file, const std::string& statement) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
  CHECK(sqlite3_exec(database, statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

/// One kind of Defender's part as "+ machine|object", and the same from a query on both files.
Lines defender_lines(const std::vector<Change>& list, const std::string& kind) {
  Lines out;
  for (const Change& change : list)
    if (change.part == "defender" && change.kind == kind && !change.field)
      out.insert(sign(change.change) + " " + change.machine + "|" + change.object);
  return out;
}

Lines compared_rows(const std::filesystem::path& before, const std::filesystem::path& after,
                    const char* query) {
  const Lines old_rows = rows(before, query);
  const Lines new_rows = rows(after, query);
  Lines out;
  for (const std::string& line : new_rows)
    if (!old_rows.contains(line)) out.insert("+ " + line);
  for (const std::string& line : old_rows)
    if (!new_rows.contains(line)) out.insert("- " + line);
  return out;
}

constexpr std::array<std::array<const char*, 2>, 5> kKinds{{
    {"machine", "SELECT id, id FROM MachineInfo"},
    {"user",
     "SELECT machineId, iif(accountDomain = '', accountName, accountDomain || '\\' || accountName) "
     "FROM LogonUsers"},
    {"alert", "SELECT coalesce(machineId, ''), id FROM Alerts WHERE status IS NOT 'Resolved'"},
    {"software",
     "SELECT DeviceId, SoftwareVendor || ':' || SoftwareName || ':' || SoftwareVersion "
     "FROM SoftwareVulnerabilities"},
    {"knowledge_base", "SELECT '', CveId FROM VulnerabilityKb"},
}};

/// "machine|column|value" of every machine that both files have.
Lines machine_fields(const std::filesystem::path& before, const std::filesystem::path& after) {
  Lines out;
  for (const char* column :
       {"computerDnsName", "osPlatform", "version", "healthStatus", "onboardingStatus",
        "lastIpAddress", "lastExternalIpAddress", "riskScore", "exposureLevel", "rbacGroupName"}) {
    const std::string query =
        "SELECT id, '" + std::string(column) + "', " + column + " FROM MachineInfo";
    const Lines known = rows(before, "SELECT id FROM MachineInfo");
    const Lines known_after = rows(after, "SELECT id FROM MachineInfo");
    for (const std::string& line : compared_rows(before, after, query.c_str())) {
      const std::string id = line.substr(2, line.find('|') - 2);
      if (known.contains(id) && known_after.contains(id)) out.insert(line);
    }
  }
  return out;
}

Lines changed_machine_fields(const std::vector<Change>& list) {
  Lines out;
  for (const Change& change : list) {
    if (change.kind != "machine" || !change.field) continue;
    out.insert("- " + change.object + "|" + *change.field + "|" + change.before.value_or("(none)"));
    out.insert("+ " + change.object + "|" + *change.field + "|" + change.after.value_or("(none)"));
  }
  return out;
}

std::string joined(const Lines& lines) {
  return e2e::joined(std::vector<std::string>(lines.begin(), lines.end()));
}

std::string whole_line(const Change& change) {
  return change.machine + "|" + change.part + "|" + change.kind + "|" + change.change + "|" +
         change.object + "|" + change.field.value_or("(none)") + "|" +
         change.before.value_or("(none)") + "|" + change.after.value_or("(none)");
}

Change mirrored(Change change) {
  if (change.change != "changed") change.change = change.change == "added" ? "removed" : "added";
  std::swap(change.before, change.after);
  return change;
}

void check_mirror(const std::filesystem::path& before, const std::filesystem::path& after,
                  const std::vector<Change>& forward) {
  Lines there;
  Lines back;
  for (const Change& change : forward) there.insert(whole_line(change));
  for (const Change& change : changes(after, before)) back.insert(whole_line(mirrored(change)));
  CHECK(joined(there) == joined(back));
}

void check_defender(const std::filesystem::path& before, const std::filesystem::path& after,
                    const std::vector<Change>& list) {
  for (const auto& [kind, query] : kKinds) {
    INFO(kind);
    CHECK(joined(defender_lines(list, kind)) == joined(compared_rows(before, after, query)));
  }
  CHECK(joined(changed_machine_fields(list)) == joined(machine_fields(before, after)));
}

}  // namespace

TEST_CASE("The diff of two states is what the oracle and the tables say, and its own mirror image",
          "[diff]") {
  const Seeds seeds = seeds_to_run();
  std::map<std::string, size_t> seen;
  for (uint64_t seed = seeds.first; seed < seeds.first + (seeds.count + 9) / 10; ++seed) {
    const Scenario scenario = scenario_of(seed);
    INFO(describe(scenario));
    Harness harness(scenario);
    const TemporaryFolder copies;
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    const auto before = copy_of(harness, copies, "before.db");
    const oracle::Oracle then = harness.oracle();
    const Lines held_then = harness.simulator().car_edges();
    for (const int hours : {9, 40}) {
      harness.simulator().live(hours);
      REQUIRE_FALSE(harness.sync(Reading::incremental).failure);
    }
    const auto after = copy_of(harness, copies, "after.db");

    const std::vector<Change> list = changes(before, after);
    for (const Change& change : list) ++seen[change.part + " " + change.kind];
    CHECK(joined(graph_lines(list)) == joined(oracle_diff(then, harness.oracle())));
    CHECK(joined(changed_bodies(list)) == joined(oracle_bodies(then, harness.oracle())));
    check_defender(before, after, list);
    check_mirror(before, after, list);
    CHECK(changes(before, before).empty());
    CHECK(Diff(after, after, ComparedGraph::acknowledged).counts().empty());

    Lines held;
    compare_lines(held_then, harness.simulator().car_edges(), held);
    CHECK(joined(acknowledged_edges(before, after)) == joined(held));
  }
  for (const char* kind : {"defender machine", "defender address", "defender user",
                           "defender alert", "defender software", "defender vulnerability",
                           "graph asset", "graph asset_ipaddress", "graph ipaddress_macaddress"}) {
    INFO(kind);
    CHECK(seen[kind] > 0);
  }
}

TEST_CASE("States that number the graph differently are compared by names", "[diff]") {
  Harness harness(scenario_of(4));
  const TemporaryFolder copies;
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.simulator().live(70);
  REQUIRE_FALSE(harness.sync(Reading::incremental).failure);
  const auto before = copy_of(harness, copies, "before.db");
  const oracle::Oracle then = harness.oracle();
  harness.simulator().live(30);
  harness.forget_everything();
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const auto after = copy_of(harness, copies, "after.db");
  CHECK(rows(before, "SELECT vertex_id, key FROM vertex WHERE vertex_id > 40") !=
        rows(after, "SELECT vertex_id, key FROM vertex WHERE vertex_id > 40"));
  CHECK(joined(graph_lines(changes(before, after))) == joined(oracle_diff(then, harness.oracle())));
}

TEST_CASE("The same number is the same edge only where its ends have the same names", "[diff]") {
  Harness harness(small());
  const TemporaryFolder copies;
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const auto before = copy_of(harness, copies, "before.db");
  const auto after = copy_of(harness, copies, "after.db");
  // The host names move on by one vertex each.
  const Lines names = rows(after, "SELECT key FROM vertex WHERE collection = 'hostname'");
  std::string moved = *names.rbegin();
  for (const std::string& name : names) {
    write(after, "UPDATE vertex SET key = '" + name + " moved' WHERE key = '" + moved + "'");
    moved = name;
  }
  write(after, "UPDATE vertex SET key = replace(key, ' moved', '')");
  constexpr const char* edges =
      "SELECT n.collection || '|' || n.from_key || ' -> ' || n.to_key FROM edge_name n "
      "WHERE EXISTS (SELECT 1 FROM claim c WHERE c.edge_id = n.edge_id)";
  const Lines wanted = compared_rows(before, after, edges);
  CHECK_FALSE(wanted.empty());
  CHECK(joined(graph_lines(changes(before, after))) == joined(wanted));
}

TEST_CASE("What CAR holds is compared by its own answers", "[diff]") {
  Harness harness(scenario_of(3));
  const TemporaryFolder copies;
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const auto before = copy_of(harness, copies, "before.db");
  const Lines held_before = harness.simulator().car_edges();
  harness.simulator().live(40);
  harness.simulator().add_fault(
      {.match = "PATCH /car/", .kind = simulator::FaultKind::status, .count = 9, .status = 503});
  REQUIRE(harness.disturbed_sync().failure);
  const auto after = copy_of(harness, copies, "after.db");
  Lines held;
  compare_lines(held_before, harness.simulator().car_edges(), held);
  CHECK(joined(acknowledged_edges(before, after)) == joined(held));
  CHECK(joined(graph_lines(changes(before, after))) !=
        joined(graph_lines(changes(before, after, ComparedGraph::acknowledged))));
}

TEST_CASE("A state is compared while another program writes to it", "[diff]") {
  Harness harness(small());
  const TemporaryFolder copies;
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const auto before = copy_of(harness, copies, "before.db");
  const auto state = harness.settings().working_dir / "state.db";
  sqlite3* writer = nullptr;
  REQUIRE(sqlite3_open(state.c_str(), &writer) == SQLITE_OK);
  const char* unfinished = "BEGIN IMMEDIATE; DELETE FROM LogonUsers; DELETE FROM claim";
  REQUIRE(sqlite3_exec(writer, unfinished, nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK(changes(before, state).empty());
  REQUIRE(sqlite3_exec(writer, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK_FALSE(changes(before, state).empty());
  sqlite3_close(writer);
}

TEST_CASE("A run's number, its snapshot and a copy of the state after it mean the same state",
          "[diff]") {
  for (const uint64_t seed : {2, 5, 9}) {
    Harness harness(scenario_of(seed));
    const TemporaryFolder copies;
    std::vector<std::filesystem::path> states;
    for (const Reading reading : {Reading::full, Reading::incremental, Reading::incremental}) {
      REQUIRE_FALSE(harness.sync(reading).failure);
      states.push_back(copy_of(harness, copies, std::to_string(states.size()) + ".db"));
      harness.simulator().live(20);
    }
    const defender_car::WorkingDir folder{harness.settings().working_dir};
    const std::vector<defender_car::KeptFile> kept = defender_car::kept_files(folder.snapshots());
    const auto before = rows(folder.state(), "SELECT * FROM run");
    defender_car::SilentProgress progress;
    for (size_t run = 1; run <= states.size(); ++run) {
      for (const std::string& word : {std::to_string(run), kept.at(run - 1).path.string()}) {
        INFO(word);
        const auto rebuilt = state_at(folder, word, progress);
        CHECK(changes(states[run - 1], rebuilt.file).empty());
        // The last run's state stands there already.
        CHECK((rebuilt.file == folder.state()) == (word == std::to_string(states.size())));
      }
    }
    CHECK_FALSE(changes(states[0], states[1]).empty());
    CHECK(rows(folder.state(), "SELECT * FROM run") == before);
  }
}

TEST_CASE("Each thing that a tenant can change is told once, by its name", "[diff]") {
  Harness harness(small());
  const TemporaryFolder copies;
  std::string resolved;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    resolved = open_alert(tenant, 1).id;
    fresh_device(tenant, 4).name = "'; DROP TABLE change; --";
  });
  check_run(harness, Reading::full, false);
  const auto before = copy_of(harness, copies, "before.db");
  harness.simulator().live(1);
  std::string moved;
  std::string address;
  std::string alert;
  const std::string hostile = "evil\x1b[2J\n\xE2\x80\xAE<b>\" -> '";
  harness.simulator().with_tenant([&](Tenant& tenant) {
    Device& device = fresh_device(tenant, 4);
    moved = device.id;
    device.name = hostile;
    address = device.adapters[0].addresses[0].ip;
    device.adapters[0].addresses[0].ip = "10.99.98.97";
    simulator::User user = make_user(tenant, device, tenant.now_ms);
    user.account_name = hostile;
    user.domain = "EVIL";
    device.users.push_back(user);
    tenant.report(device, tenant.now_ms - 1000);
    tenant.software[device.id].push_back({"vendor", hostile, "1", tenant.kb.begin()->first});
    simulator::Alert fresh = make_alert(tenant, device.id, tenant.now_ms - 1000);
    fresh.title = hostile;
    alert = fresh.id;
    tenant.alerts[alert] = fresh;
    tenant.alerts[resolved].status = "Resolved";
    tenant.alerts[resolved].last_update_ms = tenant.now_ms;
  });
  const defender_car::RunReport report = harness.sync(Reading::incremental);
  REQUIRE_FALSE(report.failure);
  const auto after = copy_of(harness, copies, "after.db");
  Lines told;
  for (const Change& change : changes(before, after))
    if (change.machine == moved && change.part == "defender" && change.kind != "vulnerability")
      told.insert(sign(change.change) + " " + change.kind + " " + change.object +
                  (change.field ? " " + *change.field : ""));
  CHECK(told.contains("~ machine " + moved + " computerDnsName"));
  CHECK(told.contains("- address " + address));
  CHECK(told.contains("+ address 10.99.98.97"));
  CHECK(told.contains("+ user EVIL\\" + hostile));
  CHECK(told.contains("+ software vendor:" + hostile + ":1"));
  CHECK(told.contains("+ alert " + alert));
  for (const Change& change : changes(before, after)) {
    if (change.object != resolved || change.part != "defender") continue;
    CHECK(change.change == "removed");
    CHECK(change.after == "Resolved");
  }

  if (std::getenv("DEFENDER_CAR_PROGRAM") == nullptr) return;
  const std::string files = before.string() + " " + after.string();
  const std::string json = run_program("diff " + files + " --format json").out;
  CHECK(shape_fault(json, "diff") == "");
  CHECK(shape_fault(run_program("diff --acknowledged --format json " + files).out, "diff") == "");
  CHECK(
      shape_fault(run_program("diff --format json " + before.string() + " " + before.string()).out,
                  "diff") == "");
  rapidjson::Document document;
  document.Parse(json.c_str());
  size_t all = 0;
  for (const auto& machine : document["machines"].GetArray())
    all += machine["changes"].GetArray().Size();
  CHECK(all == changes(before, after).size());
  const std::string text = run_program("diff " + files).out;
  CHECK(text.find("+ address 10.99.98.97 (Private, MAC ") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xE2\x80\xAE") == std::string::npos);
}
