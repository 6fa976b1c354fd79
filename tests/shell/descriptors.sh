#!/usr/bin/env bash
# With standard descriptors closed, all of them or any, a command does what it does and writes into
# nothing but what is its own: no log line in a connection, in the lock or in the state. An answer that
# could not be written is exit code 1; a reader that has gone (head) is none of our business.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 10
mapfile -t services < <(simulator_options)

# refused_requests: what reached the simulator since the last time and was no good request.
refused_requests() {
  simulate GET /_sim/requests >"$place/requests"
  sqlite3 :memory: "SELECT value FROM json_each(readfile('$place/requests')) WHERE json_extract(value, '$.status') NOT IN (200, 201, 202, 204, 404)"
  simulate POST /_sim/requests/clear >/dev/null
}

# with_closed DESCRIPTORS COMMAND…: $code.
with_closed() {
  local redirections=
  [[ $1 != *0* ]] || redirections+=' 0<&-'
  [[ $1 != *1* ]] || redirections+=' 1>&-'
  [[ $1 != *2* ]] || redirections+=' 2>&-'
  code=0
  # The rest is open: on nothing, a file and a file.
  bash -c 'shift; exec "$@"'"$redirections" with_closed "$@" </dev/null >"$place/out" 2>"$place/err" || code=$?
}

expect_files() {
  grep -Eqx 'left [0-9]+ [0-9.]+' "$place/work/state.lock" || fail "state.lock after $1: $(head -c 300 "$place/work/state.lock")"
  [[ $(sqlite3 "file:$place/work/state.db?mode=ro" 'PRAGMA integrity_check') == ok ]] || fail "state.db after $1"
}

talkative=("${services[@]}" --working-dir "$place/work" --log-level trace)
"$build/defender-car" sync "${talkative[@]}" </dev/null >"$place/out" 2>"$place/err"
[[ -z $(refused_requests) ]] || fail "an undisturbed run sent a request that was refused"

for closed in 0 1 2 01 02 12 012; do
  with_closed "$closed" "$build/defender-car" sync --mode full "${talkative[@]}"
  expect_code 0 "sync with $closed closed"
  expect_files "sync with $closed closed"
  refused=$(refused_requests)
  [[ -z $refused ]] || fail "refused with $closed closed: $refused"

  expected=0
  [[ $closed != *1* ]] || expected=1
  machine=$(sqlite3 "file:$place/work/state.db?mode=ro" 'SELECT min(id) FROM MachineInfo')
  for words in "sync --format json" check plan verify status runs snapshots report "explain $machine" "diff 1 2" help; do
    # shellcheck disable=SC2086 # words are words
    case $words in
      sync* | check | plan | verify) with_closed "$closed" "$build/defender-car" $words "${talkative[@]}" ;;
      help) with_closed "$closed" "$build/defender-car" help ;;
      *) with_closed "$closed" "$build/defender-car" $words --working-dir "$place/work" ;;
    esac
    expect_code "$expected" "$words with $closed closed"
    expect_files "$words with $closed closed"
    ((expected == 1)) || [[ -s $place/out ]] || fail "$words with $closed closed gave no answer"
  done
done

# A full disk behind standard output, and a reader that is gone.
for command in status runs snapshots report help; do
  code=0
  "$build/defender-car" "$command" --working-dir "$place/work" </dev/null >/dev/full 2>"$place/err" || code=$?
  [[ $command == help ]] || grep -q 'cannot write to standard output' "$place/err" || fail "$command does not say what failed"
  expect_code 1 "$command on a full disk"
  mkfifo "$place/pipe"
  : <"$place/pipe" &
  exec 9>"$place/pipe"
  wait $!
  code=0
  "$build/defender-car" "$command" --working-dir "$place/work" </dev/null >&9 2>"$place/err" || code=$?
  exec 9>&-
  rm "$place/pipe"
  expect_code 0 "$command for a reader that has gone"
done
code=0
"$build/defender-car" sync "${talkative[@]}" </dev/null >/dev/full 2>/dev/full || code=$?
expect_code 0 "a run whose log nobody can keep"
expect_files "a run whose log nobody can keep"

# The simulator's own: what it prints goes into no connection either.
stop_simulator
rm -f "$place/url"
"$build/defender-car-simulator" --machines 10 --url-file "$place/url" 0<&- 1>&- 2>&- &
simulator_pid=$!
wait_for "the simulator without descriptors" test -s "$place/url"
simulator_url=$(<"$place/url")
program sync --working-dir "$place/new"
expect_code 0 "a run against a simulator without descriptors"
