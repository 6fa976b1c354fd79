#!/usr/bin/env bash
# Every question of docs/audit-cookbook.md is answered by the stock sqlite3 shell, with nothing
# loaded, on the state that a few runs left, and on the empty one of a run that got nowhere.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

# The sql blocks of the page, each in a file of its own.
extract() {
  awk -v folder="$place" '
    /^```sql/ { block = 1; file = sprintf("%s/%02d.sql", folder, ++count); printf "" >file; next }
    block && /^```/ { block = 0; close(file); next }
    block { print >file }' "$root/docs/audit-cookbook.md"
}

sync() { program sync --working-dir "$place/$1"; }

make_states() {
  simulator --machines 60
  sync filled && expect_code 0
  for _ in 1 2; do
    simulate POST "/_sim/live?hours=24" >/dev/null
    sync filled && expect_code 0
  done
  CONFIGURATION_AUTH_CLIENTSECRET=wrong sync empty
  expect_code 52
}

# answer STATE QUESTION: nothing on standard error either.
answer() {
  sqlite3 -readonly -bail -init /dev/null "$place/$1/state.db" <"$2" >"$place/answer" 2>"$place/why" &&
    [[ ! -s $place/why ]]
}

extract
shopt -s nullglob
questions=("$place"/[0-9]*.sql)
((${#questions[@]} >= 12)) || fail "the audit cookbook has ${#questions[@]} questions instead of 12"
make_states
wrong=0
for state in filled empty; do
  for question in "${questions[@]}"; do
    answer "$state" "$question" && continue
    echo "failed on the $state state: $(<"$place/why")" >&2
    sed 's/^/    /' "$question" >&2
    wrong=$((wrong + 1))
  done
done
((wrong == 0)) || fail "$wrong of $((2 * ${#questions[@]})) answers"
