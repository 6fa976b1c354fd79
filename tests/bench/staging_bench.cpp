// staging_bench MACHINES ROUNDS: what staging costs beside the least that it could cost.
//
// The bytes are the simulator's: a machine list and a hunting answer with ten software rows a
// machine. Two ways take the same bytes, in turn:
//   floor  a bare RapidJSON SAX parse, each record bound to a prepared insert into a rowid table
//   ours   read_list and StageTable into the tables of schema/stage
// Both write a file of their own in one transaction, with the stage's own pragmas. The figure is
// CPU time, of the best round (noise only ever adds). Prints one JSON document.
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "defender_json.h"
#include "fetch/columns.h"
#include "fetch/stage_table.h"
#include "hunting.h"
#include "json/records.h"
#include "store/database.h"
#include "store/migrator.h"
#include "tenant.h"

namespace {

using defender_car::Body;
using defender_car::Database;
using defender_car::Field;
using defender_car::OpenMode;
using defender_car::StageTable;

struct Dataset {
  std::string name;
  std::string table;      // of schema/stage
  std::string statement;  // of schema/statement
  std::vector<std::string> keys;
  std::string list_key;
  std::span<const int> json_columns;
  std::string json;
};

std::string machine_list(const simulator::Tenant& tenant) {
  std::string out;
  simulator::StringSink sink(out);
  simulator::JsonWriter json(sink);
  json.StartObject();
  simulator::write_pair(json, "@odata.context", "https://api.security.microsoft.com/api/$metadata");
  simulator::write_key(json, "value");
  json.StartArray();
  for (const auto& [id, device] : tenant.devices) simulator::write_machine(json, device);
  json.EndArray();
  json.EndObject();
  return out;
}

std::string software_answer(const simulator::Tenant& tenant) {
  simulator::HuntingLimits limits;
  limits.row_cap = std::numeric_limits<size_t>::max();
  limits.max_result_bytes = std::numeric_limits<size_t>::max();
  const simulator::HuntingResult result = simulator::run_query(
      tenant,
      "DeviceTvmSoftwareVulnerabilities | project DeviceId, SoftwareVendor, SoftwareName, "
      "SoftwareVersion, CveId",
      limits, true);
  std::string out = R"({"schema":[)";
  for (const simulator::HuntingColumn& column : result.schema) {
    if (out.back() == '}') out += ',';
    out += R"({"name":")" + column.name + R"(","type":")" + column.type + R"("})";
  }
  return out + R"(],"results":)" + result.rows_json + "}";
}

// ---------------------------------------------------------------------------------------- floor

void check(bool good, sqlite3* database) {
  if (!good) throw std::runtime_error(sqlite3_errmsg(database));
}

/// Binds the members of each object of the list and inserts; a nested value goes in as its bytes
/// stand.
class FloorHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, FloorHandler> {
 public:
  FloorHandler(const std::string& json, const rapidjson::MemoryStream& stream,
               const std::vector<std::string>& keys, sqlite3_stmt* insert)
      : json_(json), stream_(stream), keys_(keys), insert_(insert) {}

  bool StartObject() {
    if (depth_++ == kRecord) begin_nested();
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    if (--depth_ == kRecord) return end_nested();
    return depth_ != kRecord - 1 || !in_list_ || insert();
  }
  bool StartArray() {
    if (depth_++ == kRecord) begin_nested();
    return true;
  }
  bool EndArray(rapidjson::SizeType) { return --depth_ != kRecord || end_nested(); }

  bool Key(const char* text, rapidjson::SizeType length, bool) {
    const std::string_view key(text, length);
    if (depth_ == 1) in_list_ = key == "value" || key == "results";
    if (depth_ != kRecord) return true;
    const auto found = std::find(keys_.begin(), keys_.end(), key);
    position_ = found == keys_.end() ? 0 : static_cast<int>(found - keys_.begin()) + 1;
    return true;
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return !wanted() || sqlite3_bind_text(insert_, position_, text, static_cast<int>(length),
                                          SQLITE_TRANSIENT) == SQLITE_OK;
  }
  bool Int(int value) { return Int64(value); }
  bool Uint(unsigned value) { return Int64(value); }
  bool Uint64(uint64_t value) { return Int64(static_cast<int64_t>(value)); }
  bool Bool(bool value) { return Int64(value ? 1 : 0); }
  bool Int64(int64_t value) {
    return !wanted() || sqlite3_bind_int64(insert_, position_, value) == SQLITE_OK;
  }
  bool Double(double value) {
    return !wanted() || sqlite3_bind_double(insert_, position_, value) == SQLITE_OK;
  }
  bool Null() { return true; }

 private:
  static constexpr int kRecord = 3;  // document, list, record

  bool wanted() const { return depth_ == kRecord && in_list_ && position_ > 0; }
  void begin_nested() { nested_from_ = stream_.Tell() - 1; }
  bool end_nested() {
    if (!wanted()) return true;
    return sqlite3_bind_text(insert_, position_, json_.data() + nested_from_,
                             static_cast<int>(stream_.Tell() - nested_from_),
                             SQLITE_STATIC) == SQLITE_OK;
  }
  bool insert() {
    const bool good = sqlite3_step(insert_) == SQLITE_DONE;
    sqlite3_reset(insert_);
    sqlite3_clear_bindings(insert_);
    return good;
  }

