// The page of `report`: hostile text stays text in every place, the page is whole HTML of a few
// elements, stays below its size whatever the lists hold, and has its sections also when there is
// nothing to tell. The figures are tests/e2e/report_test.cpp's, the looks tests/shell/report.sh's.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/error.h"
#include "cli/output/words.h"
#include "cli/report/html.h"
#include "cli/report/page.h"
#include "cli/report/page_file.h"

using namespace defender_car;
namespace fs = std::filesystem;

namespace {

// Each would break out of a text, an attribute or a style sheet that did not escape it.
const std::vector<std::string>& hostile() {
  static const std::vector<std::string> list{
      "<script>alert(1)</script>",
      "\"><img src=x onerror=alert(1)>",
      "' onmouseover='alert(1)",
      "</title></svg></style><script>alert(1)</script>",
      "&lt;b&gt; &amp; &#x3c;i&#x3e;",
      "]]><!-- --><![CDATA[ <b>",
      std::string("nul\0<b>\x1b[31m\xE2\x80\xAE\xFF", 16),
      std::string(5000, '&'),
  };
  return list;
}

template <typename Row>
void fill(Listed<Row>& list, std::size_t count, const Row& row) {
  list.rows.assign(count, row);
  list.total = static_cast<std::int64_t>(count) + 1'000'000;
}

/// All lists at their limits, the same text in every place where foreign text can be.
ReportData filled(const std::string& text) {
  ReportData data;
  data.now = "2026-11-24T20:05:00.000Z";
  data.standing = SyncState::failing;
  data.status.tenant = data.status.source = data.status.running = text;
  data.status.last_success_at = text;
  data.status.same_failure_count = 2;
  data.status.same_failure_since = text;
  data.status.datasets.assign(6, {text, text, text, text, text});
  data.last_finished = RunSent{7, text, text, text, text, 3, 1, 1, 1, 1, 1};
  data.last_error = text;
  data.last_success_age = 60;
  data.usual_gap = 300;
  data.next_expected_at = text;
  fill(data.runs, 48, *data.last_finished);
  fill(data.days, 14, DaySent{text, 9, 5, 2, 1, 1, 100, 10, 1000, 3});
  fill(data.removals, 100, RemovalReason{text, text, text, 3, text});
  fill(data.deleted, 15, DeletedMachine{text, text, text, 7, text, text});
  fill(data.failures, 15, Trouble{text, text, 3, text, text, 7, text});
  fill(data.incomplete, 15, Trouble{text, text, 3, text, text, 7, text});
  fill(data.held_back, 15, WithheldCount{text, text, 3, 7});
  fill(data.platforms, 12, Platform{text, 9, 4, 3, 1, 9});
  fill(data.health, 15, Health{text, 9, 9});
  fill(data.leaving_days, 15, LeavingDay{3, 9});
  fill(data.leaving, 15, LeavingMachine{text, text, text, text, 3.5});
  fill(data.set_aside, 15, SetAsideReason{text, text, 9, 3, 1, 7});
  fill(data.severities, 6, Severity{text, 9, 90});
  fill(data.software, 12, Software{text, 9, 9.8, 90});
  return data;
}

bool one_of(const std::string& word, const char* words) {
  std::istringstream list(words);
  for (std::string one; list >> one;) {
    if (one == word) return true;
  }
  return false;
}

constexpr const char* elements =
    "html head meta title style body header main footer nav section h1 h2 h3 p dl dt dd div span "
    "strong ul li a figure figcaption details summary table caption thead tbody tr th td svg desc "
    "g rect line circle path text tspan";
constexpr const char* attributes =
    "lang charset http-equiv content name id class role tabindex href scope aria-label "
    "aria-labelledby aria-hidden focusable width height viewBox x y x1 x2 y1 y2 dx cx cy r d "
    "text-anchor";

/// Reads a page as strictly as the program writes it; what is wrong with it, or "".
std::string fault_of(const std::string& page) {
  constexpr std::string_view start = "<!doctype html>\n";
  if (!page.starts_with(start)) return "no doctype";
  std::vector<std::string> open;
  std::set<std::string> ids;
  for (std::size_t at = page.find('<', start.size()); at != std::string::npos;
       at = page.find('<', at)) {
    const std::size_t end = page.find('>', at);
    if (end == std::string::npos) return "a tag without an end";
    std::string tag = page.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + open.back() != tag) return "<" + tag + "> closes nothing";
      open.pop_back();
      continue;
    }
    const bool is_empty = tag.ends_with('/');
    if (is_empty) tag.pop_back();
    const std::string element = tag.substr(0, tag.find(' '));
    if (!one_of(element, elements)) return "element " + element;
    for (std::size_t from = element.size(); from < tag.size();) {
      const std::size_t equals = tag.find("=\"", from);
      if (tag[from] != ' ' || equals == std::string::npos) return "no attribute in " + tag;
      const std::string name = tag.substr(from + 1, equals - from - 1);
      const std::size_t quote = tag.find('"', equals + 2);
      if (quote == std::string::npos) return "no end of " + name;
      const std::string value = tag.substr(equals + 2, quote - equals - 2);
      if (!one_of(name, attributes)) return "attribute " + name;
      if (name == "id" && !ids.insert(value).second) return "id " + value + " twice";
      if (name == "href" && !value.starts_with('#')) return "a link to " + value;
      from = quote + 1;
    }
    if (!is_empty) open.push_back(element);
  }
  return open.empty() ? "" : open.back() + " is left open";
}

