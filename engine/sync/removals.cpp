#include "sync/removals.h"

#include <vector>

#include "base/cancel.h"
#include "sync/acknowledge.h"

namespace defender_car {
namespace {

constexpr int kPatchesABatch = 200;
constexpr int kDeletesABatch = 500;

void hand_over(Run& run, Stretch& stretch) {
  Transaction transaction(run.state);
  begin_batch(run.state, stretch, run.clock.text());
  transaction.commit();
}

void end_batch(Run& run, const Stretch& stretch) {
  run.state.statement("deliver/end_batch").bind("batch", stretch.batch).run();
}

struct Answer {
  std::int64_t item;
  bool gone;
  int status;
};

void fold(Run& run, const Stretch& stretch, const std::vector<Answer>& answers, bool whole) {
  Transaction transaction(run.state);
  const std::string at = run.clock.text();
  for (const Answer& answer : answers) {
    const std::string text =
        std::to_string(answer.status) + (answer.gone ? ": was gone already" : "");
    acknowledge_patch(run.state, stretch.operation, answer.item, answer.gone, at, text);
  }
  if (whole) end_batch(run, stretch);
  transaction.commit();
}

void patch_stretch(Run& run, const Stretch& stretch) {
  std::vector<std::int64_t> items;
  std::vector<CarClient::Patch> patches;
  Statement& rows = run.state.statement("deliver/patches")
                        .bind("first", stretch.first)
                        .bind("last", stretch.last);
  while (rows.step()) {
    items.push_back(rows.integer(0));
    CarClient::Patch patch{rows.text(1),         rows.text(2),         rows.text(3),
                           rows.integer(4) != 0, rows.integer(5) != 0, {}};
    if (stretch.operation == "touch") patch.last_modified = rows.integer(6);
    patches.push_back(std::move(patch));
  }
  std::vector<Answer> answers;
  try {
    run.car.patch(patches, [&](std::size_t index, PatchResult result, int status) {
      answers.push_back({items[index], result == PatchResult::gone, status});
    });
  } catch (...) {
    // What CAR answered for before the failure is true all the same.
    fold(run, stretch, answers, false);
    throw;
  }
  fold(run, stretch, answers, true);
}

void delete_stretch(Run& run, const Stretch& stretch, const std::vector<std::string>& ids) {
  const PatchResult result = run.car.delete_assets(ids);
  Transaction transaction(run.state);
  acknowledge_deletes(run.state, stretch, run.clock.text(),
                      result == PatchResult::gone ? "404: was gone already" : "200");
  transaction.commit();
}

}  // namespace

void send_patches(Run& run, const std::string& operation) {
  const std::int64_t total = outbox_count(run.state, operation);
  std::int64_t done = 0;
  std::int64_t after = 0;
  while (auto stretch = next_stretch(run.state, operation, after, kPatchesABatch)) {
    throw_if_cancelled();
    hand_over(run, *stretch);
    patch_stretch(run, *stretch);
    after = stretch->last;
    done += stretch->size();
    run.progress.report(
        operation == "touch" ? "marking updated alerts in CAR" : "disabling edges in CAR", done,
        total);
  }
}

void send_deletes(Run& run) {
  std::int64_t after = 0;
  while (const auto page = next_stretch(run.state, "delete", after, kDeletesABatch)) {
    const auto ids = run.state.statement("deliver/deletes")
                         .bind("first", page->first)
                         .bind("last", page->last)
                         .texts();
    for (std::size_t at = 0; at < ids.size();) {
      throw_if_cancelled();
      const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(at);
      const auto fit = static_cast<std::ptrdiff_t>(CarClient::ids_that_fit(ids, at));
      const std::int64_t first = page->first + static_cast<std::int64_t>(at);
      Stretch part{first, first + fit - 1, 0, "delete", 0};
      hand_over(run, part);
      delete_stretch(run, part, std::vector<std::string>(begin, begin + fit));
      at += static_cast<std::size_t>(fit);
      run.progress.report("deleting assets in CAR", static_cast<std::int64_t>(at), std::ssize(ids));
    }
    after = page->last;
  }
}

}  // namespace defender_car