  const std::string& json_;
  const rapidjson::MemoryStream& stream_;
  const std::vector<std::string>& keys_;
  sqlite3_stmt* insert_;
  int depth_ = 0;
  bool in_list_ = false;
  int position_ = 0;
  size_t nested_from_ = 0;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

void stage_by_floor(const Dataset& dataset, const std::vector<std::string>& keys,
                    const std::filesystem::path& file) {
  sqlite3* database = nullptr;
  check(sqlite3_open(file.c_str(), &database) == SQLITE_OK, database);
  const std::vector<std::string> places(keys.size(), "?");
  const std::string begin =
      "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; CREATE TABLE row (" + joined(keys) +
      "); BEGIN";
  check(sqlite3_exec(database, begin.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, database);
  sqlite3_stmt* insert = nullptr;
  const std::string text = "INSERT INTO row VALUES (" + joined(places) + ")";
  check(sqlite3_prepare_v2(database, text.c_str(), -1, &insert, nullptr) == SQLITE_OK, database);
  rapidjson::MemoryStream stream(dataset.json.data(), dataset.json.size());
  FloorHandler handler(dataset.json, stream, keys, insert);
  rapidjson::Reader reader;
  if (reader.Parse(stream, handler).IsError()) throw std::runtime_error("the floor cannot parse");
  check(sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK, database);
  sqlite3_finalize(insert);
  sqlite3_close(database);
}

// ----------------------------------------------------------------------------------------- ours

class Stage {
 public:
  explicit Stage(const std::filesystem::path& folder)
      : database_(folder / "state.db", OpenMode::create) {
    defender_car::migrate(database_);
    database_.attach(folder / "stage.db", "stage");
    database_.run_script("schema/stage/10_tables.sql");
  }
  Database& database() { return database_; }

 private:
  Database database_;
};

void stage_by_ours(const Dataset& dataset, const std::vector<std::string>& keys, const Body& body,
                   Stage& stage) {
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  StageTable rows(stage.database(), dataset.statement, dataset.json_columns);
  rows.begin();
  defender_car::read_list(body, {dataset.list_key, views},
                          [&](std::span<const Field> fields) { rows.record(fields); });
  rows.keep();
}

// -------------------------------------------------------------------------------------- measuring

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "staging-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

double cpu_seconds(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

/// First column of a query on a file: how the two ways are held against each other.
std::vector<std::string> ask(const std::filesystem::path& file, const std::string& query) {
  sqlite3* database = nullptr;
  check(sqlite3_open(file.c_str(), &database) == SQLITE_OK, database);
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database, query.c_str(), -1, &statement, nullptr) == SQLITE_OK,
        database);
  std::vector<std::string> out;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    const unsigned char* text = sqlite3_column_text(statement, 0);
    out.emplace_back(text == nullptr ? "" : reinterpret_cast<const char*>(text));
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return out;
}

/// Both must have stored the same; only cells with nested values and the ids of machines, whose
/// case is made one, may be written differently.
void expect_same(const Dataset& dataset, const std::vector<std::string>& keys,
                 const Folder& folder) {
  std::vector<std::string> plain = keys;
  for (std::size_t i = dataset.json_columns.size(); i > 0; --i)
    plain.erase(plain.begin() + dataset.json_columns[i - 1]);
  const std::string query = "SELECT lower(json_array(" + joined(plain) + ")) FROM ";
  if (ask(folder.path() / "floor.db", query + "row ORDER BY rowid") !=
      ask(folder.path() / "stage.db", query + dataset.table + " ORDER BY rowid")) {
    throw std::runtime_error("the two ways stored different " + dataset.name);
  }
}

struct Result {
  double floor = std::numeric_limits<double>::max();
  double ours = std::numeric_limits<double>::max();
  size_t rows = 0;
};

Result measure(const Dataset& dataset, int rounds) {
  const std::vector<std::string>& keys = dataset.keys;
  Body body;
  body.append(dataset.json);
  Result best;
  for (int round = 0; round < rounds; ++round) {
    const Folder folder;
    const std::filesystem::path floor = folder.path() / "floor.db";
    best.floor = std::min(best.floor, cpu_seconds([&] { stage_by_floor(dataset, keys, floor); }));
    {
      Stage stage(folder.path());
      best.ours =
          std::min(best.ours, cpu_seconds([&] { stage_by_ours(dataset, keys, body, stage); }));
    }
    expect_same(dataset, keys, folder);
    best.rows = std::stoul(ask(floor, "SELECT count(*) FROM row").at(0));
  }
  return best;
}

void print(const Dataset& dataset, const Result& result) {
  std::printf(
      "\"%s\":{\"bytes\":%zu,\"rows\":%zu,\"floor_seconds\":%.6f,\"our_seconds\":%.6f,"
      "\"ratio\":%.3f}",
      dataset.name.c_str(), dataset.json.size(), result.rows, result.floor, result.ours,
      result.ours / result.floor);
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "usage: staging_bench MACHINES ROUNDS\n");
    return 2;
  }
  try {
    simulator::TenantOptions options;
    options.machines = std::stoul(words[1]);
    const simulator::Tenant tenant = simulator::make_tenant(options);
    const Dataset machines{"machines",
                           "MachineInfo",
                           "fetch/machine",
                           {defender_car::kMachineKeys.begin(), defender_car::kMachineKeys.end()},
                           "value",
                           defender_car::kMachineLists,
                           machine_list(tenant)};
    const Dataset software{
        "software",
        "SoftwareVulnerabilities",
        "fetch/software",
        {defender_car::kSoftwareColumns.begin(), defender_car::kSoftwareColumns.end()},
        "results",
        {},
        software_answer(tenant)};
    const int rounds = std::stoi(words[2]);
    std::printf("{");
    print(machines, measure(machines, rounds));
    std::printf(",");
    print(software, measure(software, rounds));
    std::printf("}\n");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "staging_bench: %s\n", error.what());
    return 1;
  }
}
