#pragma once
// The snapshots of a working folder as a chain: what each file is, and whether each can be replayed
// after the one before it. Reads only; a compressed file is expanded into a private temporary
// folder.

#include <filesystem>
#include <string>
#include <vector>

#include "snapshot/retention.h"

namespace defender_car {

struct ChainLink {
  KeptFile file;
  std::string now;        ///< the run's clock, UTC; "" where it was not read
  std::string builds_on;  ///< the digest before
  std::string digest;
  std::string
      problem;  ///< damaged, of another version, or something is missing before it; "" for none
};

/// Names, sizes; nothing is opened.
std::vector<ChainLink> listed_chain(const std::filesystem::path& working_dir);

/// Every file read whole, and the chain held together.
std::vector<ChainLink> checked_chain(const std::filesystem::path& working_dir);

}  // namespace defender_car
