#!/usr/bin/env bash
# Two runs on one state: the second does nothing, exits with 11 and names the first; `status` works
# beside a run; the lock goes with its holder, even if that was killed.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 30 --latency 200

start_first() {
  program_in_background sync --working-dir "$place/work"
  wait_for "the lock" grep -qs "process $program_pid" "$place/work/state.lock"
}

start_first
first=$program_pid
wait_for "what the run fetches" test -e "$place/work/stage.db" # so the state has its tables
kill -STOP "$first" # it holds the lock until the others have been here, however fast it would be
program sync --working-dir "$place/work"
expect_code 11 "the second run"
grep -q "process $first, since 20" "$place/err" || fail "the holder is not named"
program status --working-dir "$place/work"
expect_code 0 "status beside a run"
kill -CONT "$first"
wait_for_program
expect_code 0 "the first run"

start_first
kill -KILL "$program_pid"
wait_for_program
program sync --working-dir "$place/work"
expect_code 0 "a run after a killed one"

# The file is there before its first run has written anything.
mkdir "$place/new"
: >"$place/new/state.db"
program status --working-dir "$place/new"
expect_code 2 "status before anything was written"
grep -q "holds nothing yet" "$place/err" || fail "an empty state file is not told apart"
