#include "deliver/imports.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "base/cancel.h"
#include "car/envelope.h"
#include "deliver/acknowledge.h"

namespace defender_car {
namespace {

constexpr std::int64_t kRecordsAnEnvelope = 2'000;  // docs/services/car.md
constexpr int kTries = 3;
constexpr std::size_t kRefusedAtOnce = 200;  // then it is judged whose fault that is

/// A window of envelopes: so many are handed to CAR and not finished by it at any time, and as one
/// is finished the next one goes out.
class Importer {
 public:
  Importer(Run& run, Operation operation)
      : run_(run),
        operation_(operation),
        window_(static_cast<std::size_t>(std::max(run.settings.car.concurrency, 1))),
        refusals_(operation == Operation::vertex ? run.vertex_refusals : run.edge_refusals) {
    total_ = outbox_count(run.state, operation);
    Statement& kinds = run.state.statement("deliver/kinds");
    while (kinds.step()) kinds_.emplace(kinds.text(0), Kind{kinds.text(1), kinds.integer(2) != 0});
  }

  void send_all() {
    begin_next();
    while (!ready_.empty() || !open_.empty()) {
      throw_if_cancelled();
      post_ready();
      settle_ended();
      run_.progress.report("importing " + kOperations.text(operation_) + " records into CAR", done_,
                           total_);
    }
    if (problem_.empty()) judge_refused();
    if (!problem_.empty()) throw Error(ErrorKind::car_recoverable, problem_);
  }

 private:
  struct Open {
    ItemRange range;
    std::string job;
  };
  /// How an edge names an end of that kind.
  struct Kind {
    std::string car_name;
    bool is_external;
  };
  struct Refused {
    ItemRange single;
    std::string reason;
  };
  using Receipts = std::vector<std::optional<ImportReceipt>>;

  void begin_next() {
    Transaction transaction(run_.state);
    fill_window();
    transaction.commit();
  }

  /// In the caller's transaction: what is ready is on the disk before its first byte is sent. After
  /// a failure nothing more goes out, but what is open is still waited for.
  void fill_window() {
    while (problem_.empty() && ready_.size() + open_.size() < window_) {
      auto range = next();
      if (!range) return;
      if (range->batch == 0) begin_batch(run_.state, *range, run_.clock.text());
      ready_.push_back(std::move(*range));
    }
  }

  std::optional<ItemRange> next() {
    if (again_.empty()) {
      auto range = next_range(run_.state, operation_, after_, kRecordsAnEnvelope);
      if (range) after_ = range->last;
      return range;
    }
    const ItemRange range = again_.front();
    again_.pop_front();
    return range;
  }

  // What CAR took before a failure is its to carry out: the next run must be able to ask after it.
  void post_ready() {
    std::vector<std::string> envelopes;
    envelopes.reserve(ready_.size());
    for (const ItemRange& range : ready_) envelopes.push_back(envelope(range));
    Receipts receipts(ready_.size());
    try {
      run_.car.post_imports(envelopes, [&](std::size_t index, ImportReceipt receipt) {
        receipts[index] = std::move(receipt);
      });
    } catch (...) {
      take_up(receipts);
      throw;
    }
    take_up(receipts);
  }

  void take_up(const Receipts& receipts) {
    Transaction transaction(run_.state);
    for (std::size_t at = 0; at < ready_.size(); ++at) {
      if (!receipts[at]) continue;
      const ImportReceipt& receipt = *receipts[at];
      if (receipt.kind != ImportReceipt::Kind::accepted) {
        split(ready_[at], receipt.error);
        continue;
      }
      run_.state.statement("deliver/batch_job")
          .bind("batch", ready_[at].batch)
          .bind("job", receipt.job_id)
          .run();
      open_.push_back({ready_[at], receipt.job_id});
    }
    transaction.commit();
    ready_.clear();
  }

  // One transaction for what has ended and what goes out in its place.
  void settle_ended() {
    std::vector<std::string> jobs;
    for (const Open& open : open_) jobs.push_back(open.job);
    const auto statuses = run_.car.wait_for_imports(jobs, CarClient::WaitFor::one);
    Transaction transaction(run_.state);
    std::vector<Open> unfinished;
    for (Open& open : open_) {
      const ImportStatus& status = statuses.at(open.job);
      if (status.outcome == ImportOutcome::unfinished) {
        unfinished.push_back(std::move(open));
      } else {
        end_job(open, status);
      }
    }
    const bool none_ended = unfinished.size() == open_.size();
    open_ = std::move(unfinished);
    if (none_ended && !open_.empty()) give_up_open();
    fill_window();
    transaction.commit();
  }

