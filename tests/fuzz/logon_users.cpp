// The answer of /api/machines/m2/logonusers, to the outbox.
#include "defender/responses.h"
#include "fetch/columns.h"
#include "staged.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_records(
      fuzz::input(data, size),
      [](const auto& body, const auto& on_record) {
        fuzz::check_words(defender_car::read_values(body, defender_car::kUserKeys, on_record));
      },
      {.insert = "fetch/user", .json_columns = {}, .machine = "m2"});
  return 0;
}
