#include "json/records.h"

#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "base/error.h"
#include "base/printable.h"
#include "base/time.h"
#include "json/utf8_repair.h"

using namespace defender_car;

namespace {

constexpr std::array<std::string_view, 3> kKeys = {"id", "score", "tags"};

struct Read {
  ListResult result;
  std::vector<std::vector<Field>> records;
};

/// In memory, and again out of a file: both must tell the same.
Body body_in_file(const std::string& text) {
  Body body;
  body.append(std::string(300 * 1024, ' '));  // JSON may begin with white space
  body.append(text);
  REQUIRE(body.file() != nullptr);
  return body;
}

Read read(const Body& body, std::span<const std::string_view> keys = kKeys) {
  Read read;
  read.result = read_list(body, {"value", keys}, [&](std::span<const Field> fields) {
    read.records.emplace_back(fields.begin(), fields.end());
  });
  return read;
}

bool is_bad_data(const Body& body) {
  try {
    read(body);
    return false;
  } catch (const Error& error) {
    return error.kind() == ErrorKind::bad_data;
  }
}

std::string message_of(const std::string& text) {
  try {
    read(Body(text));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string random_case(std::string text, std::mt19937& random) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z' && random() % 2 == 0) c = static_cast<char>(c - 32);
  }
  return text;
}

/// What stands inside of a JSON string, and the text it is read as.
struct Repair {
  std::string_view inside;
  std::string_view text;
};

// None of them changes its meaning by what stands before or behind it: what could join with its
// neighbour begins with a letter.
constexpr std::array kRepairs = std::to_array<Repair>({
    // bytes
    {"\xff", "\uFFFD"},
    {"x\x80", "x\uFFFD"},
    {"x\xbf\x80", "x\uFFFD\uFFFD"},
    {"\xc3", "\uFFFD"},
    {"\xc3(", "\uFFFD("},
    {"\xc3\xc3\xa9", "\uFFFDé"},
    {"\xc0\xaf", "\uFFFD\uFFFD"},
    {"\xe2\x82", "\uFFFD"},
    {"\xe0\x80\x80", "\uFFFD\uFFFD\uFFFD"},
    {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf", "\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
    {"\xf0\x9f\x98", "\uFFFD"},
    {"\xf0\x80\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"\xf5\x80", "\uFFFD\uFFFD"},
    // escapes
    {R"(\ud800)", "\uFFFD"},
    {R"(\uDBfFx)", "\uFFFDx"},
    {R"(x\udC00)", "x\uFFFD"},
    {R"(x\uDFFF\uD83D)", "x\uFFFD\uFFFD"},
    {R"(\ud83d\ud83D\uDe00)", "\uFFFD😀"},
    {R"(\ud83d\u0041)", "\uFFFDA"},
    {R"(\ud83d\\ude00)", "\uFFFD\\ude00"},
    {R"(\ud83d\"ude00)", "\uFFFD\"ude00"},
    {R"(\\\ud800)", "\\\uFFFD"},
    {"\\ud83d\xff", "\uFFFD\uFFFD"},
    {"\xe2\x82\\ud800", "\uFFFD\uFFFD"},
    // sound
    {R"(\\ud800)", R"(\ud800)"},
    {R"(\\\\uDC00)", R"(\\uDC00)"},
    {R"(\uD83d\uDE00)", "😀"},
    {R"(\uDBFF\udfff)", "\xf4\x8f\xbf\xbf"},
    {R"(\ud7ff\ue000\uFFFD)", "\xed\x9f\xbf\xee\x80\x80\uFFFD"},
    {R"(\"\/\n\u00e9)", "\"/\né"},
    {"é€𝄞\uFFFD", "é€𝄞\uFFFD"},
    {"plain text", "plain text"},
});

struct BrokenDocument {
  std::string text;
  std::string repaired;
  std::vector<std::string> ids;  ///< as they are to be read
};

BrokenDocument broken_document(std::mt19937& random, std::size_t parts) {
  BrokenDocument broken;
  std::string inside;
  broken.ids.emplace_back();
  for (std::size_t i = 0; i < parts; ++i) {
    if (i > 0 && random() % 4 == 0) {
      inside += R"("},{"id":")";
      broken.ids.emplace_back();
    }
    const Repair& repair = kRepairs[random() % kRepairs.size()];
    inside += repair.inside;
    broken.ids.back() += repair.text;
  }
  broken.text = R"({"value":[{"id":")" + inside + R"("}]})";
  append_repaired(broken.repaired, broken.text, true);
  return broken;
}

void check_read(const BrokenDocument& broken, const Body& body) {
  std::vector<std::string> ids;
  for (const auto& record : read(body).records) ids.push_back(record.at(0).text);
  CHECK(ids == broken.ids);
}

/// Pieces of these sizes are repaired like the whole.
void check_pieces(const BrokenDocument& broken, const std::vector<std::size_t>& sizes) {
  std::string repaired;
  std::string waiting;
  std::size_t at = 0;
  for (const std::size_t size : sizes) {
    waiting += broken.text.substr(at, size);
    at += size;
    waiting.erase(0, append_repaired(repaired, waiting, false));
    if (waiting.size() > 11) FAIL("more than two escapes wait");
  }
  append_repaired(repaired, waiting, true);
  if (repaired != broken.repaired) CHECK(repaired == broken.repaired);
}

const std::string kDocument =
    R"({"@odata.context":"https://x/$metadata","Value":[{"ID":"a\u0000é","score":7.5,"tags":["x",{"y":null}],)"
    R"("more":{"id":"no"}},{"id":null,"id@odata.type":"#String","score":9007199254740993},3,[1],{}],)"
    R"("Schema":[{"Name":"Id","Type":"String"},{"type":"x","name":"Score"}],"@odata.nextLink":"https://x/2"})";

}  // namespace

TEST_CASE("A list is read whatever is around it", "[records]") {
  const bool in_file = GENERATE(false, true);
  const Read read_back = read(in_file ? body_in_file(kDocument) : Body(kDocument));
  REQUIRE(read_back.result.found);
  CHECK(read_back.result.records == 3);
  CHECK(read_back.result.not_objects == 2);
  CHECK(read_back.result.next_link == "https://x/2");
  CHECK(read_back.result.has_schema);
  CHECK(read_back.result.schema_columns == std::vector<std::string>{"Id", "Score"});

  const auto& first = read_back.records.at(0);
  CHECK(first[0].type == Field::Type::text);
  CHECK(first[0].text == std::string("a\0é", 4));
  CHECK(first[1].type == Field::Type::real);
  CHECK(first[1].real == 7.5);
  CHECK(first[2].type == Field::Type::json);
  CHECK(first[2].text == R"(["x",{"y":null}])");
  const auto& second = read_back.records.at(1);
  CHECK(second[0].type == Field::Type::null);
  CHECK(second[1].type == Field::Type::integer);
  CHECK(second[1].integer == 9007199254740993);
  CHECK(second[2].type == Field::Type::absent);
  CHECK(second[2].text.empty());
  CHECK(read_back.records.at(2)[0].type == Field::Type::absent);
}

TEST_CASE("Every truncation of a document is bad data", "[records]") {
  for (std::size_t size = 0; size < kDocument.size(); ++size) {
    INFO(size);
    CHECK(is_bad_data(Body(kDocument.substr(0, size))));
  }
  for (std::size_t size = 0; size < kDocument.size(); size += 7) {
    INFO(size);
    CHECK(is_bad_data(body_in_file(kDocument.substr(0, size))));
  }
}

TEST_CASE("Changed bytes never do more than throw bad data", "[records]") {
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text = kDocument;
    for (int changes = 0; changes < 3; ++changes) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    is_bad_data(Body(text));  // throws anything else: the test fails
  }
}

TEST_CASE("Keys are found in any case and any order", "[records]") {
  std::mt19937 random(11);
  std::string text = std::string("{\"") + random_case("value", random) + "\":[";
  constexpr int kRecords = 500;
  for (int i = 0; i < kRecords; ++i) {
    std::vector<std::string> pairs = {
        std::string("\"") + random_case("id", random) + "\":\"m" + std::to_string(i) + "\"",
        std::string("\"") + random_case("score", random) + "\":" + std::to_string(i),
        "\"other\":{\"id\":1}", "\"id@odata.type\":\"#x\""};
    std::shuffle(pairs.begin(), pairs.end(), random);
    text += i == 0 ? "{" : ",{";
    for (std::size_t p = 0; p < pairs.size(); ++p) text.append(p == 0 ? "" : ",").append(pairs[p]);
    text += "}";
  }
  const Read read_back = read(Body(text + "]}"));
  REQUIRE(read_back.records.size() == kRecords);
  for (int i = 0; i < kRecords; ++i) {
    const auto& record = read_back.records[static_cast<std::size_t>(i)];
    CHECK(record[0].text == std::string("m") + std::to_string(i));
    CHECK(record[1].integer == i);
  }
}

TEST_CASE("The list key counts at the top level only", "[records]") {
  CHECK_FALSE(read(Body(R"({"a":{"value":[{"id":"x"}]}})")).result.found);
  CHECK_FALSE(read(Body(R"([{"value":[]}])")).result.found);
  CHECK_FALSE(read(Body(R"({"value":null})")).result.found);
  CHECK_FALSE(read(Body(R"({"value":{"value":[{}]}})")).result.found);
  CHECK_FALSE(read(Body("17")).result.found);
  const Read empty = read(Body(R"({"value":[]})"));
  CHECK(empty.result.found);
  CHECK(empty.result.records == 0);
  CHECK_FALSE(empty.result.has_schema);
  CHECK_FALSE(empty.result.next_link);
}

TEST_CASE("Numbers keep 64 bits where they fit", "[records]") {
  const auto field = [](const std::string& number) {
    return read(Body(R"({"value":[{"score":)" + number + "}]}")).records.at(0)[1];
  };
  CHECK(field("-9223372036854775808").integer == std::numeric_limits<std::int64_t>::min());
  CHECK(field("9223372036854775807").integer == std::numeric_limits<std::int64_t>::max());
  CHECK(field("9223372036854775808").type == Field::Type::real);
  CHECK(field("9223372036854775808").real == 9223372036854775808.0);
  CHECK(field("1e3").real == 1000.0);
  CHECK(field("true").type == Field::Type::boolean);
  CHECK(field("true").integer == 1);
  CHECK(field("false").integer == 0);
  CHECK(field(R"({"n" : [18446744073709551615, -1, true, "\u0001"]})").text ==
        R"({"n":[18446744073709551615,-1,true,"\u0001"]})");
}

TEST_CASE("NaN and Infinity arrive as texts, nested ones too", "[records]") {
  constexpr std::array<std::string_view, 2> keys{"a", "b"};
  std::string told;
  read_list(Body(R"({"value":[{"a":NaN,"b":[NaN]},{"a":Infinity},{"a":-Infinity}]})"),
            {"value", keys}, [&](std::span<const Field> fields) {
              CHECK(fields[0].type == Field::Type::text);
              told += fields[0].text + fields[1].text + " ";
            });
  CHECK(told == "NaN[\"NaN\"] Infinity -Infinity ");
}

TEST_CASE("What is not one whole document is bad data", "[records]") {
  CHECK(is_bad_data(Body("")));
  CHECK(is_bad_data(Body()));
  CHECK(is_bad_data(Body("{} {}")));
  CHECK(is_bad_data(Body("{}x")));
  CHECK(is_bad_data(Body(std::string("{}\0x", 4))));
  CHECK(is_bad_data(Body(std::string("{}\0", 3))));
  CHECK(is_bad_data(Body("<html>busy</html>")));
  CHECK(read(Body("{} \r\n\t")).result.found == false);
  CHECK_FALSE(is_bad_data(body_in_file("{} \r\n\t")));
  // Repaired, these are still no JSON; and a NUL is seen behind what was repaired.
  for (const std::string text :
       {"\xff", "{}\xff", "{}\xe2\x82", "{\xff}", "\\ud800", R"(["\ud800\ud8"])", R"(["\ud80"])",
        R"(["\u"])", R"(["\x"])", "[\"\\\xff\"]", R"(["\ud800)", "[\"\xff"}) {
    INFO(text);
    CHECK(is_bad_data(Body(text)));
    CHECK(is_bad_data(body_in_file(text)));
  }
  const std::string with_nul = std::string("[\"\xff\xff\"]") + '\0';
  CHECK(is_bad_data(Body(with_nul)));
  CHECK(is_bad_data(body_in_file(with_nul)));
}

TEST_CASE("What cannot be text is repaired, the rest is read as usual", "[records]") {
  const Repair repair = GENERATE(from_range(kRepairs));
  const std::string inside(repair.inside);
  const std::string repaired(repair.text);
  const std::string text = R"({"value":[{"id":"a)" + inside + R"(","tags":{")" + inside +
                           R"(":1}},{"id":"next","score":1}],")" + inside +
                           R"(":2,"@odata.nextLink":")" + inside + "\"}";
  const bool in_file = GENERATE(false, true);
  INFO(printable(inside, 80));
  const Read read_back = read(in_file ? body_in_file(text) : Body(text));
  REQUIRE(read_back.records.size() == 2);
  CHECK(read_back.records[0][0].text == "a" + repaired);
  CHECK(read_back.records[0][2].type == Field::Type::json);
  CHECK(read_back.records[1][0].text == "next");
  CHECK(read_back.records[1][1].integer == 1);
  CHECK(read_back.result.next_link == repaired);
}

