#!/usr/bin/env bash
# SIGTERM and SIGINT end a run at the next safe point with exit code 10, wherever they strike; the
# next run finishes the work, and CAR ends as if nothing had happened.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

interrupted=0

new_simulator() {
  stop_simulator
  simulator --machines 60 --seed 7 --latency "$1"
}

requests_reach() {
  (($(simulate GET /_sim/requests | grep -o '"service"' | wc -l) >= $1))
}

program_ended() { ! kill -0 "$program_pid" 2>/dev/null; }
reached_or_ended() { requests_reach "$1" || program_ended; }

# interrupt SIGNAL REQUESTS: a run gets the signal after so many requests.
interrupt() {
  simulate POST /_sim/requests/clear >/dev/null
  program_in_background sync --working-dir "$place/work"
  wait_for "$2 requests" reached_or_ended "$2"
  kill "-$1" "$program_pid" 2>/dev/null || true
  local -r since=$SECONDS
  wait_for_program
  ((SECONDS - since <= 30)) || fail "the run ended only $((SECONDS - since)) seconds after $1"
  # The signal may have come too late.
  if ((code != 0)); then
    expect_code 10 "$1 after $2 requests"
    interrupted=$((interrupted + 1))
  fi
}

sync_well() {
  program sync --working-dir "$place/work" --format json
  expect_code 0 "$1"
}

expect_graph() {
  simulate GET /_sim/graph >"$place/graph"
  diff -q "$place/$1" "$place/graph" >/dev/null || fail "CAR differs from the undisturbed one: $2"
  sync_well "a quiet run"
  [[ $(json "$place/out" '$.sent') == '[]' ]] || fail "the run after that still sent something: $2"
}

undisturbed() {
  new_simulator 0
  sync_well "undisturbed, full"
  simulate GET /_sim/graph >"$place/graph-full"
  simulate POST "/_sim/live?hours=30" >/dev/null
  sync_well "undisturbed, incremental"
  simulate GET /_sim/graph >"$place/graph-incremental"
}

# disturbed SIGNAL REQUESTS: both kinds of run are struck after so many requests.
disturbed() {
  rm -rf "$place/work"
  new_simulator 15
  interrupt "$1" "$2"
  sync_well "full after $1"
  expect_graph graph-full "full, $1 after $2 requests"
  simulate POST "/_sim/live?hours=30" >/dev/null
  interrupt "$1" "$2"
  sync_well "incremental after $1"
  expect_graph graph-incremental "incremental, $1 after $2 requests"
}

undisturbed
disturbed TERM 1
disturbed INT 8
disturbed TERM 20
disturbed TERM 30
((interrupted >= 5)) || fail "only $interrupted of 8 runs were interrupted at all"
