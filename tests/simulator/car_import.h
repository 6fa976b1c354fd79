// Reads an import envelope: what is in it, or why CAR refuses it.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "car_graph.h"

namespace simulator {

struct Envelope {
  std::string source;
  std::string source_name;
  std::vector<ImportRecord> records;
};
struct EnvelopeError {
  std::string code;  // data_mal_formed, ...
  std::string message;
};

std::variant<Envelope, EnvelopeError> read_envelope(std::string_view body, IdentityModel model,
                                                    size_t max_records);

}  // namespace simulator