TEST_CASE("Broken text anywhere in a document becomes U+FFFD and nothing else", "[records]") {
  std::mt19937 random(19);
  for (int i = 0; i < 2000; ++i) {
    const BrokenDocument broken = broken_document(random, 1 + random() % 12);
    check_read(broken, Body(broken.text));
    for (std::size_t cut = 0; cut <= broken.text.size(); ++cut) {
      check_pieces(broken, {cut, broken.text.size() - cut});
    }
    check_pieces(broken, std::vector<std::size_t>(broken.text.size(), 1));
  }
}

TEST_CASE("Broken text is repaired wherever the pieces of a file end", "[records]") {
  constexpr std::size_t kPieces = 5 * 64 * 1024;  // enough for a file
  std::mt19937 random(23);
  for (int i = 0; i < 4; ++i) {
    const BrokenDocument broken = broken_document(random, 4);
    for (std::size_t cut = 0; cut <= broken.text.size(); ++cut) {
      Body body(std::string(kPieces - cut, ' '));
      body.append(broken.text);
      REQUIRE(body.file() != nullptr);
      check_read(broken, body);
    }
  }
  // The last piece holds nothing but the beginning of a character: that is not the end.
  Body cut_off(std::string(kPieces - 2, ' ') + "{}");
  cut_off.append("\xe2\x82");
  CHECK(is_bad_data(cut_off));
  const BrokenDocument long_one = broken_document(random, 30'000);
  Body body;
  body.append(long_one.text);
  REQUIRE(body.file() != nullptr);
  check_read(long_one, body);
}

TEST_CASE("Repaired text needs no repair, sound text stays", "[repair]") {
  constexpr std::string_view kLikely = "\\\\\\uuUdD89aAbBcCeEfF0\"";
  std::mt19937 random(29);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 40, '\0');
    for (char& c : text) {
      c = random() % 4 == 0 ? static_cast<char>(random() % 256)
                            : kLikely[random() % kLikely.size()];
    }
    std::string repaired;
    CHECK(append_repaired(repaired, text, true) == text.size());
    CHECK(repaired.size() <= 3 * text.size());
    const Flaw none = first_flaw(repaired, true);
    CHECK(none.bytes == 0);
    CHECK(none.at == repaired.size());
    const Flaw first = first_flaw(text, true);
    CHECK(repaired.substr(0, first.at) == text.substr(0, first.at));
    CHECK((first.bytes == 0) == (repaired == text));
  }
}

