#pragma once
// The text of one import: source, report, and vertices or edges, ready for POST /imports. Facts:
// docs/services/car.md.
//
// Does not judge what it is given: which vertices are valid and which edge names its ends how is
// the schema's business.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"

namespace defender_car {

/// An end is named by external id (`_from_external_id`: asset, account …) or by `_from:
/// collection/key` (ipaddress, macaddress, hostname, the user model's user).
struct EdgeEnds {
  std::string_view from;  ///< keys, without a collection
  std::string_view to;
  std::string_view from_collection;
  std::string_view to_collection;
  bool from_is_external = true;
  bool to_is_external = true;
};

class EnvelopeWriter {
 public:
  /// `tenant` is the source's name for a person; `report_key` becomes the report's key and every
  /// edge's `report`.
  EnvelopeWriter(std::string_view source, std::string_view tenant, std::string_view report_key,
                 EpochMs timestamp);
  ~EnvelopeWriter();

  /// Opens the list of a collection; the one before it ends. CAR wants vertices before edges, and
  /// each name once.
  void begin(std::string_view collection);

  /// A vertex as one whole JSON object, taken as it stands.
  void add_raw_vertex(std::string_view json);
  void add_edge(const EdgeEnds& ends);

  /// What has been written so far, to keep an envelope small.
  std::size_t bytes() const noexcept;

  /// The whole text. Nothing may be added after it.
  std::string finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace defender_car
