#!/usr/bin/env bash
# Who only looks waits for nothing without end, whatever lies in the place of a file, and turns no run
# away; a signal leaves no copy of the state behind; a terminal that knows no escapes gets none.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 10
mapfile -t services < <(simulator_options)
mkdir -m 700 "$place/tmp"
export TMPDIR=$place/tmp
for _ in 1 2; do
  program sync --working-dir "$place/work"
  expect_code 0 "sync"
done
machine=$(sqlite3 "file:$place/work/state.db?mode=ro" 'SELECT min(id) FROM MachineInfo')

# look COMMAND…: ends within a minute, in whatever way but a crash.
look() {
  code=0
  timeout 60 "$build/defender-car" "$@" --working-dir "$place/odd" </dev/null >"$place/out" 2>"$place/err" || code=$?
  ((code < 100)) || fail "exit code $code: $*"
}

for name in state.db state.lock state.db-wal state.db-shm snapshots/000001-full.db snapshots stage.db; do
  for kind in pipe folder device; do
    rm -rf "$place/odd"
    cp -r "$place/work" "$place/odd"
    rm -rf "${place:?}/odd/$name"
    case $kind in
      pipe) mkfifo "$place/odd/$name" ;;
      folder) mkdir "$place/odd/$name" ;;
      device) ln -s /dev/zero "$place/odd/$name" ;;
    esac
    for command in status runs "explain $machine" "diff 1 2" report snapshots; do
      # shellcheck disable=SC2086 # a command and its words
      look $command
      [[ $name != state.db* ]] || ((code != 0)) || [[ $command == snapshots || $command == "diff 1 2" ]] ||
        fail "$command is content with a $kind as $name"
    done
    for command in plan verify sync; do
      look "$command" "${services[@]}"
      [[ $name != state.db ]] || ((code != 0)) || fail "$command is content with a $kind as $name"
    done
  done
done

# A run is at work and somebody looks on: neither is in the other's way.
simulate POST "/_sim/fault?match=/login/&kind=stall&stall_ms=3000&count=1" >/dev/null
program_in_background sync --working-dir "$place/work"
wait_for "the lock" grep -qs "process $program_pid" "$place/work/state.lock"
"$build/defender-car" status --working-dir "$place/work" </dev/null >"$place/looked" 2>&1
grep -q "running now .*process $program_pid," "$place/looked" || fail "status does not see the run: $(<"$place/looked")"
wait_for_program
expect_code 0 "a run that was looked at"
"$build/defender-car" status --working-dir "$place/work" </dev/null | grep -Eq 'running now +no$' || fail "status sees a run that has ended"

# A database that somebody else has locked is waited for, but not for ever.
exec 8> >(sqlite3 "$place/work/state.db" >"$place/locker" 2>&1)
printf '%s\n' 'PRAGMA locking_mode = EXCLUSIVE;' 'BEGIN EXCLUSIVE;' 'DELETE FROM run WHERE 0;' "SELECT 'locked';" >&8
wait_for "the lock on the database" grep -qs '^locked' "$place/locker"
code=0
timeout 100 "$build/defender-car" status --working-dir "$place/work" </dev/null >"$place/out" 2>"$place/err" || code=$?
expect_code 1 "a locked database"
grep -q 'locked' "$place/err" || fail "that the database is locked is not told"
exec 8>&-

left_behind() { find "$place/tmp" -mindepth 1 | head -n 3; }
copy_is_there() { [[ -n $(left_behind) ]] || ! kill -0 "$program_pid" 2>/dev/null; }

for signal in HUP QUIT TERM INT XCPU; do
  simulate POST "/_sim/fault?match=/login/&kind=stall&stall_ms=5000&count=1" >/dev/null
  program_in_background plan --working-dir "$place/work"
  wait_for "the copy" copy_is_there
  kill "-$signal" "$program_pid"
  wait_for_program
  expect_code 10 "$signal at a plan"
  [[ -z $(left_behind) ]] || fail "$signal at a plan leaves $(left_behind)"
  simulate POST "/_sim/fault?clear=1" >/dev/null
  program_in_background diff 1 2 --working-dir "$place/work"
  wait_for "the copy" copy_is_there
  kill "-$signal" "$program_pid" 2>/dev/null || true
  wait_for_program
  [[ -z $(left_behind) ]] || fail "$signal at a diff leaves $(left_behind)"
done

# at_terminal KIND: what a run writes to a terminal of that kind.
at_terminal() {
  rm -rf "$place/screen"
  TERM=$1 script --quiet --return --command \
    "'$build/defender-car' sync ${services[*]} --working-dir '$place/work'" "$place/screen" </dev/null >/dev/null 2>&1 ||
    fail "a run at a terminal"
  grep -q 'run [0-9]* (incremental) done' "$place/screen" || fail "no summary at a terminal $1"
}

at_terminal xterm
grep -q $'\x1b' "$place/screen" || fail "no progress at a terminal, so nothing was tested"
at_terminal dumb
! grep -q $'\x1b' "$place/screen" || fail "escapes at a terminal that knows none"
at_terminal ''
! grep -q $'\x1b' "$place/screen" || fail "escapes at a terminal of no kind"
