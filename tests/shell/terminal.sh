#!/usr/bin/env bash
# What a person at a terminal sees: a real pseudo terminal of 80 and of 40 columns, made by script(1).
# Prose is wrapped, wide tables become lines, verdicts have colours there and nowhere else, a Ctrl-C
# ends a run in order.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
readonly escape=$'\x1b'

# at_terminal COLUMNS COMMAND…: $place/out has what the terminal got, without carriage returns.
at_terminal() {
  local columns=$1
  shift
  code=0
  TERM=xterm script --quiet --return --log-out "$place/typescript" --command \
    "stty cols $columns rows 40; exec $(printf '%q ' "$build/defender-car" "$@")" </dev/null >/dev/null || code=$?
  sed -e 's/\r$//' -e '/^Script \(started\|done\) /d' "$place/typescript" >"$place/out"
}

longest_line() { awk '!/^ / { if (length($0) > n) n = length($0) } END { print n + 0 }' "$place/out"; }

simulator --machines 12
program sync --working-dir "$place/work"
expect_code 0

for columns in 80 40; do
  at_terminal "$columns" help
  (($(longest_line) <= columns)) || fail "prose of help is wider than $columns columns"
  at_terminal "$columns" status --working-dir "$place/work"
  grep -q "^$escape\[32min step$escape\[0m: last success" "$place/out" || fail "no coloured verdict"
done

at_terminal 40 runs --working-dir "$place/work"
grep -q '^run: 1$' "$place/out" || fail "a wide table stays one at 40 columns"
at_terminal 200 runs --working-dir "$place/work"
grep -q '^run  *started' "$place/out" || fail "a table that fits became lines"

NO_COLOR=1 at_terminal 80 status --working-dir "$place/work"
! grep -q "$escape" "$place/out" || fail "colours in spite of NO_COLOR"
at_terminal 80 status --working-dir "$place/work" --color never
! grep -q "$escape" "$place/out" || fail "colours in spite of --color never"
program status --working-dir "$place/work"
! grep -q "$escape" "$place/out" || fail "colours where there is no terminal"

# A run that waits for CAR, and a person who has seen enough.
simulate POST "/_sim/fault?match=GET%20/car/&kind=stall&stall_ms=60000&count=99" >/dev/null
mapfile -t options < <(simulator_options)
mkfifo "$place/keys"
TERM=xterm script --quiet --return --log-out "$place/typescript" --command \
  "exec $(printf '%q ' "$build/defender-car" sync "${options[@]}" --mode full --working-dir "$place/work")" \
  <"$place/keys" >/dev/null 2>&1 &
person=$!
exec 3>"$place/keys"
at_work() { "$build/defender-car" status --working-dir "$place/work" | grep -q 'running now .*process'; }
wait_for "the run" at_work
printf '\003' >&3
exec 3>&-
code=0
wait "$person" || code=$?
cp "$place/typescript" "$place/out"
expect_code 10 "a run that a Ctrl-C ended"
grep -q 'interrupted' "$place/out" || fail "the run does not say that it was interrupted"
