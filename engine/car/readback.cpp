#include "car/readback.h"

#include <algorithm>
#include <set>

#include "base/cancel.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/printable.h"
#include "json/rapid_json.h"
#include "json/records.h"

namespace defender_car {
namespace {

constexpr std::size_t kLongestWords = 500;
constexpr std::size_t kAssetsAtOnce = 100;  // named in one question
constexpr int kRepeatedPages = 3;           // in a row, then CAR does not heed the offset
constexpr std::string_view kActive = "active";
constexpr std::string_view kQuotes = "\"'`";

using json::write_text;
using json::Writer;

void write_value(Writer& writer, const Field& field) {
  switch (field.type) {
    case Field::Type::text:
      return write_text(writer, field.text);
    case Field::Type::integer:
      writer.Int64(field.integer);
      return;
    case Field::Type::boolean:
      writer.Bool(field.integer != 0);
      return;
    case Field::Type::real:
      writer.Double(field.real);
      return;
    case Field::Type::json:
      writer.RawValue(field.text.data(), field.text.size(), rapidjson::kObjectType);
      return;
    default:
      writer.Null();
  }
}

/// "SOURCE/KEY", "collection/KEY", "ipaddress/0/10.0.0.4": neither a source nor a collection holds
/// a slash, and no address does.
std::string key_alone(const std::string& text, const std::string& collection, bool has_prefix) {
  const std::size_t slash = collection == "ipaddress" ? text.rfind('/')
                            : has_prefix              ? text.find('/')
                                                      : std::string::npos;
  return slash == std::string::npos ? text : text.substr(slash + 1);
}

bool is_key(const Field& field, const std::string& key) {
  return field.type == Field::Type::text && !key.empty() && key.size() <= limits::kCarKey &&
         key.find('\0') == std::string::npos;
}

/// CAR's own words where it refuses, "" where it does not.
std::string refusal_in(const Body& body) {
  constexpr std::string_view paths[] = {"errors"};
  const Field errors = read_object(body, paths).front();
  if (errors.type == Field::Type::absent || errors.type == Field::Type::null) return "";
  if (errors.text == "[]") return "";
  json::Document list;
  list.Parse<rapidjson::kParseIterativeFlag>(errors.text.data(), errors.text.size());
  std::string words;
  if (!list.HasParseError() && list.IsArray()) {
    for (const auto& error : list.GetArray()) {
      if (!error.IsObject()) continue;
      const auto message = error.FindMember("message");
      if (message == error.MemberEnd() || !message->value.IsString()) continue;
      words += (words.empty() ? "" : "; ") + std::string(json::view_of(message->value));
    }
  }
  return printable(words.empty() ? errors.text : words, kLongestWords);
}

/// Whether CAR's words name it: in quotes, as GraphQL services do.
bool names(const std::string& words, const std::string& field) {
  return std::any_of(kQuotes.begin(), kQuotes.end(), [&](char quote) {
    return words.find(quote + field + quote) != std::string::npos;
  });
}

}  // namespace

std::string graphql_text(std::string_view text) {
  json::Buffer buffer;
  Writer writer(buffer);
  write_text(writer, text);
  return json::text_of(buffer);
}

std::vector<CarCollection> car_collections(IdentityModel model) {
  const bool account = model == IdentityModel::account;
  std::vector<CarCollection> all{
      {"asset", "", "", {{"external_id"}}, {"name", "description"}},
      {"hostname", "", "", {{"host_name"}, {"_key"}}, {}},
      {"ipaddress", "", "", {{"_key"}, {"name"}}, {}},
      {"macaddress", "", "", {{"_key"}, {"name"}}, {}},
      {"user", "", "", {{"external_id"}, {"_key"}}, {}},
      {"vulnerability",
       "",
       "",
       {{"external_id"}},
       {"name", "description", "disclosed_on", "published_on", "base_score"}},
      {"application", "", "", {{"external_id"}}, {"name", "is_os"}}};
  if (account) {
    all[4].attributes = {"name"};
    all.push_back({"account", "", "", {{"external_id"}}, {"name"}});
  }
  const auto edge = [&](const std::string& from, const std::string& to) {
    all.push_back({from + "_" + to, from, to, {{from + "_id", to + "_id"}, {"_from", "_to"}}, {}});
  };
  for (const char* to : {"ipaddress", "macaddress", "hostname", "vulnerability", "application"})
    edge("asset", to);
  edge("asset", account ? "account" : "user");
  edge("ipaddress", "macaddress");
  edge("application", "vulnerability");
  edge(account ? "account" : "user", "hostname");
  if (account) edge("user", "account");
  return all;
}

ReadbackPage read_page(const Body& body, const CarCollection& collection,
                       const std::vector<std::string>& keys,
                       const std::vector<std::string>& attributes) try {
  ReadbackPage page;
  page.refusal = refusal_in(body);
  if (!page.refusal.empty()) return page;
  std::vector<std::string_view> asked(keys.begin(), keys.end());
  asked.insert(asked.end(), attributes.begin(), attributes.end());
  const ListShape shape{collection.name, asked, "data"};
  bool list_is_new = true;
  const ListResult list = read_list(body, shape, [&](std::span<const Field> fields) {
    ReadbackRow row;
    row.key = key_alone(fields[0].text, collection.is_edge() ? collection.from : collection.name,
                        collection.is_edge());
    bool usable = is_key(fields[0], row.key);
    if (list_is_new) page.prefix = fields[0].text.substr(0, fields[0].text.size() - row.key.size());
    list_is_new = false;
    if (collection.is_edge()) {
      row.to = key_alone(fields[1].text, collection.to, true);
      usable = usable && is_key(fields[1], row.to);
    }
    json::Buffer text;
    Writer writer(text);
    writer.StartObject();
    for (std::size_t at = 0; at < attributes.size(); ++at) {
      const Field& field = fields[keys.size() + at];
      if (attributes[at] == kActive) {
        row.active = field.type != Field::Type::boolean || field.integer != 0;
        continue;
      }
      write_text(writer, attributes[at]);
      write_value(writer, field);
    }
    writer.EndObject();
    row.body = json::text_of(text);
    usable ? page.rows.push_back(std::move(row)) : static_cast<void>(++page.nameless);
  });
  if (!list.found || list.not_objects > 0)
    throw UnreadableResponse("without a list of what it holds");
  page.records = list.records;
  return page;
} catch (const Error& error) {
  if (error.kind() != ErrorKind::bad_data) throw;
  throw UnreadableResponse(error.what());
}

namespace {

/// Asks one collection, in whatever form CAR takes.
class Reader {
 public:
  Reader(CarClient& car, const CarCollection& collection, const OnReadback& on_page)
      : car_(car), collection_(collection), on_page_(on_page), attributes_(collection.attributes) {
    attributes_.emplace_back(kActive);
  }

