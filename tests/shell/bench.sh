#!/usr/bin/env bash
# scripts/bench where it could go wrong without a word: every figure comes to a value, a missed one fails, two commits are
# held against each other the right way round, more instructions fail, and the raw values are all that there are.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
# shellcheck source=tests/bench/instructions.sh
. "$root/tests/bench/instructions.sh"
begin

samples=$place/bench/samples.db
figures() { sqlite3 -bail "$samples" ".read $root/tests/bench/figures.sql" "$@"; }
expect() { [[ $2 == "$3" ]] || fail "$1: $2 instead of $3"; }

bench() {
  code=0
  DEFENDER_CAR_BUILD=$build DEFENDER_CAR_BENCH=$place "$root/scripts/bench" --sizes 20,40 --rounds 1 "$@" \
    >"$place/out" 2>"$place/err" || code=$?
}

every_figure_has_a_value() {
  bench
  expect "figures without a value" "$(figures "SELECT group_concat(name) FROM wanted WHERE value IS NULL")" ""
  expect "figures" "$(json "$place/bench.json" '$.figures[#-1].name')" verify
  expect "figures in the document" "$(figures "SELECT json_array_length(json, '$.figures') = (SELECT count(*) FROM figure),
    json_array_length(json, '$.runs') FROM document")" "1|8"
  expect_code "$(figures "SELECT count(*) > 0 FROM wanted WHERE NOT good")" "with figures missed"
  expect "history" "$(figures "SELECT json_extract(json, '$.machines.large'), json_extract(json, '$.figures.runs') > 0 FROM history_line")" "40|1"
  sqlite3 :memory: ".param set :file '$place/bench.json'" ".read $root/tests/bench/picture.sql" >"$place/cost.svg"
  expect "lines drawn" "$(grep -c '<polyline' "$place/cost.svg")" 5
}

one_figure_is_enough() {
  bench --only status --only nonsense
  expect_code 1 "a figure that does not exist"
  bench --only explain
  expect "figures asked for" "$(figures "SELECT group_concat(name) FROM wanted")" explain
  expect "samples for one" "$(figures "SELECT count(*), sum(kind = 'full') FROM sample")" "2|1"
}

# A run of SIDE at the size: CPU seconds and peak in MiB.
stub() {
  sqlite3 "$samples" "INSERT INTO sample VALUES ('$1', $2, '$3', 1,
    '{\"outcome\":\"done\",\"phase_cpu_seconds\":{\"fetch\":$5,\"fetch machines\":$6},\"datasets\":[],\"sent\":[]}',
    '{\"user\":$4,\"system\":0,\"wall\":1,\"peak_kib\":10240}', 'null', 'null', 0)"
}

# The arithmetic on figures that anybody can reckon.
reckoned() {
  rm "$samples"
  sqlite3 "$samples" ".read $root/tests/bench/samples.sql" "INSERT INTO setup VALUES ('c', 'r', 'd', 2, 'p', 1, 5);
    INSERT INTO size VALUES ('small', 10), ('large', 100);
    INSERT INTO wish VALUES ('full-cpu'), ('full-growth'), ('changed-growth'), ('quiet-cpu'), ('runs')"
  stub here 10 full 4 0 0
  stub here 100 full 61 0 0
  stub there 100 full 30.5 0 0
  stub here 10 changed 3 2.5 1
  stub here 100 changed 12 11 9
  stub here 100 quiet 9.2 9.15 9.125
  expect "figures" "$(figures "SELECT group_concat(name || ' ' || ifnull(round(value, 3), '-') || ' ' || good, ', ') FROM wanted")" \
    "full-cpu 61.0 0, full-growth 15.25 0, changed-growth 1.5 0, quiet-cpu 0.075 1, runs - 0"
  expect "comparison" "$(figures "SELECT here, there, ratio FROM comparison WHERE name = 'full-cpu'")" "61.0|30.5|2.0"
}

# What the shell prints of these rows, without anything between them.
raw_values_are_all() {
  local state=$place/bench/here/work/state.db table
  local -a selects=()
  for table in MachineInfo MachineNetworkInfo Alerts LogonUsers SoftwareVulnerabilities VulnerabilityKb audit_vertex; do
    selects+=("SELECT * FROM $table;")
  done
  selects+=("SELECT edge, from_key, to_key, since, since_run, confirmed_run FROM audit_edge;")
  expect "raw values" "$(sqlite3 -readonly "$state" ".read $root/tests/bench/raw_values.sql")" \
    "$(sqlite3 -readonly "$state" '.separator "" ""' "${selects[@]}" | wc -c)"
}

# counted FULL QUIET: beside a baseline of 1000 and 100.
counted() {
  local -r form='{"version":1,"machines":1000,"made_with":{"g++":"%s"},"instructions":{"full":%s,"quiet":%s}}'
  # shellcheck disable=SC2059 # the format is above
  printf "$form" 12 1000 100 >"$place/baseline.json"
  # shellcheck disable=SC2059
  printf "$form" "${3:-12}" "$1" "$2" >"$place/counted.json"
  code=0
  judge "$place/baseline.json" "$place/counted.json" >"$place/out" || code=$?
}

more_instructions_fail() {
  counted 1040 96 && expect_code 0 "4 % more"
  counted 1060 100 && expect_code 1 "6 % more in a full import"
  counted 900 106 && expect_code 1 "6 % more in a quiet run"
  counted null 100 && expect_code 1 "no count"
  counted 5000 100 13 && expect_code 77 "another compiler"
  grep -q 'skipped: .*g++ is 13, and 12' "$place/out" || fail "does not say why it is skipped"
  counted 900 90
  grep -q 'much better' "$place/out" || fail "does not say that the baseline is old"
}

every_figure_has_a_value
raw_values_are_all
one_figure_is_enough
reckoned
more_instructions_fail
