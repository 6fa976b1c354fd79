#!/usr/bin/env bash
# Under cron: a good run prints nothing. A failure is told in full once, and then as one line a run
# with its count and since when.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 30 --start now

good_run() {
  program sync --working-dir "$place/work"
  expect_code 0 "$1"
  expect_silence "$1"
}

good_run "a full run"
good_run "an incremental run"

simulate POST "/_sim/fault?match=/oauth2/&kind=status&status=403&count=1000" >/dev/null
program sync --working-dir "$place/work"
((code != 0)) || fail "a refused login went unnoticed"
first_code=$code
[[ ! -s $place/out ]] || fail "a failure belongs on standard error"
grep -q "exit code $code" "$place/err" || fail "the first failure does not tell its exit code"

for count in 2 3; do
  program sync --working-dir "$place/work"
  expect_code "$first_code" "the same failure again"
  (($(wc -l <"$place/err") == 1)) || fail "a repeated failure is more than one line"
  grep -Eq "$count times in a row since 20[0-9-]+T" "$place/err" || fail "count and since are missing"
done

simulate POST "/_sim/fault?clear=1" >/dev/null
good_run "the run after the failure"
