#!/usr/bin/env bash
# `plan` as people and pipelines meet it: exit codes 0, 3 and 12, a plan kept and delivered, a folder
# that nobody may write to, and a signal that leaves nothing behind.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
mkdir "$place/tmp"
export TMPDIR=$place/tmp
expect_clean() { [[ -z $(ls -A "$place/tmp") ]] || fail "left in TMPDIR: $1"; }
work=$place/work

simulator --machines 20 --seed 7
program plan --working-dir "$work" --exit-code --save "$place/first.plan"
expect_code 3 "everything is to be imported"
[[ ! -e $work ]] || fail "a plan made the working folder"
[[ $(stat -c %a "$place/first.plan") == 600 ]] || fail "the plan's file is not private"
grep -q '^import  *asset  *full import  *19$' "$place/out" || fail "the counts are not there"
program plan --working-dir "$work" --save "$place/first.plan"
expect_code 2 "a plan that is there is not written over"
program sync --working-dir "$work" --plan "$place/first.plan"
expect_code 0 "a first import by a plan"
expect_silence "a good run"

program plan --working-dir "$work" --exit-code
expect_code 0 "nothing is to be done"
grep -q '^There is nothing to do.$' "$place/out" || fail "a quiet plan does not say so"

simulate POST "/_sim/live?hours=60" >/dev/null
program plan --working-dir "$work"
expect_code 0 "without --exit-code"
grep -q '^disable edge ' "$place/out" || fail "no removal is planned"
program plan --working-dir "$work" --exit-code --max-disables 0
expect_code 12 "a guard would hold"
grep -q "^a guard would hold, .*: defender-car plan .*--max-disables=0 --allow-once [0-9a-f]" "$place/out" ||
  fail "the guard's command is not there"
program plan --working-dir "$work" --max-disables 0
expect_code 0 "a guard, without --exit-code"

# The state on a folder that is not ours and that we may not write to.
cp -r "$work" "$place/copy"
chmod -R a+rX,a-w "$place/copy"
chmod 755 "$place"
chmod 777 "$place/tmp"
as_nobody() { if ((EUID == 0)); then setpriv --reuid=65534 --clear-groups "$@"; else "$@"; fi; }
mapfile -t options < <(simulator_options)
code=0
as_nobody "$build/defender-car" plan "${options[@]}" --working-dir "$place/copy" --exit-code \
  >"$place/out" 2>"$place/err" </dev/null || code=$?
expect_code 3 "on a read-only folder"
expect_clean "on a read-only folder"

program plan --working-dir "$work" --save "$place/second.plan"
program sync --working-dir "$work" --format json
expect_code 0 "a run between"
program sync --working-dir "$work" --plan "$place/second.plan" --format json
expect_code 12 "the state has moved"
grep -q "the state has moved since .*; last run: then 1 of " "$place/err" || fail "what moved is not named"
[[ $(json "$place/out" '$.failure') == guard ]] || fail "the refusal's document"

stop_simulator
simulator --machines 20 --seed 7 --latency 30
for signal in INT TERM; do
  program_in_background plan --working-dir "$work" --save "$place/never.plan"
  wait_for "the copy" compgen -G "$place/tmp/defender-car-*/stage.db" >/dev/null
  kill "-$signal" "$program_pid"
  wait_for_program
  expect_code 10 "SIG$signal"
  expect_clean "SIG$signal"
  [[ ! -e $place/never.plan ]] || fail "a plan was kept after SIG$signal"
done
