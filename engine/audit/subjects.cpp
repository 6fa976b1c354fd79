#include "audit/subjects.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/printable.h"

namespace defender_car {
namespace {

constexpr std::string_view kArrow = " -> ";
constexpr int kNearNames = 5;
constexpr std::size_t kShortestBeginning = 3;
constexpr std::size_t kLongestInMessage = 200;

std::string in_case(const std::string& word, int (*turn)(int)) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(),
                 [turn](unsigned char c) { return static_cast<char>(turn(c)); });
  return out;
}

/// AA:BB:CC:DD:EE:FF of twelve hex digits with any separators; "" of anything else.
std::string as_mac(const std::string& word) {
  std::string out;
  int digits = 0;
  for (const char c : word) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
      if (digits > 0 && digits % 2 == 0) out += ':';
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      ++digits;
    } else if (c != ':' && c != '-' && c != '.' && c != ' ') {
      return "";
    }
  }
  return digits == 12 ? out : "";
}

std::vector<Subject> subjects(Statement& query) {
  std::vector<Subject> found;
  while (query.step()) found.push_back({query.text("kind"), query.text("key"), ""});
  return found;
}

std::vector<Subject> of_spelling(Database& state, const std::string& word,
                                 const std::string& kind) {
  return subjects(state.statement("explain/subjects")
                      .bind("key", word)
                      .bind("kind", kind)
                      .bind("most", kCandidatesShown));
}

/// Machines of that short name, else all that begins so.
std::vector<Subject> of_beginning(Database& state, const std::string& word) {
  if (word.size() < kShortestBeginning) return {};
  for (const char* statement : {"explain/short_name", "explain/beginning"}) {
    auto found =
        subjects(state.statement(statement).bind("key", word).bind("most", kCandidatesShown));
    if (!found.empty()) return found;
  }
  return {};
}

std::vector<Subject> of_any_spelling(Database& state, const std::string& word,
                                     const std::string& kind) {
  for (const std::string& spelling :
       {word, as_mac(word), in_case(word, std::tolower), in_case(word, std::toupper)}) {
    if (spelling.empty()) continue;
    auto subjects = of_spelling(state, spelling, kind);
    if (!subjects.empty()) return subjects;
  }
  return {};
}

std::vector<std::string> near_names(Database& state, const std::string& what) {
  std::string beginning = what.substr(0, kLongestInMessage);
  while (beginning.size() >= kShortestBeginning) {
    auto names = state.statement("explain/near_names")
                     .bind("begin", beginning)
                     .bind("most", kNearNames)
                     .texts();
    if (!names.empty()) return names;
    beginning.pop_back();
  }
  return {};
}

}  // namespace

std::vector<Subject> meanings_of(Database& state, const std::string& word) {
  auto meanings = of_any_spelling(state, word, "");
  const std::size_t colon = word.find(':');
  if (!meanings.empty() || colon == std::string::npos) return meanings;
  const std::string kind = word.substr(0, colon);
  if (state.statement("explain/is_kind").bind("kind", kind).number() == 0) return {};
  return of_any_spelling(state, word.substr(colon + 1), kind == "user" ? "account" : kind);
}

std::vector<Subject> subjects_of(Database& state, const std::string& word) {
  auto found = meanings_of(state, word);
  const auto machines = std::count_if(found.begin(), found.end(),
                                      [](const Subject& one) { return one.kind == "asset"; });
  if (machines == 1) {
    std::erase_if(found, [](const Subject& one) { return one.kind == "hostname"; });
  }
  return found.empty() && word.find(kArrow) == std::string::npos ? of_beginning(state, word)
                                                                 : found;
}

std::vector<std::int64_t> vertices_of(Database& state, const Subject& subject) {
  return state.statement("explain/vertices")
      .bind("kind", subject.kind)
      .bind("key", subject.key)
      .numbers();
}

Error unknown_word(Database& state, const std::string& what) {
  std::string message =
      "nothing is known of " + printable(what, kLongestInMessage) +
      ": no machine (id or name), host name, address, MAC, account, CVE, alert id or application "
      "(vendor:name:version) goes by it, and no edge 'A -> B'";
  const auto names = near_names(state, what);
  for (std::size_t i = 0; i < names.size(); ++i) {
    message += (i == 0 ? "; these begin alike: " : ", ") + printable(names[i], kLongestInMessage);
  }
  return Error(ErrorKind::usage, message);
}

void tell_apart(Database& state, std::vector<Subject>& subjects) {
  for (Subject& subject : subjects) {
    if (subject.kind != "asset") continue;
    Statement& row = state.statement("explain/machine").bind("machine", subject.key);
    subject.about = row.step() ? row.text("name") + ", " + row.text("healthStatus") +
                                     ", last seen " + row.text("lastSeen")
                               : "no longer listed by Defender";
    row.reset();
  }
}

namespace {

/// Vertices from one of which to the other of which an edge may go.
struct Ends {
  std::vector<std::int64_t> from;
  std::vector<std::int64_t> to;
};

/// Both sides of "A -> B", at every place where it can be parted so that both are known.
std::vector<Ends> ends_of(Database& state, const std::string& what) {
  std::vector<Ends> found;
  for (std::size_t at = what.find(kArrow); at != std::string::npos;
       at = what.find(kArrow, at + 1)) {
    Ends ends;
    for (const Subject& one : meanings_of(state, what.substr(0, at)))
      for (const std::int64_t id : vertices_of(state, one)) ends.from.push_back(id);
    if (ends.from.empty()) continue;
    for (const Subject& one : meanings_of(state, what.substr(at + kArrow.size())))
      for (const std::int64_t id : vertices_of(state, one)) ends.to.push_back(id);
    if (!ends.to.empty()) found.push_back(std::move(ends));
  }
  return found;
}

}  // namespace

std::vector<std::int64_t> edges_named(Database& state, const std::string& what) {
  const auto found = ends_of(state, what);
  if (found.empty()) throw unknown_word(state, what);
  std::vector<std::int64_t> ids;
  for (const Ends& ends : found) {
    for (const std::int64_t from : ends.from) {
      for (const std::int64_t to : ends.to) {
        const auto between =
            state.statement("explain/edges_between").bind("from", from).bind("to", to).numbers();
        ids.insert(ids.end(), between.begin(), between.end());
      }
    }
  }
  if (ids.empty()) {
    throw Error(ErrorKind::usage,
                "both ends are known, but no reading of Defender ever derived an edge from the one "
                "to the other; explain each of them shows the edges that there are");
  }
  return ids;
}

}  // namespace defender_car
