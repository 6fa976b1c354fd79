#include "run/call_meter.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "base/error.h"

namespace defender_car {
namespace {

// Of one block, which costs a commit. A fraction of what Defender allows a minute, so that a killed
// run costs the next ones no more than that.
constexpr std::int64_t kBlock = 20;

std::string_view words(CallFamily family) {
  return family == CallFamily::users ? "logon user" : family_name(family);
}

}  // namespace

void read_counts(Database& state, CallBudget& budget) {
  Statement& query = state.statement("budget/calls");
  while (query.step()) {
    const auto family = family_named(query.text(0));
    if (family) budget.at(*family, query.integer(1)) = query.integer(2);
  }
}

CallMeter::CallMeter(Database& state, const SyncSettings& settings, HttpClient& http)
    : state_(state),
      settings_(settings),
      http_(http),
      counts_(settings.budget_share, settings.call_quotas) {
  read_counts(state_, counts_);
  http_.set_gate(this);
}

CallMeter::~CallMeter() { http_.set_gate(nullptr); }

Gate::Verdict CallMeter::enter(const std::string& url) {
  const auto family = family_of(url, settings_.defender);
  if (!family) return {};
  if (const auto closed = closed_.find(*family); closed != closed_.end()) return closed->second;
  if (std::string why = put_off(*family, 1); !why.empty()) return {.closed = std::move(why)};
  const EpochMs now = system_now();
  if (const std::int64_t wait_ms = counts_.wait_ms(*family, now); wait_ms > 0)
    return {.wait_ms = wait_ms,
            .why = share_of(*family, counts_.allowed_a_minute(*family),
                            counts_.quota(*family).a_minute) +
                   " a minute) is used up"};
  count(*family, counts_.slice_of(now));
  return {};
}

std::string CallMeter::no_room(const std::string& url, std::int64_t requests) {
  const auto family = family_of(url, settings_.defender);
  return family ? no_room(*family, requests) : "";
}

// Defender limits calls by family, so none of them would be answered.
void CallMeter::close(const std::string& url, EpochMs until, const std::string& why) {
  const auto family = family_of(url, settings_.defender);
  if (!family) return;
  closed_.try_emplace(*family,
                      Verdict{.closed = fmt::format("not asked, since Defender answered another "
                                                    "{} call: {}",
                                                    words(*family), why),
                              .not_before = until});
}

std::string CallMeter::put_off(CallFamily family, std::int64_t calls) const {
  const EpochMs now = system_now();
  const std::int64_t left = counts_.left(family, now, last_);
  if (calls <= left) return "";
  const auto room_at = [&](std::int64_t wanted) {
    return iso8601(counts_.room_at(family, now, last_, wanted));
  };
  if (calls == 1) return hourly(family) + " is used up; there is room again at " + room_at(1);
  return fmt::format(
      "{} has room for {} of the {} that are left to make; for the next at {}, and "
      "they will be through at about {}",
      hourly(family), std::max<std::int64_t>(left, 0), calls,
      room_at(std::max<std::int64_t>(left, 0) + 1), room_at(calls));
}

std::string CallMeter::no_room(CallFamily family, std::int64_t calls) const {
  const EpochMs now = system_now();
  const std::int64_t left = counts_.left(family, now, last_);
  if (calls <= left) return "";
  if (calls > counts_.allowed_an_hour(family, last_))
    return fmt::format("{} never has room for the {} that it takes: raise --budget-share",
                       hourly(family), calls);
  return fmt::format("{} has room for {} of the {} that it takes; for all of them at {}",
                     hourly(family), std::max<std::int64_t>(left, 0), calls,
                     iso8601(counts_.room_at(family, now, last_, calls)));
}

void CallMeter::require(CallFamily family, std::int64_t calls, const std::string& what) const {
  const std::string why = no_room(family, calls);
  if (!why.empty()) throw Error(ErrorKind::budget, what + ": " + why);
}

std::string CallMeter::share_of(CallFamily family, std::int64_t allowed, std::int64_t quota) const {
  return fmt::format("the share of {} calls (--budget-share {:g}: {} of {}", words(family),
                     counts_.share(), allowed, quota);
}

std::string CallMeter::hourly(CallFamily family) const {
  return share_of(family, counts_.allowed_an_hour(family, last_), counts_.quota(family).an_hour) +
         " an hour)";
}

void CallMeter::count(CallFamily family, EpochMs slice) {
  const std::int64_t calls = ++counts_.at(family, slice);
  Block& block = blocks_[family];
  if (block.slice == slice && calls <= block.until) return;
  const Block next{slice, calls + kBlock - 1};
  Transaction transaction(state_);
  if (block.until > 0) write(family, block.slice, counts_.at(family, block.slice));
  write(family, next.slice, next.until);
  transaction.commit();
  block = next;
}

void CallMeter::write(CallFamily family, EpochMs slice, std::int64_t calls) {
  state_.statement("budget/count")
      .bind("family", family_name(family))
      .bind("at", iso8601(slice))
      .bind("calls", calls)
      .run();
}

void CallMeter::write_counts() {
  if (blocks_.empty()) return;
  const EpochMs now = system_now();
  Transaction transaction(state_);
  for (const auto& [family, block] : blocks_)
    write(family, block.slice, counts_.at(family, block.slice));
  state_.statement("budget/forget")
      .bind("from", iso8601(counts_.slice_of(now - counts_.hour_ms())))
      .bind("until", iso8601(now))
      .run();
  transaction.commit();
  blocks_.clear();
}

}  // namespace defender_car
