#pragma once
// The run's door to Defender's quotas: counts each try in the state file, and with --budget-share
// holds back what the share has no room for.
//
// Counts are written in blocks before the calls are made, and exactly at the run's end: a run that
// is killed leaves at most one block a family too much and never too little, and only each block's
// first call waits for the disk. What other runs counted in the last hour is read at the start.

#include <map>
#include <string>

#include "defender/call_budget.h"
#include "http/http_client.h"
#include "run/settings.h"
#include "store/database.h"

namespace defender_car {

/// Adds what the state file has counted.
void read_counts(Database& state, CallBudget& budget);

class CallMeter final : public Gate {
 public:
  /// The client's gate as long as it lives.
  CallMeter(Database& state, const SyncSettings& settings, HttpClient& http);
  ~CallMeter() override;
  CallMeter(const CallMeter&) = delete;
  CallMeter& operator=(const CallMeter&) = delete;

  Verdict enter(const std::string& url) override;
  std::string no_room(const std::string& url, std::int64_t requests) override;
  void close(const std::string& url, EpochMs until, const std::string& why) override;

  /// For work that goes on at the next run: why so many calls cannot all be made now, and when they
  /// will have been; "" where there is room.
  std::string put_off(CallFamily family, std::int64_t calls) const;
  /// For work that is worth nothing unless it is done whole: throws Error(budget) where there is
  /// no room for all of it.
  void require(CallFamily family, std::int64_t calls, const std::string& what) const;

  /// Writes the counts as they are and forgets those that no longer count.
  void write_counts();

  /// While it lives, what is asked matters less: it leaves some of the hour to what comes first.
  class Last {
   public:
    explicit Last(CallMeter& meter) : meter_(meter) { meter_.last_ = true; }
    ~Last() { meter_.last_ = false; }
    Last(const Last&) = delete;
    Last& operator=(const Last&) = delete;

   private:
    CallMeter& meter_;
  };

 private:
  struct Block {
    EpochMs slice = 0;
    std::int64_t until = 0;  ///< what is written of that slice
  };
  void count(CallFamily family, EpochMs slice);
  void write(CallFamily family, EpochMs slice, std::int64_t calls);
  std::string no_room(CallFamily family, std::int64_t calls) const;
  std::string share_of(CallFamily family, std::int64_t allowed, std::int64_t quota) const;
  std::string hourly(CallFamily family) const;

  Database& state_;
  const SyncSettings& settings_;
  HttpClient& http_;
  CallBudget counts_;
  std::map<CallFamily, Block> blocks_;    ///< the open ones
  std::map<CallFamily, Verdict> closed_;  ///< for the rest of the run, by Defender's word
  bool last_ = false;
};

}  // namespace defender_car