TEST_CASE("Characters across the pieces of a file survive", "[records]") {
  for (std::size_t shift = 0; shift < 6; ++shift) {
    std::string text(64 * 1024 * 5 - shift - 13, ' ');
    text += R"({"value":[{"id":"€𝄞é€𝄞é"}]})";
    Body body;
    for (std::size_t at = 0; at < text.size(); at += 10'000) {
      body.append(std::string_view(text).substr(at, 10'000));
    }
    REQUIRE(body.file() != nullptr);
    CHECK(body.str() == text);
    CHECK(read(body).records.at(0)[0].text == "€𝄞é€𝄞é");
  }
}

TEST_CASE("Depth and string length have limits", "[records]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK_FALSE(is_bad_data(Body(nested(64))));
  CHECK(is_bad_data(Body(nested(65))));
  CHECK(is_bad_data(Body(std::string(2'000'000, '['))));
  constexpr std::size_t kMiB = 1 << 20;
  const auto with_text = [](std::size_t size) {
    return Body(R"({"value":[{"id":")" + std::string(size, 'x') + "\"}]}");
  };
  CHECK(read(with_text(16 * kMiB)).records.at(0)[0].text.size() == 16 * kMiB);
  CHECK(is_bad_data(with_text(16 * kMiB + 1)));
  CHECK(is_bad_data(with_text(80 * kMiB)));
}

TEST_CASE("The message says where and why and shows no secret", "[records]") {
  const std::string message = message_of("<html>\x1b[31mbusy\n</html>");
  CHECK_THAT(message, Catch::StartsWith("not JSON at byte 0: "));
  CHECK_THAT(message, Catch::EndsWith("<html>busy </html>"));
  CHECK_THAT(message_of(R"({"access_token":"eyJabc)"), !Catch::Contains("eyJ"));
  CHECK_THAT(message_of(std::string(4000, 'x')).substr(0, 300),
             !Catch::Contains(std::string(90, 'x')));
}

TEST_CASE("What the callback throws passes through", "[records]") {
  CHECK_THROWS_AS(read_list(Body(R"({"value":[{}]})"), {"value", kKeys},
                            [](std::span<const Field>) { throw std::logic_error("mine"); }),
                  std::logic_error);
}

TEST_CASE("An object is read by paths", "[records]") {
  constexpr std::array<std::string_view, 7> kPaths = {
      "error", "error.code", "ERROR.inner", "expires_in", "list.inner", "missing", "odata.error"};
  const auto fields = read_object(
      Body(R"({"Error":{"code":"Bad","message":"m","Inner":{"a":[1,{}]}},"expires_in":3599,)"
           R"("list":[{"inner":1}],"list2":{"error":{"code":"no"}},"odata.error":true})"),
      kPaths);
  CHECK(fields[0].text == R"({"code":"Bad","message":"m","Inner":{"a":[1,{}]}})");
  CHECK(fields[1].text == "Bad");
  CHECK(fields[2].text == R"({"a":[1,{}]})");
  CHECK(fields[3].integer == 3599);
  CHECK(fields[4].type == Field::Type::absent);
  CHECK(fields[5].type == Field::Type::absent);
  CHECK(fields[6].type == Field::Type::boolean);
  CHECK(read_object(Body("[]"), kPaths)[0].type == Field::Type::absent);
  CHECK_THROWS_AS(read_object(Body("{"), kPaths), Error);
}

TEST_CASE("A body moves with its file", "[body]") {
  Body body = body_in_file("{}");
  const std::size_t size = body.size();
  Body moved = std::move(body);
  CHECK(moved.size() == size);
  CHECK(moved.head(3) == "   ");
  CHECK(moved.text().empty());
  moved.append(" ");
  CHECK(moved.str().substr(size - 2) == "{} ");
}

TEST_CASE("Times are written so that text order is time order", "[time]") {
  CHECK(iso8601(0) == "1970-01-01T00:00:00.000Z");
  CHECK(iso8601(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(iso8601(1795525200000) == "2026-11-24T13:00:00.000Z");
  CHECK(iso8601(1709164799007) == "2024-02-28T23:59:59.007Z");
}

TEST_CASE("Foreign text is harmless when printed", "[printable]") {
  CHECK(printable("a\x1b[31;1mred\x1b[0m\r\n\tb", 80) == "ared b");
  CHECK(printable("\x1b]0;title\ax\x1b]8;;u\x1b\\y\x1b", 80) == "xy");
  CHECK(printable("a\xff"
                  "b\xc2\x9b"
                  "c\xe2\x80\xae"
                  "d",
                  80) == "a?bcd");
  CHECK(printable("ééééé", 7) == "éé…");
  CHECK(printable("abc", 3) == "abc");
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string text(random() % 60, '\0');
    for (char& c : text) c = static_cast<char>(random() % 256);
    const std::string shown = printable(text, 20);
    CHECK(shown.size() <= 20);
    for (const char c : shown) CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
  }
}
