#!/usr/bin/env bash
# What an incremental run reads follows what changed, not the fleet's size. Two tests of schema/phase/:
# the plan of each statement is that of phase_plans.txt (phase_plans.sh --update writes it anew, to be
# looked at), and SQLite takes no more steps of full scans with 300 machines than with 60 when the same
# number of them changed.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

readonly golden=$root/tests/shell/phase_plans.txt
readonly changed=7

scripts() { ls "$root"/schema/phase/[0-6]*.sql; }

# Statements of a script that do not only make a table, each as `.print NAME` and its EXPLAIN QUERY PLAN.
explained() {
  printf '.print == %s\n' "${1##*/}"
  awk '
    /^ *--/ || (/^$/ && text == "") { next }
    { text = text $0 "\n" }
    /;( *--.*)?$/ {
      if (text ~ /^(INSERT|UPDATE|DELETE|WITH)/) {
        first = text; sub(/\n.*/, "", first); gsub(/"/, "", first)
        printf ".print \"%s\"\nEXPLAIN QUERY PLAN %s", first, text
      }
      text = ""
    }' "$1"
}

# A stage as a large fleet's is after a fetch: software was asked of the changed machines alone.
# state_with_stage NAME MACHINES: $place/NAME.db and $place/NAME.stage.
state_with_stage() {
  rm -rf "$place/work"
  simulator --machines "$2" --software-rows 3 --seed 5 --tidy
  program sync --working-dir "$place/work"
  expect_code 0 "the full import"
  simulate POST "/_sim/touch?machines=$changed" >/dev/null
  program plan --working-dir "$place/work" --save "$place/$1.stage"
  expect_code 0 "the plan"
  sqlite3 "$place/work/state.db" "VACUUM INTO '$place/$1.db'"
  stop_simulator
  sqlite3 "$place/$1.stage" "
    UPDATE dataset SET whole = 0;
    INSERT OR IGNORE INTO software_reading SELECT id FROM MachineInfo;
    DELETE FROM SoftwareVulnerabilities WHERE DeviceId NOT IN (SELECT DeviceId FROM software_reading);
    DELETE FROM VulnerabilityKb"
  sqlite3 "$place/$1.db" "INSERT INTO run (run_id, started_at) VALUES (2, '2026-01-01T00:00:00.000Z')"
}

# on NAME: the sqlite3 shell on that state and stage.
on() {
  { printf "ATTACH '%s' AS stage;\nBEGIN;\n" "$place/$1.stage"; cat; printf 'ROLLBACK;\n'; } |
    sqlite3 -bail -init /dev/null "$place/$1.db"
}

run_phases() { local script; for script in $(scripts); do printf '.read %s\n' "$script"; done; }

plans() {
  run_phases
  local script
  for script in $(scripts); do explained "$script"; done
}

full_scan_steps() {
  { echo '.stats on'; run_phases; } | on "$1" | awk '/^Fullscan Steps:/ { steps += $3 } END { print steps + 0 }'
}

state_with_stage small 60
plans | on small >"$place/plans"
(($(grep -c '^QUERY PLAN' "$place/plans") > 100)) || fail "only some statements were planned"
if [[ ${1:-} == --update ]]; then
  cp "$place/plans" "$golden"
  exit
fi
diff "$golden" "$place/plans" >"$place/out" ||
  fail "plans differ; where that is meant: tests/shell/phase_plans.sh --update"

state_with_stage large 300
small=$(full_scan_steps small)
large=$(full_scan_steps large)
((small > 50)) || fail "no full scan was counted ($small): is .stats what it was?"
((large < small + small / 2)) ||
  fail "$changed changed machines cost $small steps of full scans among 60, and $large among 300"
