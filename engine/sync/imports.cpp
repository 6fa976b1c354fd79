#include "sync/imports.h"

#include <spdlog/spdlog.h>

#include <deque>
#include <vector>

#include "base/cancel.h"
#include "car/envelope.h"
#include "sync/acknowledge.h"

namespace defender_car {
namespace {

constexpr int kEnvelopesAtOnce = 8;
constexpr std::int64_t kRecordsAnEnvelope = 2'000;  // car-api.md, "An import envelope"
constexpr int kTries = 3;
constexpr std::int64_t kSetAsideAtMost =
    500;  // more look like a fault of CAR's than like bad records

class Importer {
 public:
  Importer(Run& run, const std::string& operation) : run_(run), operation_(operation) {
    total_ = outbox_count(run.state, operation);
  }

  void send_all() {
    for (auto round = next_round(); !round.empty(); round = next_round()) {
      throw_if_cancelled();
      send_round(round);
      run_.progress.report("importing " + operation_ + " records into CAR", done_, total_);
    }
  }

 private:
  std::vector<Stretch> next_round() {
    std::vector<Stretch> round;
    while (round.size() < kEnvelopesAtOnce) {
      if (!again_.empty()) {
        round.push_back(again_.front());
        again_.pop_front();
        continue;
      }
      auto stretch = next_stretch(run_.state, operation_, after_, kRecordsAnEnvelope);
      if (!stretch) break;
      after_ = stretch->last;
      round.push_back(std::move(*stretch));
    }
    return round;
  }

  void send_round(std::vector<Stretch>& round) {
    begin_batches(round);
    std::vector<std::string> envelopes;
    envelopes.reserve(round.size());
    for (const Stretch& stretch : round) envelopes.push_back(envelope(stretch));
    const auto receipts = post(round, envelopes);
    const auto jobs = write_down_jobs(round, receipts);
    const auto statuses = run_.car.wait_for_imports(jobs);
    Transaction transaction(run_.state);
    for (std::size_t at = 0; at < round.size(); ++at) {
      const ImportReceipt& receipt = *receipts[at];
      if (receipt.kind == ImportReceipt::Kind::accepted) {
        settle(round[at], receipt.job_id, statuses.at(receipt.job_id));
      } else {
        split(round[at], receipt.error);
      }
    }
    transaction.commit();
    if (!problem_.empty()) throw Error(ErrorKind::car_recoverable, problem_);
  }

  void begin_batches(std::vector<Stretch>& round) {
    Transaction transaction(run_.state);
    for (Stretch& stretch : round) {
      if (stretch.batch == 0) begin_batch(run_.state, stretch);
    }
    transaction.commit();
  }

  using Receipts = std::vector<std::optional<ImportReceipt>>;

  // What CAR took before a failure is its to carry out: the next run must be able to ask after it.
  Receipts post(const std::vector<Stretch>& round, const std::vector<std::string>& envelopes) {
    Receipts receipts(envelopes.size());
    try {
      run_.car.post_imports(envelopes, [&](std::size_t index, ImportReceipt receipt) {
        receipts[index] = std::move(receipt);
      });
    } catch (...) {
      write_down_jobs(round, receipts);
      throw;
    }
    return receipts;
  }

  std::vector<std::string> write_down_jobs(const std::vector<Stretch>& round,
                                           const Receipts& receipts) {
    std::vector<std::string> jobs;
    Transaction transaction(run_.state);
    for (std::size_t at = 0; at < round.size(); ++at) {
      if (!receipts[at] || receipts[at]->kind != ImportReceipt::Kind::accepted) continue;
      jobs.push_back(receipts[at]->job_id);
      run_.state.statement("deliver/batch_job")
          .bind("batch", round[at].batch)
          .bind("job", receipts[at]->job_id)
          .run();
    }
    transaction.commit();
    return jobs;
  }

  std::string envelope(const Stretch& stretch) {
    EnvelopeWriter writer(run_.settings.car.source, run_.settings.defender.tenant_id,
                          std::to_string(run_.report_ms), run_.report_ms);
    std::string open;
    const auto begin = [&](const std::string& collection) {
      if (collection != open) writer.begin(open = collection);
    };
    const bool vertices = operation_ == "vertex";
    Statement& rows = run_.state.statement(vertices ? "deliver/vertices" : "deliver/edges")
                          .bind("first", stretch.first)
                          .bind("last", stretch.last);
    while (rows.step()) {
      begin(rows.text(0));
      if (vertices) {
        writer.add_raw_vertex(rows.text(1));
        continue;
      }
      const std::string from = rows.text(1), to = rows.text(2), from_collection = rows.text(3),
                        to_collection = rows.text(4);
      writer.add_edge(
          {from, to, from_collection, to_collection, rows.integer(5) != 0, rows.integer(6) != 0});
    }
    return writer.finish();
  }

  void settle(Stretch& stretch, const std::string& job, const ImportStatus& status) {
    switch (status.outcome) {
      case ImportOutcome::done:
        acknowledge_import(run_.state, stretch, iso8601(system_now()), job);
        done_ += stretch.size();
        return;
      case ImportOutcome::failed:
        if (status.status_code >= 500 || status.status_code == 429)
          return try_again(stretch, "job " + job + " failed: " + status.error);
        return split(stretch, status.error);
      case ImportOutcome::lost:
        return try_again(stretch, "CAR lost job " + job);
      case ImportOutcome::unfinished:
        problem_ =
            "import job " + job + " did not end within its time limit; the next run asks after it";
        return;
    }
  }

  void try_again(Stretch& stretch, const std::string& why) {
    if (++stretch.tries >= kTries) {
      problem_ =
          why + ", " + std::to_string(kTries) + " times in a row; the next run sends it again";
      return;
    }
    spdlog::info("{}: sent again", why);
    again_.push_back(stretch);
  }

  // Halved until the bad record stands alone; its batch row goes, the halves get their own.
  void split(Stretch& stretch, const std::string& error) {
    if (stretch.size() == 1) {
      if (++set_aside_ > kSetAsideAtMost) {
        problem_ = "CAR refuses record after record (" + error + "); the next run tries again";
        return;
      }
      spdlog::info("CAR refuses a record, it is set aside: {}", error);
      set_aside(run_.state, stretch, error.empty() ? "refused without a reason" : error);
      ++done_;
      return;
    }
    run_.state.statement("deliver/end_batch").bind("batch", stretch.batch).run();
    const std::int64_t middle = stretch.first + stretch.size() / 2;
    again_.push_back({stretch.first, middle - 1, 0, operation_, 0});
    again_.push_back({middle, stretch.last, 0, operation_, 0});
  }

  Run& run_;
  std::string operation_;
  std::int64_t after_ = 0;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
  std::int64_t set_aside_ = 0;
  std::string problem_;
  std::deque<Stretch> again_;
};

}  // namespace

void send_imports(Run& run, const std::string& operation) { Importer(run, operation).send_all(); }

}  // namespace defender_car
