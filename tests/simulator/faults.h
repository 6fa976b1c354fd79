// Faults on demand: what goes wrong with which requests.
//
// A fault is asked for by a piece of text that "METHOD /path?query" must hold, by the number of the
// request, or by both. The first fault that fits and has not used itself up is the one that
// strikes; the others do not count that request against their `skip`.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

enum class FaultKind {
  status,        // answers `status`, with `retry_after` and `body`; the request is not carried out
  reset_before,  // closes the connection; the request is not carried out
  reset_after,   // carries the request out, then closes the connection without an answer
  refused,       // closes all connections and listens again after `stall_ms`; not carried out
  stall,         // waits `stall_ms`, then carries on as usual: late, should the client have gone
  slow_answer,   // carries the request out, then waits `stall_ms` before the answer begins
  drip,          // carries out; the answer comes a byte at a time and never ends
  truncated,     // carries out; Content-Length as it should be, half of the body, then the end
  wrong_length,  // carries out; Content-Length 17 bytes more than there are
  short_length,  // carries out; Content-Length and body one byte short
  excess,        // carries out; the whole body, but Content-Length 17 bytes less than that
  html200,       // 200 with an HTML page; the request is not carried out
  empty_body,    // 200 with nothing in it; the request is not carried out
  malformed_json,  // 200 with JSON that breaks off; the request is not carried out
  empty_json,      // 200 with {}; the request is not carried out
  empty_list,      // carries out, but the list in Defender's answer is empty
  wrong_date,      // carries out; the Date header is `date_off_s` seconds off
  no_date,         // carries out; no Date header
  cached,          // carries out; the Date header is `date_off_s` seconds off, and Age says so
};

struct Fault {
  std::string match{};  // a piece of "METHOD /path?query"
  FaultKind kind = FaultKind::status;
  int after = 0;  // so many requests, whatever they ask for, go through before it is armed
  int skip = 0;   // so many matching requests go through before
  int count = std::numeric_limits<int>::max();  // so many are struck
  int status = 500;
  std::string retry_after{};  // seconds or an HTTP date; empty: no such header
  std::string body{};         // of kind status; empty: an error in the service's shape
  int stall_ms = 1000;
  int64_t date_off_s = 0;  // ahead; of kind cached: negative, the answer's age
};

/// nullopt: no kind of that name (the names are those of the enumerators).
std::optional<FaultKind> fault_kind(std::string_view name);

/// The plan of faults. Not locked: Simulator does that.
class Faults {
 public:
  void add(Fault fault) { planned_.push_back({std::move(fault), seen_}); }
  void clear() { planned_.clear(); }
  /// Counts the request; the fault that strikes it, if one does.
  std::optional<Fault> strike(std::string_view method_and_target);
  /// So many requests came until now.
  int64_t seen() const { return seen_; }
  /// So many requests were struck until now.
  int64_t struck() const { return struck_; }

 private:
  struct Planned {
    Fault fault;
    int64_t ordered_at;  // the number of the request that came next
  };
  std::vector<Planned> planned_;
  int64_t seen_ = 0;
  int64_t struck_ = 0;
};

}  // namespace simulator
