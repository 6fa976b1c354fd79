// A page of what CAR holds (POST /v3/query). The first byte chooses the collection.
#include "car/readback.h"

#include "base/limits.h"
#include "target.h"

using namespace defender_car;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::input(data, size);
  static const auto collections = car_collections(IdentityModel::account);
  const CarCollection& collection = collections[fuzz::choose(text, collections.size())];
  auto attributes = collection.attributes;
  attributes.emplace_back("active");
  for (const auto& keys : collection.keys) {
    try {
      const ReadbackPage page = read_page(Body(std::string(text)), collection, keys, attributes);
      fuzz::promise(page.refusal.empty() || page.rows.empty(), "a refusal has no rows");
      fuzz::promise(fuzz::is_printable(page.refusal), "CAR's words are printable");
      fuzz::promise(page.records == std::ssize(page.rows) + page.nameless, "no record is lost");
      for (const ReadbackRow& row : page.rows) {
        fuzz::promise(!row.key.empty() && row.key.size() <= limits::kCarKey, "a key is one");
        fuzz::promise(row.to.empty() != collection.is_edge(), "an edge has two ends");
        fuzz::promise(fuzz::is_utf8(row.key) && fuzz::is_utf8(row.to) && fuzz::is_utf8(row.body),
                      "all of it is text");
        // What goes into SQLite as JSON is JSON.
        read_object(Body(row.body), {});
      }
    } catch (const UnreadableResponse&) {
    }
  }
  return 0;
}
