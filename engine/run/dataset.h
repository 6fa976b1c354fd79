#pragma once
// One dataset's reading: its row in stage.dataset, and what a failure of it means.

#include <functional>
#include <optional>
#include <string>

#include "run/run.h"

namespace defender_car {

/// Whether Defender (or login, or Graph) failed, as opposed to us, CAR or a signal.
bool is_defender_failure(ErrorKind kind);

/// Whether a failure of that kind may be the fault of what was asked for, while another question is
/// answered.
bool may_be_one_records(ErrorKind kind);

/// The window's beginning ("2026-11-24T13:00:00Z"), or nothing when the dataset is to be read
/// whole: a full run, one that was never complete, or a cursor ahead of Defender's clock (once that
/// is known).
std::optional<std::string> window(Run& run, const std::string& dataset, int overlap_hours);

/// Its row in stage.dataset, incomplete so far.
void begin_dataset(Run& run, const std::string& name, bool whole,
                   const std::optional<std::string>& since);

/// Marks the dataset begun, runs `read`, marks it complete. A failure of Defender makes it
/// incomplete with the reason and decides the exit code; a share of calls that is used up, or what
/// was not understood of its answers, makes it incomplete only; failures of our own and signals
/// pass on. True when it was read to its end.
bool read_dataset(Run& run, const std::string& name, bool whole,
                  const std::optional<std::string>& since, const std::function<void()>& read);

/// What a failure of Defender is to the run. What --budget-share leaves to later runs is what
/// somebody asked for, so it is none, and the exit code stays.
void fail_or_put_off(Run& run, const Error& error, const std::string& what);

/// `problem`: in words, "" for none.
void set_dataset_state(Run& run, const std::string& name, DatasetState state,
                       const std::string& problem);

/// Counts what was not understood of an answer; read_dataset() draws the conclusion.
void note_not_understood(Run& run, const std::string& name, const ReadResult& read);
void note_not_understood(Run& run, const std::string& name, std::int64_t count,
                         const std::string& what);

/// "None" was said by 404: right for a window, and the next one begins where this one did.
void keep_cursor(Run& run, const std::string& name);

/// A question about one machine or CVE that Defender refuses, for that one alone: it is asked again
/// less and less often (table refusal).
void note_refusal(Run& run, const std::string& question, const std::string& subject,
                  const std::string& problem);

/// Where there are such: "Defender refuses to tell WHAT of N".
void warn_of_refusals(Run& run, const std::string& question, const std::string& what);

/// Whether that many of those asked are the fault of what was asked for, as opposed to the
/// service's.
constexpr bool are_few(std::size_t refused, std::size_t asked) {
  return refused <= 3 || refused * 100 <= asked;
}

/// How each dataset was read, into the report and into run_dataset.
void report_datasets(Run& run);

}  // namespace defender_car