/// Of a folder that goes with it.
struct Place {
  Place() {
    std::string name = (fs::temp_directory_path() / "report-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Place() { fs::remove_all(path); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
  fs::path path;
};

std::string content(const fs::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string page_of(const std::string& words) {
  return "<!doctype html>\n<title>" + std::string(page_title) + "</title>" + words;
}

std::string refusal(const fs::path& file) {
  try {
    write_page_file(file, page_of("new"));
  } catch (const Error& error) {
    return error.kind() == ErrorKind::usage ? error.what() : "not usage";
  }
  return "";
}

}  // namespace

TEST_CASE("The escaper leaves nothing that means something in HTML", "[report]") {
  CHECK(html_escaped("<a b=\"c\" d='e'>&amp;") ==
        "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
  CHECK(html_escaped(std::string("a\0b\x1b[31mc\x07", 9)) == "abc");
  CHECK(html_escaped("\xFF\xC3\xA9") == "?\xC3\xA9");
  CHECK(html_escaped("\xE2\x80\xAE"
                     "cod.exe") == "cod.exe");
}

TEST_CASE("Hostile text stays text in every place of the page", "[report]") {
  for (const std::string& text : hostile()) {
    const std::string page = report_page(filled(text));
    INFO(text.substr(0, 60));
    CHECK(fault_of(page) == "");
    CHECK(page.find('\0') == std::string::npos);
    CHECK(page.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("The page is whole and has its sections, also where there is nothing to tell",
          "[report]") {
  for (const ReportData& data : {ReportData(), filled("laptop-17")}) {
    const std::string page = report_page(data);
    CHECK(fault_of(page) == "");
    for (const char* id :
         {"runs", "trouble", "removals", "leaving", "fleet", "vulnerabilities", "set-aside"}) {
      CHECK(page.find("<section id=\"" + std::string(id) + "\"") != std::string::npos);
    }
  }
}

TEST_CASE("The page stays below its size with every list full of the longest texts", "[report]") {
  ReportData data = filled(std::string(200, '&'));
  data.last_error = std::string(1200, '&');
  for (auto* list : {&data.failures, &data.incomplete}) {
    for (Trouble& row : list->rows) row.text = data.last_error;
  }
  CHECK(report_page(data).size() < 2'000'000);
}

TEST_CASE("A list says how many rows it leaves out", "[report]") {
  ReportData data = filled("x");
  data.leaving.total = data.leaving.rows.size();
  data.deleted.total = static_cast<std::int64_t>(data.deleted.rows.size()) + 1234;
  const std::string page = report_page(data);
  CHECK(page.find("and 1,234 more") != std::string::npos);
}

TEST_CASE("Numbers and times read as people write them", "[report]") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(moment("2026-11-04T20:05:59.123Z") == "4 Nov 2026, 20:05 UTC");
  CHECK(moment("2026-13-04T20:05:59.123Z") == "2026-13-04T20:05:59.123Z");
  CHECK(moment("yesterday") == "yesterday");
  CHECK(moment("") == "");
  CHECK(span_of(119) == "119 s");
  CHECK(span_of(3599) == "59 min");
  CHECK(span_of(7500) == "2 h 5 min");
  CHECK(span_of(2 * 86400) == "2 days");
  CHECK(tenths(9.96) == "10.0");
  CHECK(run_time(5.25) == "5.3 s");
  CHECK(run_time(187) == "3:07 min");
}

TEST_CASE("The page's file is the owner's alone and replaced whole", "[report]") {
  const Place place;
  const fs::path file = place.path / "page.html";
  write_page_file(file, page_of("old"));
  fs::permissions(file, fs::perms::all);
  write_page_file(file, page_of("new"));
  CHECK(content(file) == page_of("new"));
  write_page_file(file, report_page(ReportData()));
  write_page_file(file, report_document(ReportData()));
  write_page_file(file, page_of("new"));
  CHECK(content(file) == page_of("new"));
  CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(place.files() == 1);
}

TEST_CASE("The page takes no place that is not a page's", "[report]") {
  const Place place;
  const char* const others[] = {"",
                                "\n",
                                "<!doctype html>",
                                "<!doctype html>\n<title>Our index</title>",
                                "<html><title>Defender to CAR: state of the sync</title>",
                                "{}",
                                "{\n  \"version\": 1,\n  \"command\": \"status\",\n",
                                "[general]\nkey = value\n"};
  for (const char* const other : others) {
    INFO(other);
    const fs::path file = place.path / "other";
    std::ofstream(file) << other;
    CHECK(refusal(file).find("something else than a page") != std::string::npos);
    CHECK(content(file) == other);
    fs::remove(file);
  }
  std::ofstream(place.path / "state.db") << "SQLite format 3";
  fs::create_symlink("state.db", place.path / "link");
  CHECK(refusal(place.path / "state.db").find("something else than a page") != std::string::npos);
  CHECK(refusal(place.path / "link").find("no ordinary file") != std::string::npos);
  CHECK(refusal(place.path).find("no ordinary file") != std::string::npos);
  CHECK(refusal(place.path / "none" / "page.html").find("there is no folder") != std::string::npos);
  CHECK(content(place.path / "state.db") == "SQLite format 3");
  CHECK(place.files() == 2);
}
