#!/usr/bin/env bash
# No question of `explain` reads a table of the fleet's size from end to end: each goes by an index.
# What SQLite plans to scan are the lists below, and no others.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

# Small by nature: the catalogue, words in some languages, one machine's adapters and addresses in JSON, the newest run,
# what is under way (batch and outbox, asked only of what is), and what an inner query has picked.
readonly bounded='([0-9]+ )?CONSTANT ROWS?|collection|edge_type|windows_(domain|account)|down_status|n|run|[jt] VIRTUAL TABLE INDEX 1:|b|o|\(subquery-[0-9]+\)|audit_defender_row|picked|audit_(vertex_)?interval|audit_reach|p|l|own|looked|neighbour'

# plans FILE: the plan of each statement, which SQLite makes without its parameters' values.
plans() {
  awk '/^-- statement: / { name = $3; next } { text[name] = text[name] $0 "\n" }
       END { for (name in text) if (name !~ /^(begin|end|)$/)
               printf ".print %s\nEXPLAIN QUERY PLAN %s;\n", name, text[name] }' "$1"
}

# An empty state has all tables and views, and SQLite plans without statistics either way.
simulator --machines 1
CONFIGURATION_AUTH_CLIENTSECRET=wrong program sync --working-dir "$place/state"
expect_code 52
# (Statement `end` asks a replayed state, which is nobody's fleet for long.)
{
  plans "$root/schema/statement/explain.sql"
  plans "$root/schema/statement/at.sql"
} | sqlite3 -readonly -bail -init /dev/null "$place/state/state.db" >"$place/plans"
(($(grep -c '^[a-z_]*$' "$place/plans") >= 15)) || fail "only some statements were planned"
awk '/^[a-z_]+$/ { name = $0 } /SCAN|AUTOMATIC/ { print name ": " $0 }' "$place/plans" |
  grep -Ev "SCAN ($bounded)( LEFT-JOIN)?$" >"$place/out" || true
[[ ! -s $place/out ]] || fail "explain reads whole tables"
