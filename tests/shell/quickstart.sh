#!/usr/bin/env bash
# scripts/quickstart as a newcomer sees it, from another folder: three runs, the answer, no process
# left; neither when it is ended half way, not even by force.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
# Built already, and not in the place of a person's own.
export DEFENDER_CAR_BUILD=$build DEFENDER_CAR_QUICKSTART=$place/quickstart
cd /

# Whether a process has our folder on its command line; the brackets keep grep from finding itself.
left() {
  grep -qa "${place%?}[${place: -1}]/quickstart/url" /proc/[0-9]*/cmdline 2>/dev/null
}
none_left() { ! left; }

"$root/scripts/quickstart" </dev/null >"$place/out" 2>"$place/err" || fail "quickstart failed"
none_left || fail "the simulator is still there"
for words in 'Run 1, full .*, done' 'Run 2, incremental .*, done' 'Run 3, incremental .*, done' \
  '[0-9]+ vertices, [0-9]+ edges, [0-9]+ PATCHes, [0-9]+ DELETEs' 'PATCH active:false' \
  'sqlite3 -readonly' 'What to do next'; do
  grep -Eq "$words" "$place/out" || fail "quickstart does not say: $words"
done
[[ ! -s $place/err ]] || fail "quickstart complains"
(($(find "$place/quickstart/work/snapshots" -name '*.db' | wc -l) == 3)) || fail "not three snapshots"

[[ -s $place/quickstart/report.html ]] || fail "no report"

# --keep leaves a simulator and the configuration that fits; stop ends it.
DEFENDER_CAR_PORT=0 "$root/scripts/quickstart" --keep </dev/null >"$place/out" 2>"$place/err" || fail "quickstart --keep failed"
left || fail "the simulator is gone"
for command in check plan sync verify; do
  "$build/defender-car" "$command" --config "$place/quickstart/defender-car.ini" </dev/null >"$place/out" 2>"$place/err" ||
    fail "$command does not work with what quickstart --keep leaves"
done
"$place/quickstart/stop"
wait_for "the simulator to stop" none_left
"$place/quickstart/stop" # once more: nothing is there
rm -r "$place/quickstart"

export DEFENDER_CAR_LATENCY=50  # long enough to be caught half way on a busy machine
for signal in TERM INT KILL; do
  env --default-signal=INT setsid "$root/scripts/quickstart" </dev/null >"$place/out" 2>"$place/err" &
  quickstart_pid=$!
  wait_for "the simulator" left
  kill "-$signal" "$quickstart_pid"
  wait "$quickstart_pid" || true
  wait_for "the simulator to go after $signal" none_left
done
