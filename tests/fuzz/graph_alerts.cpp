// A page of Graph's alerts_v2, to the outbox.
#include <vector>

#include "defender/alerts.h"
#include "defender/responses.h"
#include "staged.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_records(fuzz::input(data, size),
                      [](const auto& body, const auto& on_record) {
                        const auto as_defenders = [&](std::span<const defender_car::Field> fields) {
                          std::vector<defender_car::Field> alert(fields.begin(), fields.end());
                          defender_car::read_graph_alert(alert);
                          on_record(alert);
                        };
                        fuzz::check_words(defender_car::read_values(
                            body, defender_car::kGraphAlertKeys, as_defenders));
                      },
                      {.insert = "fetch/alert", .json_columns = {}, .machine = {}});
  return 0;
}
