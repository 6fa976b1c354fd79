// Faults on demand: what goes wrong with which requests.
//
// A fault is asked for by a piece of text that "METHOD /path?query" must hold. The first fault that
// fits and has not used itself up is the one that strikes; the others do not count that request.
#pragma once

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
  stall,         // waits `stall_ms`, then carries on as usual
  truncated,     // carries out; Content-Length as it should be, half of the body, then the end
  wrong_length,  // carries out; Content-Length 17 bytes more than there are
  short_length,  // carries out; Content-Length and body one byte short
  html200,       // 200 with an HTML page; the request is not carried out
  malformed_json,  // 200 with JSON that breaks off; the request is not carried out
  empty_json,      // 200 with {}; the request is not carried out
  empty_list,      // carries out, but the list in Defender's answer is empty
};

struct Fault {
  std::string match{};  // a piece of "METHOD /path?query"
  FaultKind kind = FaultKind::status;
  int skip = 0;                                 // so many matching requests go through before
  int count = std::numeric_limits<int>::max();  // so many are struck
  int status = 500;
  std::string retry_after{};  // seconds or an HTTP date; empty: no such header
  std::string body{};         // of kind status; empty: an error in the service's shape
  int stall_ms = 1000;
};

/// nullopt: no kind of that name (the names are those of the enumerators).
std::optional<FaultKind> fault_kind(std::string_view name);

/// The plan of faults. Not locked: Simulator does that.
class Faults {
 public:
  void add(Fault fault) { faults_.push_back(std::move(fault)); }
  void clear() { faults_.clear(); }
  /// Counts the request; the fault that strikes it, if one does.
  std::optional<Fault> strike(std::string_view method_and_target);

 private:
  std::vector<Fault> faults_;
};

}  // namespace simulator
