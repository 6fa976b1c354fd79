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

/// The same as an answer's subject: a host name that one machine bears means the machine; a word
/// that nothing goes by means the machines of that short name, else what begins so.
std::vector<Subject> subjects_of(Database& state, const std::string& word);

std::vector<std::int64_t> vertices_of(Database& state, const Subject& subject);

/// Says of each of several machines of one name what it is.
void tell_apart(Database& state, std::vector<Subject>& subjects);

/// The edges that "A -> B" may mean, where both are known. Throws Error(usage) where there is none.
std::vector<std::int64_t> edges_named(Database& state, const std::string& what);

/// Error(usage): nothing goes by that word; names what begins alike.
Error unknown_word(Database& state, const std::string& what);

}  // namespace defender_car
