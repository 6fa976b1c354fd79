#!/usr/bin/env bash
# scripts/fleet-demo with four tenants: one fails, the others do not notice, no secret lies open, no process is
# left; and where one more fails, or says nothing, the script says so.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
# Built already, and not in the place of a person's own.
export DEFENDER_CAR_BUILD=$build DEFENDER_CAR_FLEET=$place/fleet
cd /

demo() {
  code=0
  "$root/scripts/fleet-demo" 4 20 4 </dev/null >"$place/out" 2>"$place/err" || code=$?
}

# Whether a process has our folder on its command line; the brackets keep grep from finding itself.
left() { grep -qa "${place%?}[${place: -1}]/fleet" /proc/[0-9]*/cmdline 2>/dev/null; }

demo
expect_code 0 "the demonstration"
sed 's/│/|/g' "$place/out" >"$place/plain"
for words in '\| 1 +\| 4 +\| 3 +\| 1 +\| [1-9]' '\| 2 +\| 4 +\| 3 +\| 1 +\| 0 ' '\| 2 +\| tenant-002 +\| 52 ' \
  AADSTS7000215 'The others did not notice'; do
  grep -Eq "$words" "$place/plain" || fail "it does not say: $words"
done
[[ ! -s $place/err ]] || fail "it complains"
[[ -z $(find "$place/fleet/tenants" -type f ! -perm 600) ]] || fail "others can read secrets"
! left || fail "a process is still there"
for tenant in 001 003 004; do
  [[ $(sqlite3 -readonly "$place/fleet/work/tenant-$tenant/state.db" \
    "SELECT group_concat(mode || ' ' || outcome) FROM run") == "full done,incremental done" ]] ||
    fail "tenant-$tenant did not have its two runs"
done

# A program that fails another tenant, in words or without any.
mkdir "$place/programs"
ln -s "$build/defender-car-simulator" "$place/programs/"
export DEFENDER_CAR_BUILD=$place/programs
spoil() {
  printf '#!/bin/sh\ncase "$*" in *tenant-003*) %s ;; esac\nexec "%s" "$@"\n' "$1" "$build/defender-car" \
    >"$place/programs/defender-car"
  chmod +x "$place/programs/defender-car"
}
spoil "exit 1"
demo
expect_code 1 "a tenant that says nothing"
grep -q 'round 1: 3 tenants told how it went, instead of 4' "$place/err" || fail "it does not say who is missing"
spoil 'set -- "$@" --client-secret wrong'
demo
expect_code 1 "a second tenant with a wrong secret"
grep -q 'round 2, tenant-003: ended with 52' "$place/err" || fail "it does not name the second one"
