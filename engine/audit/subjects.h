#pragma once
// Which things of the state a person's word may mean. Private to audit's explain.

#include <string>
#include <vector>

#include "audit/explain.h"
#include "base/error.h"

namespace defender_car {

/// All that go by this word, in its own spelling or, where there is none, in that of a MAC, in
/// lower or in upper case.
std::vector<Subject> meanings_of(Database& state, const std::string& word);

/// The same as an answer's subject: a host name that one machine bears means the machine.
std::vector<Subject> subjects_of(Database& state, const std::string& word);

/// Vertices from one of which to the other of which an edge may go.
struct Ends {
  std::vector<std::int64_t> from;
  std::vector<std::int64_t> to;
};

/// Both sides of "A -> B", at every place where it can be parted so that both are known.
std::vector<Ends> ends_of(Database& state, const std::string& what);

std::vector<std::int64_t> vertices_of(Database& state, const Subject& subject);

/// Error(usage): nothing goes by that word; names what begins alike.
Error unknown_word(Database& state, const std::string& what);

}  // namespace defender_car
