#include "unsynced.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace sweep {
namespace {

constexpr std::size_t sector = 512;

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

}  // namespace

UnsyncedFile::UnsyncedFile(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
  if (descriptor_ < 0) return;
  struct stat status {};
  check(::fstat(descriptor_, &status) == 0, "fstat");
  synced_.resize(static_cast<std::size_t>(status.st_size));
  check(::pread(descriptor_, synced_.data(), synced_.size(), 0) == std::ssize(synced_), "pread");
}

void UnsyncedFile::write(std::int64_t offset, const void* data, std::size_t size) {
  const char* begin = static_cast<const char*>(data);
  changes_.push_back({static_cast<std::size_t>(offset), Bytes(begin, begin + size), false});
}

void UnsyncedFile::truncate(std::int64_t size) {
  changes_.push_back({static_cast<std::size_t>(size), {}, true});
}

void UnsyncedFile::sync() {
  for (const Change& change : changes_) apply(synced_, change);
  changes_.clear();
}

void UnsyncedFile::apply(Bytes& content, const Change& change) {
  if (change.truncates) {
    content.resize(change.offset);
    return;
  }
  content.resize(std::max(content.size(), change.offset + change.data.size()));
  std::copy(change.data.begin(), change.data.end(),
            content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

std::size_t UnsyncedFile::largest() const {
  std::size_t out = synced_.size();
  for (const Change& change : changes_) out = std::max(out, change.offset + change.data.size());
  return out;
}

/// Each sector has got as far as chance will have it; one in eight is torn.
std::vector<UnsyncedFile::Piece> UnsyncedFile::pieces(std::size_t size,
                                                      std::mt19937_64& random) const {
  const std::size_t mode = random() % 4;  // nothing, everything, or a mixture
  const auto how_far = [&] {
    if (mode < 2) return mode * changes_.size();
    return random() % (changes_.size() + 1);
  };
  std::vector<Piece> out;
  for (std::size_t begin = 0; begin < size; begin += sector) {
    const std::size_t middle = random() % 8 == 0 ? begin + random() % sector : begin + sector;
    out.push_back({begin, middle, how_far()});
    if (middle < begin + sector) out.push_back({middle, begin + sector, how_far()});
  }
  return out;
}

Bytes UnsyncedFile::cut(std::mt19937_64& random) const {
  const std::vector<Piece> all = pieces(largest(), random);
  // The size goes the way of the last piece, so that all, nothing and a part are possible.
  const std::size_t size_changes = all.empty() ? 0 : all.back().changes;
  Bytes now = synced_;
  Bytes left;
  std::size_t size = now.size();
  left.resize(largest());
  for (std::size_t done = 0;; ++done) {
    for (const Piece& piece : all) {
      const std::size_t end = std::min(piece.end, now.size());
      if (piece.changes == done && piece.begin < end)
        std::copy(now.begin() + static_cast<std::ptrdiff_t>(piece.begin),
                  now.begin() + static_cast<std::ptrdiff_t>(end),
                  left.begin() + static_cast<std::ptrdiff_t>(piece.begin));
    }
    if (done == size_changes) size = now.size();
    if (done == changes_.size()) break;
    apply(now, changes_[done]);
  }
  left.resize(size);
  return left;
}

void UnsyncedFile::put(const Bytes& content) const {
  check(::ftruncate(descriptor_, 0) == 0, "ftruncate");
  check(::pwrite(descriptor_, content.data(), content.size(), 0) == std::ssize(content), "pwrite");
}

UnsyncedFile& UnsyncedFolder::open(const std::filesystem::path& path, bool made) {
  std::shared_ptr<UnsyncedFile>& file = names_[path];
  if (!file) {
    file = std::make_shared<UnsyncedFile>(path);
    if (!made) synced_names_[path] = file;
  }
  return *file;
}

void UnsyncedFolder::cut(std::mt19937_64& random) const {
  std::set<std::filesystem::path> all;
  for (const Names* names : {&names_, &synced_names_})
    for (const auto& [path, file] : *names) all.insert(path);
  for (const std::filesystem::path& path : all) {
    const auto now = names_.find(path);
    const auto before = synced_names_.find(path);
    const bool is_there = now != names_.end();
    const bool was_there = before != synced_names_.end();
    if (is_there) now->second->put(now->second->cut(random));
    if (is_there && was_there && now->second == before->second) continue;
    if (random() % 2 == 0) continue;  // what happened to the name has reached the disk
    ::unlink(path.c_str());
    if (!was_there) continue;
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    const Bytes content = before->second->cut(random);
    check(::pwrite(descriptor, content.data(), content.size(), 0) == std::ssize(content), "pwrite");
  }
}

}  // namespace sweep
