#!/usr/bin/env bash
# State, snapshots and lock are 0600 and their folders 0700, whatever the umask, during a run and
# after it.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 30 --latency 20

expect_private() {
  local open
  # A file may go while find looks at it.
  open=$(find "$place/work" \( -type d ! -perm 0700 -o -type f ! -perm 0600 \) -printf '%p %m\n' 2>/dev/null) || true
  [[ -z $open ]] || fail "umask $mask, $1: $open"
}

sync_and_watch() {
  program_in_background sync --working-dir "$place/work"
  while kill -0 "$program_pid" 2>/dev/null; do
    [[ ! -d $place/work ]] || expect_private "during a run"
    sleep 0.02
  done
  wait_for_program
  expect_code 0 "umask $mask"
  expect_private "after a run"
}

for mask in 000 022 077 027; do
  rm -rf "$place/work"
  umask "$mask"
  sync_and_watch
  sync_and_watch
  umask 022
done
