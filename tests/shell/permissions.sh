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
  open=$(find "$place/work" "$place/tmp" \( -type d ! -perm 0700 -o -type f ! -perm 0600 \) -printf '%p %m\n' 2>/dev/null) || true
  [[ -z $open ]] || fail "umask $mask, $1: $open"
}

sync_and_watch() {
  # Temporary files are the program's own doing, their folder is not.
  mkdir -p "$place/tmp" && chmod 0700 "$place/tmp"
  TMPDIR=$place/tmp program_in_background sync --working-dir "$place/work"
  while kill -0 "$program_pid" 2>/dev/null; do
    [[ ! -d $place/work ]] || expect_private "during a run"
    sleep 0.02
  done
  wait_for_program
  expect_code 0 "umask $mask"
  expect_private "after a run"
}

for mask in 000 022 077 027 777; do
  rm -rf "$place/work"
  umask "$mask"
  sync_and_watch
  sync_and_watch
  umask 022
done

# A folder that was there before keeps the mode that somebody gave it; what is made in it is private
# all the same.
rm -rf "$place/work"
mkdir -m 0755 "$place/work"
program sync --working-dir "$place/work"
expect_code 0 "a folder that was there before"
[[ $(stat -c %a "$place/work") == 755 ]] || fail "the mode of somebody else's folder was changed"
open=$(find "$place/work" -mindepth 1 \( -type d ! -perm 0700 -o -type f ! -perm 0600 \))
[[ -z $open ]] || fail "open to others: $open"
