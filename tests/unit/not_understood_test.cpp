// What an answer may hold beside records, and what is made of it: elements that are no objects,
// errors, byte order marks, links to other hosts.

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "car/responses.h"
#include "defender/pages.h"
#include "defender/responses.h"
#include "json/records.h"

using namespace defender_car;

namespace {

constexpr std::array<std::string_view, 1> kId{"id"};
constexpr std::string_view kMark = "\xEF\xBB\xBF";

Body body_in_file(const std::string& text) {
  Body body;
  body.append(text + std::string(1'000'000, ' '));
  REQUIRE(body.file() != nullptr);
  return body;
}

/// What is said of a list's answer; its ids into `ids`.
ReadResult read(const std::string& text, std::string* ids = nullptr) {
  ReadResult result;
  add(result, read_values(Body(text), kId, [&](std::span<const Field> fields) {
        if (ids != nullptr) *ids += fields.front().text + " ";
      }));
  return result;
}

HuntingResponse hunt(const std::string& text, std::int64_t row_cap = 100) {
  return read_hunting(Body(text), {"Table", kId}, row_cap, [](std::span<const Field>) {});
}

template <typename Call>
std::string failure_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

/// The words with which a list at `base` is left for this link.
std::string refusal_of(const std::string& base, const std::string& link) {
  Pager pager(base, base + "/api/list", 10);
  ListResult page;
  page.records = 1;
  page.next_link = link;
  return failure_of([&] { pager.advance(page, "a", "a"); });
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Elements that are no objects are counted, and the records beside them come",
          "[not_understood]") {
  const std::string element = GENERATE("null", "7", "\"text\"", "[{\"id\":\"x\"}]", "true");
  std::string ids;
  const ReadResult result = read(R"({"value":[{"id":"a"},)" + element + R"(,{"id":"b"}]})", &ids);
  CHECK(ids == "a b ");
  CHECK(result.records == 2);
  CHECK(result.not_understood == 1);
  CHECK(result.not_understood_text() == "an element of its list is no record");

  const HuntingResponse answer =
      hunt(R"({"schema":[{"name":"id"}],"results":[{"id":"a"},)" + element + "]}", 2);
  CHECK(answer.list.not_objects == 1);
  CHECK_FALSE(answer.whole);  // as many elements as the cap lets through: perhaps cut there
}

TEST_CASE("An error beside the records is told with its own words", "[not_understood]") {
  const auto [error, words] = GENERATE(table<std::string, std::string>({
      {R"({"code":"PartialError","message":"a shard did not answer"})",
       "PartialError: a shard did not answer"},
      {R"({"Code":"PartialError"})", "PartialError"},
      {R"({"message":"half\u001b[31m\nof it"})", "half of it"},
      {R"("some rows are missing")", "some rows are missing"},
      {R"([{"code":"x"}])", R"([{"code":"x"}])"},
      {R"({"a":{"b":1}})", R"({"a":{"b":1}})"},
      {"{}", "{}"},
      {"\"\"", "an error without words"},
      {"true", "an error without words"},
  }));
  const std::string key = GENERATE("error", "Error");
  const bool behind = GENERATE(false, true);
  const std::string member = "\"" + key + "\":" + error;
  const auto with = [&](const std::string& list) {
    return "{" + (behind ? list + "," + member : member + "," + list) + "}";
  };
  const ReadResult result = read(with(R"("value":[{"id":"a"}])"));
  CHECK(result.records == 1);
  CHECK(result.not_understood == 1);
  CHECK(result.not_understood_text() == "an error stands beside its records: " + words);

  ReadResult hunted;
  add(hunted, hunt(with(R"("Schema":[{"Name":"id"}],"Results":[{"id":"a"}])")).list);
  CHECK(hunted.records == 1);
  CHECK(hunted.not_understood == 1);
  CHECK(hunted.error == words);
}

TEST_CASE("An error that is null is none, and one within a record is the record's",
          "[not_understood]") {
  CHECK(read(R"({"error":null,"value":[{"id":"a","error":{"code":"x"}}]})").not_understood == 0);
}

TEST_CASE("An answer with an error in place of its list says both", "[not_understood]") {
  const std::string text = R"({"error":{"code":"Broken","message":"words"},"value":null})";
  CHECK(failure_of([&] { read(text); }) ==
        "HTTP 200 without a list, but with an error: Broken: words");
  CHECK(failure_of([&] { hunt(text); }) ==
        "HTTP 200 without results, but with an error: Broken: words");
}

TEST_CASE("What stands where the list should is no list", "[not_understood]") {
  const std::string value = GENERATE("null", "{}", "\"\"", "0", "{\"value\":[]}");
  CHECK(failure_of([&] { read("{\"value\":" + value + "}"); }) == "HTTP 200 without a list");
}

TEST_CASE("A link that is no text is not taken for the list's end", "[not_understood]") {
  const std::string link = GENERATE("7", "{}", "[\"https://x\"]", "false");
  CHECK(failure_of([&] { read(R"({"value":[],"@odata.nextLink":)" + link + "}"); }) ==
        "its nextLink is no text");
  CHECK(read(R"({"value":[],"@odata.nextLink":null})").not_understood == 0);
}

TEST_CASE("A nextLink is one by each of its names", "[not_understood]") {
  const std::string name =
      GENERATE("@odata.nextLink", "odata.nextLink", "nextLink", "@Odata.NextLink");
  const auto list = read_values(Body("{\"value\":[],\"" + name + "\":\"https://x/2\"}"), kId,
                                [](std::span<const Field>) {});
  CHECK(list.next_link == "https://x/2");
}

TEST_CASE("A byte order mark is read over, whoever answers", "[not_understood]") {
  const auto marked = [](std::string_view text) { return std::string(kMark) + std::string(text); };
  const std::string list = marked(R"({"value":[{"id":"a"}]})");
  const auto ignore = [](std::span<const Field>) {};
  CHECK(read(list).records == 1);
  CHECK(read_values(body_in_file(list), kId, ignore).records == 1);
  CHECK(hunt(marked(R"({"schema":[{"name":"id"}],"results":[{"id":"a"}]})")).list.records == 1);
  CHECK(read_object(Body(marked(R"({"id":"m"})")), kId).front().text == "m");
  CHECK(read_token(Body(marked(R"({"access_token":"t"})")))->token == "t");
  CHECK(read_login_refusal(Body(marked(R"({"error":"invalid_client"})"))).error ==
        "invalid_client");
  CHECK(read_import_id(marked(R"({"id":"7"})")) == "7");
  CHECK(read_job_status(marked(R"({"status":"COMPLETE"})")) == "COMPLETE");
  CHECK(has(failure_of([&] { read(marked("")); }), "not JSON"));
}

TEST_CASE("Another encoding is named for what it is", "[not_understood]") {
  const std::string mark = GENERATE("\xFF\xFE", "\xFE\xFF");
  CHECK(has(failure_of([&] { read(mark + std::string("{\0", 2)); }), "UTF-16"));
}

TEST_CASE("The option that makes another host the same is named for Defender's hosts alone",
          "[not_understood]") {
  const std::string base = "https://api.security.microsoft.com";
  const std::string path = "/api/list?$skiptoken=1";
  const std::string eu = "https://api-eu.securitycenter.microsoft.com";
  CHECK(has(refusal_of(base, eu + path), "not followed"));
  CHECK(has(refusal_of(base, eu + path), "--defender-url " + eu + "."));
  CHECK(has(refusal_of(base, "https://eu.api.security.microsoft.com" + path),
            "--defender-url https://eu.api.security.microsoft.com."));
  CHECK(has(refusal_of("https://api-gcc.securitycenter.microsoft.us",
                       "https://api-gov.securitycenter.microsoft.us" + path),
            "--defender-url https://api-gov.securitycenter.microsoft.us."));
  CHECK(has(refusal_of("http://127.0.0.1:81", "http://localhost:81" + path),
            "--defender-url http://localhost:81."));

  const std::string other = GENERATE_COPY(
      as<std::string>{}, "https://evil.example",
      "https://securitycenter.microsoft.com.evil.example",
      "https://evilsecuritycenter.microsoft.com", "http://api.securitycenter.microsoft.com",
      "https://user@api.securitycenter.microsoft.com", "http://localhost:81", base + "/elsewhere",
      "https://api.securitycenter.microsoft.com:8443", "//api.securitycenter.microsoft.com");
  CAPTURE(other);
  const std::string words =
      refusal_of(other == base + "/elsewhere" ? base + "/here" : base, other + path);
  CHECK(has(words, "not followed"));
  CHECK_FALSE(has(words, "--defender-url"));
}
