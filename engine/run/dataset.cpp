#include "run/dataset.h"

#include <spdlog/spdlog.h>

#include "base/printable.h"

namespace defender_car {
bool is_defender_failure(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::defender:
    case ErrorKind::unreachable:
    case ErrorKind::authentication:
    case ErrorKind::forbidden:
    case ErrorKind::invalid_parameter:
    case ErrorKind::budget:
    case ErrorKind::bad_data:
      return true;
    default:
      return false;
  }
}

bool may_be_one_records(ErrorKind kind) {
  return is_defender_failure(kind) && kind != ErrorKind::authentication &&
         kind != ErrorKind::forbidden && kind != ErrorKind::budget;
}

std::optional<std::string> window(Run& run, const std::string& dataset, int overlap_hours) {
  if (run.whole) return std::nullopt;
  return run.state.statement("fetch/window")
      .bind("name", dataset)
      .bind("hours", overlap_hours)
      .bind("clock_known", run.now.empty() ? 0 : 1)
      .value();
}

void begin_dataset(Run& run, const std::string& name, bool whole,
                   const std::optional<std::string>& since) {
  run.state.statement("fetch/begin_dataset")
      .bind("name", name)
      .bind("whole", whole ? 1 : 0)
      .bind("since", since)
      .run();
}

void set_dataset_state(Run& run, const std::string& name, DatasetState state,
                       const std::string& problem) {
  run.state.statement("fetch/dataset_state")
      .bind("name", name)
      .bind("state", kDatasetStates.text(state))
      .bind("problem", problem.empty() ? std::nullopt : std::optional(printable_lines(problem)))
      .run();
}

void fail_or_put_off(Run& run, const Error& error, const std::string& what) {
  if (error.kind() == ErrorKind::budget) {
    spdlog::info("{}{}", what, error.what());
  } else {
    run.fail(error.kind(), what + error.what());
  }
}

void keep_cursor(Run& run, const std::string& name) {
  run.state.statement("fetch/keep_cursor").bind("name", name).run();
}

void note_not_understood(Run& run, const std::string& name, const ReadResult& read) {
  if (read.not_understood == 0) return;
  note_not_understood(run, name, read.not_understood, read.not_understood_text());
}

void note_not_understood(Run& run, const std::string& name, std::int64_t count,
                         const std::string& what) {
  run.state.statement("fetch/not_understood")
      .bind("name", name)
      .bind("count", count)
      .bind("what", what)
      .run();
}

namespace {

// The rows are used. But what was not understood may stand for anything, so nothing is taken for
// gone, and the next window begins where this one did.
void end_reading(Run& run, const std::string& name) {
  Statement& query = run.state.statement("fetch/not_understood_in").bind("name", name);
  query.step();
  const std::int64_t count = query.integer(0);
  std::string problem = query.text(1);
  query.reset();
  if (count > 1) problem += " (" + std::to_string(count) + " not understood in all)";
  set_dataset_state(run, name, problem.empty() ? DatasetState::complete : DatasetState::incomplete,
                    problem);
  if (problem.empty()) return;
  const std::string kept = name == "users" ? "no user of those machines" : "nothing of it";
  run.warn(name + " came with something that was not understood, so " + kept +
           " is removed in this run, and the next one reads it again: " + problem);
}

}  // namespace

bool read_dataset(Run& run, const std::string& name, bool whole,
                  const std::optional<std::string>& since, const std::function<void()>& read) {
  run.progress.report("fetching " + name, 0, 0);
  begin_dataset(run, name, whole, since);
  try {
    read();
  } catch (const Error& error) {
    if (!is_defender_failure(error.kind())) throw;
    set_dataset_state(run, name, DatasetState::incomplete, error.what());
    fail_or_put_off(run, error,
                    name + " could not be read whole, so nothing of it is removed in this run: ");
    return false;
  }
  end_reading(run, name);
  return true;
}

void note_refusal(Run& run, const std::string& question, const std::string& subject,
                  const std::string& problem) {
  run.state.statement("fetch/refused_again")
      .bind("question", question)
      .bind("subject", subject)
      .bind("problem", problem)
      .run();
}

void warn_of_refusals(Run& run, const std::string& question, const std::string& what) {
  Statement& query = run.state.statement("fetch/refusals").bind("question", question);
  query.step();
  if (const std::int64_t count = query.integer(0); count > 0)
    run.warn("Defender refuses to tell " + what + " of " + std::to_string(count) +
             "; what was known last stays, and they are asked less and less often. The first: " +
             printable(query.text(1), 100) + ": " + query.text(2));
  query.reset();
}

void report_datasets(Run& run) {
  run.report.datasets.clear();
  Statement& query = run.state.statement("fetch/datasets");
  while (query.step()) {
    DatasetReport dataset{
        query.text(0),   kDatasetStates.read(query.text(1)), 0, query.text(2), query.integer(4),
        query.integer(5)};
    if (dataset.not_understood > 0) {
      if (!dataset.problem.empty()) dataset.problem += "; ";
      dataset.problem += "it held " + std::to_string(dataset.not_understood) +
                         " elements that are no records, so nothing of it is removed in this run";
    }
    run.report.datasets.push_back(std::move(dataset));
  }
  Transaction transaction(run.state);  // one wait for the disk, not one a dataset
  for (DatasetReport& dataset : run.report.datasets) {
    dataset.rows = run.state.number("fetch/count_" + dataset.name);
    run.state.statement("run/dataset")
        .bind("run_id", run.report.run_id)
        .bind("name", dataset.name)
        .bind("state", kDatasetStates.text(dataset.state))
        .bind("records", dataset.rows)
        .bind("problem", dataset.problem)
        .run();
  }
  transaction.commit();
}

}  // namespace defender_car
