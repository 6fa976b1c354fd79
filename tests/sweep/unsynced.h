// What a power cut leaves of files: their contents as of the last sync, and what was written since.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace sweep {

using Bytes = std::vector<char>;

/// A file's content, whatever its name is by now.
class UnsyncedFile {
 public:
  /// Reads what is there; nothing there yet is an empty file.
  explicit UnsyncedFile(const std::filesystem::path& path);
  UnsyncedFile(const UnsyncedFile&) = delete;
  UnsyncedFile& operator=(const UnsyncedFile&) = delete;
  ~UnsyncedFile() = default;  // the descriptor stays: closing it would drop SQLite's locks

  void write(std::int64_t offset, const void* data, std::size_t size);
  void truncate(std::int64_t size);
  void sync();

  /// One of the contents that a power cut can leave.
  Bytes cut(std::mt19937_64& random) const;
  /// Makes the file hold that, under whatever name it has now.
  void put(const Bytes& content) const;

 private:
  struct Change {
    std::size_t offset;  // of a truncation: the new size
    Bytes data;
    bool truncates;
  };
  /// The bytes from begin to end are those after so many changes.
  struct Piece {
    std::size_t begin;
    std::size_t end;
    std::size_t changes;
  };
  static void apply(Bytes& content, const Change& change);
  std::vector<Piece> pieces(std::size_t size, std::mt19937_64& random) const;
  std::size_t largest() const;

  int descriptor_ = -1;
  Bytes synced_;
  std::vector<Change> changes_;
};

/// The names: what the folder holds, and what it held when it was last synced.
class UnsyncedFolder {
 public:
  /// The file of that name as it is now. `made`: it is not known to have been there before.
  UnsyncedFile& open(const std::filesystem::path& path, bool made);
  void remove(const std::filesystem::path& path) { names_.erase(path); }
  void sync() { synced_names_ = names_; }
  /// Leaves the disk as a power cut could.
  void cut(std::mt19937_64& random) const;

 private:
  using Names = std::map<std::filesystem::path, std::shared_ptr<UnsyncedFile>>;
  Names names_;
  Names synced_names_;
};

}  // namespace sweep
