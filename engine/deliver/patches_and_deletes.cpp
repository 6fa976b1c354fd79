#include "deliver/patches_and_deletes.h"

#include <algorithm>
#include <vector>

#include "base/cancel.h"
#include "deliver/acknowledge.h"

namespace defender_car {
namespace {

constexpr int kPatchesABatch = 200;
constexpr int kDeletesABatch = 500;
constexpr std::int64_t kRefusedAtOnce = 200;  // then it is judged whose fault that is
constexpr std::size_t kNamedInWarning = 3;

/// Sends the changes of one run. What CAR refuses stays in the outbox until all have been sent:
/// only then can be told whether a few changes are to blame or CAR.
class Changes {
 public:
  explicit Changes(Run& run) : run_(run), refusals_(run.change_refusals) {}

  void send_patches(Operation operation) {
    const std::int64_t total = outbox_count(run_.state, operation);
    std::int64_t done = 0;
    std::int64_t after = 0;
    while (auto range = next_range(run_.state, operation, after, kPatchesABatch)) {
      throw_if_cancelled();
      hand_over(*range);
      patch(*range);
      after = range->last;
      done += range->size();
      run_.progress.report(operation == Operation::touch ? "marking updated alerts in CAR"
                                                         : "disabling edges in CAR",
                           done, total);
    }
  }

  void send_deletes() {
    std::int64_t after = 0;
    while (const auto page =
               next_range(run_.state, Operation::delete_asset, after, kDeletesABatch)) {
      const auto ids = run_.state.statement("deliver/deletes")
                           .bind("first", page->first)
                           .bind("last", page->last)
                           .texts();
      for (std::size_t at = 0; at < ids.size();) {
        throw_if_cancelled();
        const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(at);
        const auto fit = static_cast<std::ptrdiff_t>(CarClient::ids_that_fit(ids, at));
        const std::int64_t first = page->first + static_cast<std::int64_t>(at);
        ItemRange part{first, first + fit - 1, 0, Operation::delete_asset, 0};
        hand_over(part);
        delete_part(part, std::vector<std::string>(begin, begin + fit));
        at += static_cast<std::size_t>(fit);
        run_.progress.report("deleting assets in CAR", static_cast<std::int64_t>(at),
                             std::ssize(ids));
      }
      after = page->last;
    }
  }

  /// Sets aside what CAR refused, or throws where that is CAR's fault.
  void judge_refused() {
    if (refused_.empty()) return;
    judge_fault();
    Transaction transaction(run_.state);
    const std::string at = run_.clock.text();
    std::string named;
    for (std::size_t n = 0; n < refused_.size(); ++n) {
      if (n < kNamedInWarning) named += "; " + in_words(refused_[n]);
      set_aside_change(run_.state, refused_[n].item, at, refused_[n].answer.text, run_.now);
    }
    transaction.commit();
    const std::size_t count = refused_.size();
    run_.warn("CAR refuses " + std::to_string(count) + (count == 1 ? " change" : " changes") +
              ", so it holds these as before" + named + (count > kNamedInWarning ? "; …" : "") +
              ". Tried again by the next full import, and after a day; see table refused_change");
    refused_.clear();
  }

 private:
  struct Answered {
    std::int64_t item;
    ChangeAnswer answer;
  };

  void hand_over(ItemRange& range) {
    Transaction transaction(run_.state);
    begin_batch(run_.state, range, run_.clock.text());
    transaction.commit();
  }

  void end_batch(const ItemRange& range) {
    run_.state.statement("deliver/end_batch").bind("batch", range.batch).run();
  }

  // A full import needs no changes: what it does not report falls away.
  void judge_fault() {
    if (!refusals_.are_cars_fault(run_.full())) return;
    throw Error(ErrorKind::car_unrecoverable,
                too_many_refused(refusals_, "changes", in_words(refused_.front())) +
                    "; the next run is a full import");
  }

  std::string in_words(const Answered& refused) {
    return run_.state.statement("deliver/change_in_words")
               .bind("item", refused.item)
               .value()
               .value_or("") +
           ": HTTP " + refused.answer.text;
  }

  // What was refused before and comes again tells nothing of CAR.
  void refuse(const Answered& one) {
    if (run_.state.statement("deliver/is_newly_refused").bind("item", one.item).number() != 0)
      ++refusals_.refused;
    refused_.push_back(one);
  }

  /// In the caller's transaction.
  void take_up(Operation operation, const Answered& one, const std::string& at) {
    if (one.answer.result == ChangeResult::refused) return refuse(one);
    ++refusals_.taken;
    const bool gone = one.answer.result == ChangeResult::gone;
    if (operation == Operation::delete_asset) {
      acknowledge_deletes(run_.state, {one.item, one.item, 0, operation, 0}, at, one.answer.text);
    } else {
      acknowledge_patch(run_.state, operation, one.item, gone, at, one.answer.text);
    }
  }

  void take_up(const ItemRange& range, const std::vector<Answered>& answers, bool whole) {
    Transaction transaction(run_.state);
    const std::string at = run_.clock.text();
    for (const Answered& one : answers) take_up(range.operation, one, at);
    if (whole) end_batch(range);
    transaction.commit();
    if (std::ssize(refused_) >= kRefusedAtOnce) judge_refused();
  }

  void patch(const ItemRange& range) {
    std::vector<std::int64_t> items;
    std::vector<CarClient::Patch> patches;
    Statement& rows =
        run_.state.statement("deliver/patches").bind("first", range.first).bind("last", range.last);
    while (rows.step()) {
      items.push_back(rows.integer(0));
      CarClient::Patch patch{rows.text(1),         rows.text(2),         rows.text(3),
                             rows.integer(4) != 0, rows.integer(5) != 0, {}};
      if (range.operation == Operation::touch) patch.last_modified = rows.integer(6);
      patches.push_back(std::move(patch));
    }
    std::vector<Answered> answers;
    try {
      run_.car.patch(patches, [&](std::size_t index, const ChangeAnswer& answer) {
        answers.push_back({items[index], answer});
      });
    } catch (...) {
      // What CAR answered for before the failure is true all the same.
      take_up(range, answers, false);
      throw;
    }
    take_up(range, answers, true);
  }

  // Of several ids "not there" or a refusal may be about one alone: then each is asked by itself.
  void delete_part(const ItemRange& part, const std::vector<std::string>& ids) {
    std::vector<Answered> answers;
    try {
      const ChangeAnswer all = run_.car.delete_assets(ids);
      const bool is_of_each = ids.size() == 1 || all.result == ChangeResult::done;
      for (const std::string& id : ids) {
        throw_if_cancelled();
        answers.push_back(
            {part.first + std::ssize(answers), is_of_each ? all : run_.car.delete_assets({id})});
      }
    } catch (...) {
      take_up(part, answers, false);
      throw;
    }
    take_up(part, answers, true);
  }

  Run& run_;
  Refusals& refusals_;
  std::vector<Answered> refused_;
};

}  // namespace

void send_changes(Run& run) {
  Changes changes(run);
  changes.send_patches(Operation::touch);
  changes.send_patches(Operation::disable);
  changes.send_deletes();
  changes.judge_refused();
}

}  // namespace defender_car