  void give_up_open() {
    problem_ = "import job " + open_.front().job +
               " did not end within its time limit; the next run asks after it";
    open_.clear();
  }

  std::string envelope(const ItemRange& range) {
    EnvelopeWriter writer(run_.settings.car.source, run_.settings.defender.tenant_id,
                          std::to_string(run_.report_ms), run_.report_time);
    std::string open;
    const bool vertices = operation_ == Operation::vertex;
    Statement& rows = run_.state.statement(vertices ? "deliver/vertices" : "deliver/edges")
                          .bind("first", range.first)
                          .bind("last", range.last);
    // Edges of one collection name their ends alike: an application is named as an operating system
    // is, and a CVE as an alert.
    Kind from;
    Kind to;
    while (rows.step()) {
      if (std::string collection = rows.text(0); collection != open) {
        writer.begin(open = std::move(collection));
        if (!vertices) from = kinds_.at(rows.text(3)), to = kinds_.at(rows.text(4));
      }
      if (vertices) {
        writer.add_raw_vertex(rows.text(1));
      } else {
        writer.add_edge({rows.text(1), rows.text(2), from.car_name, to.car_name, from.is_external,
                         to.is_external});
      }
    }
    return writer.finish();
  }

  void end_job(Open& open, const ImportStatus& status) {
    switch (status.outcome) {
      case ImportOutcome::done:
        acknowledge_import(run_.state, open.range, run_.clock.text(), open.job);
        done_ += open.range.size();
        refusals_.taken += open.range.size();
        return;
      case ImportOutcome::failed:
        if (blames_records(status)) return split(open.range, status.error);
        return try_again(open.range, "job " + open.job + " failed: " +
                                         (status.error.empty() ? "no reason" : status.error));
      case ImportOutcome::lost:
        return try_again(open.range, "CAR lost job " + open.job);
      case ImportOutcome::unfinished:
        return;
    }
  }

  void try_again(ItemRange& range, const std::string& why) {
    if (++range.tries >= kTries) {
      problem_ =
          why + ", " + std::to_string(kTries) + " times in a row; the next run sends it again";
      return;
    }
    spdlog::info("{}: sent again", why);
    again_.push_back(range);
  }

  // Halved until the bad record stands alone; its batch row goes, the halves get their own. They
  // come before all others, so that a CAR that refuses everything is known as such after some
  // records and not after all.
  void split(ItemRange& range, const std::string& error) {
    run_.state.statement("deliver/end_batch").bind("batch", range.batch).run();
    if (range.size() == 1) return refuse(range, error);
    const std::int64_t middle = range.first + range.size() / 2;
    again_.push_front({middle, range.last, 0, operation_, 0});
    again_.push_front({range.first, middle - 1, 0, operation_, 0});
  }

  // What was refused before and comes again tells nothing of CAR, unless everything comes again.
  void refuse(const ItemRange& single, const std::string& error) {
    const bool is_new =
        run_.full() ||
        run_.state.statement("deliver/is_newly_refused").bind("item", single.first).number() != 0;
    if (is_new) ++refusals_.refused;
    refused_.push_back({single, error.empty() ? "refused without a reason" : error});
    if (refused_.size() >= kRefusedAtOnce) judge_refused_now();
  }

  void judge_refused() {
    if (refused_.empty()) return;
    Transaction transaction(run_.state);
    judge_refused_now();
    transaction.commit();
  }

  // In the caller's transaction. At CAR's fault the records stay in the outbox, for the next run.
  void judge_refused_now() {
    if (refusals_.are_cars_fault(run_.full())) {
      problem_ = too_many_refused(refusals_, kOperations.text(operation_) + " records",
                                  refused_.front().reason) +
                 "; the next run sends them again";
      again_.clear();
      return;
    }
    for (const Refused& one : refused_) {
      spdlog::info("CAR refuses a record, it is set aside: {}", one.reason);
      set_aside(run_.state, one.single, one.reason, run_.now);
      ++done_;
    }
    refused_.clear();
  }

  Run& run_;
  Operation operation_;
  std::size_t window_;
  std::vector<ItemRange> ready_;  ///< written down as handed over, not sent yet
  std::vector<Open> open_;        ///< taken by CAR, not finished
  std::map<std::string, Kind> kinds_;
  std::int64_t after_ = 0;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
  std::vector<Refused> refused_;  ///< standing alone, not set aside yet
  Refusals& refusals_;
  std::string problem_;
  std::deque<ItemRange> again_;
};

}  // namespace

void send_imports(Run& run, Operation operation) { Importer(run, operation).send_all(); }

}  // namespace defender_car
