// CAR's import schema: which of two identity models it names.
#include "car/responses.h"
#include "target.h"

using namespace defender_car;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::input(data, size);
  try {
    const std::vector<std::string> wanted{"asset.risk", "user.username"};
    const auto model = read_import_schema(text, wanted).model;
    const bool escaped = text.find('\\') != std::string_view::npos;
    if (model == IdentityModel::account) {
      fuzz::promise(escaped || text.find("asset_account") != std::string_view::npos,
                    "a model is named");
    } else if (model == IdentityModel::user) {
      fuzz::promise(escaped || text.find("asset_user") != std::string_view::npos,
                    "a model is named");
    }
  } catch (const UnreadableResponse&) {
  }
  return 0;
}
