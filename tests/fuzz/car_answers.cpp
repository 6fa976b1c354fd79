// What CAR answers to all but imports' status and schema; the first byte chooses to what.
#include "car/responses.h"
#include "target.h"

using namespace defender_car;

namespace {

void check(std::size_t question, std::string_view text) {
  switch (question) {
    case 0:
      read_databases(text);
      break;
    case 1:
      fuzz::promise(!read_job_id(text).empty(), "the id of a job is not empty");
      break;
    case 2:
      fuzz::promise(!read_job_status(text).empty(), "the status of a job is not empty");
      break;
    case 3:
      fuzz::promise(!read_import_id(text).empty(), "the id of an import is not empty");
      break;
    case 4:
      if (const auto words = read_own_error(text)) {
        fuzz::promise(fuzz::is_printable(*words), "CAR's words are printable");
        speaks_of_records(*words);
      }
      break;
    case 5:
      if (const auto save_point = read_save_point(text)) {
        fuzz::promise(!save_point->empty(), "a save point is not empty");
      }
      break;
    default:
      if (const auto count = read_asset_count(text)) {
        fuzz::promise(*count >= 0, "no number of assets is negative");
      }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::input(data, size);
  const std::size_t question = fuzz::choose(text, 7);
  try {
    check(question, text);
  } catch (const UnreadableResponse&) {
  }
  return 0;
}
