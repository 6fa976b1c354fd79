#include "sync/removals.h"

#include <vector>

#include "base/cancel.h"
#include "sync/acknowledge.h"

namespace defender_car {
namespace {

constexpr int kPatchesABatch = 200;
constexpr int kDeletesABatch = 500;

std::int64_t count(Run& run, const std::string& operation) {
  Statement& query = run.state.statement("deliver/count").bind("operation", operation);
  query.step();
  const std::int64_t items = query.integer(0);
  query.reset();
  return items;
}

bool next_stretch(Run& run, Stretch& stretch, int size) {
  Statement& next = run.state.statement("deliver/next_stretch")
                        .bind("operation", stretch.operation)
                        .bind("after", stretch.last)
                        .bind("size", size);
  const bool more = next.step() && !next.is_null(0);
  if (more) {
    stretch.first = next.integer(0);
    stretch.last = next.integer(1);
  }
  next.reset();
  return more;
}

void begin_batch(Run& run, Stretch& stretch) {
  Transaction transaction(run.state);
  Statement& begin = run.state.statement("deliver/begin_batch")
                         .bind("first", stretch.first)
                         .bind("last", stretch.last)
                         .bind("at", iso8601(system_now()));
  begin.step();
  stretch.batch = begin.integer(0);
  begin.run();
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
  const std::string at = iso8601(system_now());
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

void delete_stretch(Run& run, Stretch stretch, const std::vector<std::string>& ids) {
  const PatchResult result = run.car.delete_assets(ids);
  Transaction transaction(run.state);
  acknowledge_deletes(run.state, stretch, iso8601(system_now()),
                      result == PatchResult::gone ? "404: was gone already" : "200");
  transaction.commit();
}

}  // namespace

void send_patches(Run& run, const std::string& operation) {
  const std::int64_t total = count(run, operation);
  std::int64_t done = 0;
  Stretch stretch{0, 0, 0, operation, 0};
  while (next_stretch(run, stretch, kPatchesABatch)) {
    throw_if_cancelled();
    begin_batch(run, stretch);
    patch_stretch(run, stretch);
    done += stretch.size();
    run.progress.report(
        operation == "touch" ? "marking updated alerts in CAR" : "disabling edges in CAR", done,
        total);
  }
}

void send_deletes(Run& run) {
  Stretch page{0, 0, 0, "delete", 0};
  while (next_stretch(run, page, kDeletesABatch)) {
    const auto ids = run.state.statement("deliver/deletes")
                         .bind("first", page.first)
                         .bind("last", page.last)
                         .texts();
    for (std::size_t at = 0; at < ids.size();) {
      throw_if_cancelled();
      const std::size_t fit = CarClient::ids_that_fit(ids, at);
      Stretch part{page.first + static_cast<std::int64_t>(at),
                   page.first + static_cast<std::int64_t>(at + fit) - 1, 0, "delete", 0};
      begin_batch(run, part);
      delete_stretch(run, part,
                     std::vector<std::string>(ids.begin() + static_cast<std::ptrdiff_t>(at),
                                              ids.begin() + static_cast<std::ptrdiff_t>(at + fit)));
      at += fit;
      run.progress.report("deleting assets in CAR", static_cast<std::int64_t>(at), std::ssize(ids));
    }
  }
}

}  // namespace defender_car
