// A hunting answer of either way, to the outbox: Graph writes "schema" and "results", the retiring
// way "Schema" and "Results". The first byte chooses the query that it answers.
#include <array>

#include "defender/responses.h"
#include "fetch/columns.h"
#include "staged.h"
#include "target.h"

using namespace defender_car;

namespace {

constexpr std::int64_t kRowCap = 50;  // low enough to be reached

struct Query {
  HuntingTable table;
  const char* insert;
  std::span<const int> json_columns{};
};

const std::array kQueries = {
    Query{{"DeviceNetworkInfo", kNetworkColumns, kNetworkOptional},
          "fetch/network",
          kNetworkAddresses},
    Query{{"DeviceInfo", kDeviceInfoColumns}, "fetch/device_info", kLoggedOnUsers},
    Query{{"DeviceLogonEvents", kLogonColumns, kLogonOptional}, "fetch/user"},
    Query{{"DeviceTvmSoftwareVulnerabilities", kSoftwareColumns}, "fetch/software"},
    Query{{"DeviceTvmSoftwareVulnerabilitiesKB", kKnowledgeColumns}, "fetch/knowledge"},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::input(data, size);
  const Query& query = kQueries[fuzz::choose(text, kQueries.size())];
  fuzz::check_records(
      text,
      [&](const Body& body, const OnRecord& on_record) {
        std::int64_t rows = 0;
        const HuntingResponse answer =
            read_hunting(body, query.table, kRowCap, [&](std::span<const Field> fields) {
              ++rows;
              on_record(fields);
            });
        fuzz::check_words(answer.list);
        fuzz::promise(rows <= kRowCap, "no row beyond the cap is handed on");
        fuzz::promise(answer.whole == (answer.list.records + answer.list.not_objects < kRowCap),
                      "an answer at the cap is not whole");
      },
      {.insert = query.insert, .json_columns = query.json_columns, .machine = {}});
  return 0;
}
