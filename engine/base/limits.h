#pragma once
// How much a server can make this program do. All in one place, so that documents can quote them;
// waits and tries are RetryPolicy's (http/http_client.h).

#include <cstddef>
#include <cstdint>

namespace defender_car::limits {

// JSON
inline constexpr int kDepth = 64;
inline constexpr std::size_t kText = 16 << 20;  ///< one string, and one nested value kept as text

// A response; bodies after decompression
inline constexpr std::size_t kHeaders = 64 * 1024;  ///< all of them together
inline constexpr std::size_t kBodyInMemory = 256 * 1024;
inline constexpr std::int64_t kPageBody = 256 << 20;  ///< a page of machines or alerts
/// A page of the vulnerability export: 200,000 rows of about 1 KB, and room for longer ones.
inline constexpr std::int64_t kExportBody = 512 << 20;
inline constexpr std::int64_t kUsersBody = 16 << 20;
inline constexpr std::int64_t kHuntingBody = 64 << 20;  ///< the service's own limit is 50 MB
inline constexpr std::int64_t kLoginBody = 1 << 20;
inline constexpr std::int64_t kCarBody = 64 << 20;

// What a response names
inline constexpr std::size_t kLink = 16 * 1024;  ///< "@odata.nextLink"
inline constexpr std::size_t kToken = 64 * 1024;
inline constexpr std::size_t kJobId = 1000;
inline constexpr std::size_t kCarKey = 1000;   ///< schema/phase/10_accept.sql makes no longer one
inline constexpr std::size_t kColumns = 1000;  ///< in a hunting response's schema
/// What one hunting response holds at most. The service cuts there without a word.
inline constexpr std::int64_t kHuntingRows = 100'000;

// Time of one request
inline constexpr std::int64_t kConnectMs = 30'000;
inline constexpr std::int64_t kRequestMs = 120'000;
inline constexpr std::int64_t kHuntingMs = 210'000;  ///< the service gives up after 200 s
inline constexpr std::int64_t kExportMs = 210'000;  ///< some 200 MB, or 10 to 20 of them compressed
inline constexpr std::int64_t kStallMs = 30'000;  ///< a response under way needs 1 KiB in this time

}  // namespace defender_car::limits
