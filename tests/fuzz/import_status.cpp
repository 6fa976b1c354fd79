// CAR's answer about import jobs. What no list names is unfinished; "done" is CAR's word alone.
#include <array>

#include "car/responses.h"
#include "target.h"

using namespace defender_car;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::array<std::string, 3> ids = {"job1", "job2", "job3"};
  const std::string_view text = fuzz::input(data, size);
  try {
    const auto statuses = read_import_status(text, ids);
    fuzz::promise(statuses.size() == ids.size(), "each asked id has an entry, and no other");
    for (const auto& [id, status] : statuses) {
      fuzz::promise(fuzz::is_printable(status.error), "CAR's words are printable");
      // An escape may hide any letter of a name, so only a text without one tells.
      const bool named = text.find("complete_imports") != std::string_view::npos &&
                         text.find(id) != std::string_view::npos;
      const bool escaped = text.find('\\') != std::string_view::npos;
      fuzz::promise(status.outcome != ImportOutcome::done || named || escaped,
                    "done stands in complete_imports");
    }
  } catch (const UnreadableResponse&) {
  }
  return 0;
}
