// Lies on demand: answers of Defender and Graph that are well formed, complete to look at, and not
// the truth. (What goes wrong on the way is in faults.h.)
//
// A lie is asked for by a piece of text that "METHOD /path?query BODY" must hold, so that a hunting
// query can be told by its table. The first lie that fits and has not used itself up is told.
#pragma once

#include <rapidjson/document.h>

#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "message.h"

namespace simulator {

struct Tenant;

enum class LieKind {
  empty,        // no record
  part,         // every second record is left out
  repeat,       // the first answer it strikes is true; later ones have its records once more
  small_pages,  // `page_size` records at most whatever $top says, the rest behind a nextLink
  short_pages,  // the same without a nextLink
  gap,  // small pages, and every second one is empty although its nextLink leads on; `page_size` is
        // even
  circle,        // small pages; the nextLink leads back to the page itself
  elsewhere,     // small pages; the nextLink leads to `host`
  endless,       // small pages that never end: when the truth is told, ids are invented
  hidden,        // the machines `ids` are not there: a device group was withdrawn
  moving,        // true, but `move` changes the tenant just before
  foreign,       // one element, in the middle, is `json` instead
  beside,        // the second half of the records is left out, and "error" beside them is `json`
  older_before,  // each record a second time, 20 days older and saying something else, in front
  older_behind,  // the same behind all others
  changed,       // true, but `change` rewrites each record
};

struct Lie {
  LieKind kind = LieKind::empty;
  std::string match{};  // a piece of "METHOD /path?query BODY"
  int skip = 0;         // so many matching requests are told the truth before
  int count = std::numeric_limits<int>::max();
  size_t page_size = 5;
  std::string host{};
  std::set<std::string> ids{};
  std::function<void(Tenant&)> move{};
  std::string json{};
  std::function<void(rapidjson::Value& record, rapidjson::Document::AllocatorType&)> change{};
};

/// The plan of lies. Not locked: Simulator does that.
class Lies {
 public:
  void tell(Lie lie) { lies_.push_back({std::move(lie), {}}); }
  void stop() { lies_.clear(); }
  /// How many answers were lies since the beginning.
  size_t told() const { return told_; }

  using Truth = std::function<Reply(const Call&)>;
  /// The answer to the call, made of what `truth` says.
  Reply answer(const Call& call, Tenant& tenant, const Truth& truth);

 private:
  struct Told {
    Lie lie;
    std::string first_records;  // JSON of the first answer struck, for repeat and endless
  };
  Told* strike(const Call& call);

  std::vector<Told> lies_;
  size_t told_ = 0;
};

}  // namespace simulator