  void read_all(const std::string& condition) {
    const std::int64_t limit = car_.settings().page_rows;
    std::int64_t offset = 0;
    for (int number = 0; number < car_.settings().pages; ++number) {
      throw_if_cancelled();
      ReadbackPage page = ask(condition, limit, offset);
      if (page.records == 0) return;
      const std::int64_t records = page.records;
      take(std::move(page));
      // A short page is no last one: the service may have a limit of its own.
      offset += records;
    }
    fail("the list does not end after " + std::to_string(car_.settings().pages) + " pages");
  }

  void read_assets(const std::vector<std::string>& assets) {
    const std::string prefix = collection_.is_edge() ? learn_prefix() : "";
    for (std::size_t at = 0; at < assets.size(); at += kAssetsAtOnce) {
      wanted_.clear();
      std::string names;
      for (std::size_t n = at; n < std::min(assets.size(), at + kAssetsAtOnce); ++n) {
        names += (names.empty() ? "" : ",") + graphql_text(prefix + assets[n]);
        wanted_.insert(assets[n]);
      }
      read_all(", " + keys().front() + ":{_in:[" + names + "]}");
    }
  }

  ReadbackSummary summary() { return summary_; }

 private:
  const std::vector<std::string>& keys() const { return collection_.keys[naming_]; }

