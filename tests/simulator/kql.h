// A small, honest part of KQL: parse() turns a query text into a Query, and run_query() (hunting.h)
// carries it out. What is not in the list is refused with an error that names it, never skipped.
//
//   Table | where CONDITION | project A, B = C | distinct A, B | take N | limit N | count
//         | summarize arg_max(Timestamp, A, B or *) by C, D
//   CONDITION: and, or, not(...), parentheses; COLUMN compared by == != =~ !~ < <= > >= with
//   "text", number, true/false, ago(30d), datetime(...), now(); in, !in, in~, !in~ (...);
//   [!]contains, [!]startswith, [!]endswith, [!]has; isempty, isnotempty, isnull, isnotnull
//   (COLUMN); hash(COLUMN, N) == K. Comments begin with //.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace simulator::kql {

/// Syntax or semantic error; the text is what Defender would say.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Compare { eq, ne, lt, le, gt, ge, eq_nocase, ne_nocase, contains, starts, ends, has };

struct Condition {
  enum class Kind { all, any, negation, compare, in, in_nocase, empty, hash };
  Kind kind = Kind::all;
  std::vector<Condition> parts{};  // of all, any, negation
  std::string column{};
  size_t column_index = 0;  // filled in when the condition is bound to a table
  Compare compare = Compare::eq;
  std::string text{};  // right side: text, or the time's text
  int64_t number = 0;  // right side: number or epoch milliseconds
  bool text_side = true;
  bool time_side = false;
  std::unordered_set<std::string> texts{};  // of in
  uint64_t modulus = 1;                     // of hash
};

struct NamedColumn {
  std::string name;    // as the answer calls it
  std::string column;  // as the input calls it
};

struct Stage {
  enum class Kind { where, project, distinct, take, count, arg_max };
  Kind kind = Kind::where;
  Condition condition;
  std::vector<NamedColumn> columns;  // project, distinct, the columns of arg_max
  std::string maximum;               // arg_max's first argument
  bool all_columns = false;          // arg_max(Timestamp, *)
  std::vector<std::string> groups;   // by ...
  size_t limit = 0;                  // take
};

struct Query {
  std::string table;
  std::vector<Stage> stages;
};

/// `now_ms` is what ago() and now() count from.
Query parse(std::string_view text, int64_t now_ms);

}  // namespace simulator::kql