  std::string question(const std::string& condition, std::int64_t limit,
                       std::int64_t offset) const {
    std::string fields, order;
    for (const std::string& key : keys()) {
      fields += key + " ";
      order += (order.empty() ? "{" : ",{") + key + ":asc}";
    }
    for (const std::string& attribute : attributes_) fields += attribute + " ";
    return "{ " + collection_.name + "(where:{source:{_eq:" + graphql_text(car_.settings().source) +
           "}" + condition + "}, " + (ordered_ ? "order_by:[" + order + "], " : "") +
           "limit:" + std::to_string(limit) + ", offset:" + std::to_string(offset) + ") { " +
           fields + "} }";
  }

  HttpResponse send(const std::string& condition, std::int64_t limit, std::int64_t offset) {
    return car_.query(
        question(condition, limit, offset),
        "reading back " + collection_.name + " from row " + std::to_string(offset + 1));
  }

  /// Each refusal names something that is then asked no more, so this ends.
  ReadbackPage ask(const std::string& condition, std::int64_t limit, std::int64_t offset) {
    while (true) {
      const HttpResponse response = send(condition, limit, offset);
      ReadbackPage page;
      try {
        page = read_page(response.body, collection_, keys(), attributes_);
        if (response.status == 400 && page.refusal.empty())
          throw UnreadableResponse("it calls the question a wrong one");
      } catch (const UnreadableResponse& why) {
        fail(std::string(why.what()) + ": " + excerpt(response.body.head(kLongestWords), 200));
      }
      if (page.refusal.empty()) return page;
      if (offset > 0 || !do_without(page.refusal)) fail("it refuses the question: " + page.refusal);
    }
  }

  bool do_without(const std::string& refusal) {
    const auto refused =
        std::find_if(attributes_.begin(), attributes_.end(),
                     [&](const std::string& attribute) { return names(refusal, attribute); });
    if (refused != attributes_.end()) {
      if (*refused != kActive) summary_.not_told.push_back(*refused);
      attributes_.erase(refused);
      return true;
    }
    if (ordered_ && names(refusal, "order_by")) {
      ordered_ = false;
      return true;
    }
    const bool by_key = std::any_of(keys().begin(), keys().end(),
                                    [&](const std::string& key) { return names(refusal, key); });
    return by_key && ++naming_ < collection_.keys.size();
  }

  /// What stands before the id of an asset in an edge: seen at any edge of this collection. Without
  /// one there is nothing that a wrong prefix could miss.
  std::string learn_prefix() { return ask("", 1, 0).prefix; }

  void take(ReadbackPage page) {
    summary_.nameless += page.nameless;
    if (!wanted_.empty())
      std::erase_if(page.rows, [&](const ReadbackRow& row) { return !wanted_.contains(row.key); });
    if (page.rows.empty()) return;
    const std::int64_t new_rows = on_page_(page.rows);
    summary_.rows += new_rows;
    summary_.moved |= new_rows < std::ssize(page.rows);
    repeated_ = new_rows == 0 ? repeated_ + 1 : 0;
    if (repeated_ == kRepeatedPages) fail("it gives the same rows page after page");
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::car_recoverable,
                "CAR, reading back " + collection_.name + ": " + why +
                    ". Nothing was compared; if it stays so, this CAR cannot be verified");
  }

  CarClient& car_;
  const CarCollection& collection_;
  const OnReadback& on_page_;
  std::vector<std::string> attributes_;
  std::size_t naming_ = 0;
  bool ordered_ = true;
  std::set<std::string> wanted_;  // the assets of this question; empty: all
  int repeated_ = 0;
  ReadbackSummary summary_;
};

}  // namespace

ReadbackSummary read_back(CarClient& car, const CarCollection& collection,
                          const std::vector<std::string>& assets, const OnReadback& on_page) {
  Reader reader(car, collection, on_page);
  assets.empty() ? reader.read_all("") : reader.read_assets(assets);
  return reader.summary();
}

}  // namespace defender_car
