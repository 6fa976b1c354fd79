#!/usr/bin/env bash
# The audit_* views are part of the product: their names and columns stay (audit_views.txt has them),
# each has a comment that .schema shows, a line in audit_help and a place in docs/audit-cookbook.md, and the stock shell reads it
# from a VACUUM INTO copy in a folder that its reader may not write to.
#
#   tests/shell/audit_views.sh --update    writes audit_views.txt anew
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
readonly golden=$root/tests/shell/audit_views.txt
# A folder without write permission would outlive its own test.
trap 'chmod -R u+w "$place"; clean_up' EXIT

make_copy() {
  simulator --machines 40
  for hours in 0 30; do
    simulate POST "/_sim/live?hours=$hours" >/dev/null
    program sync --working-dir "$place/work"
    expect_code 0
  done
  mkdir "$place/evidence"
  sqlite3 "$place/work/state.db" "VACUUM INTO '$place/evidence/audit.db'"
  chmod 444 "$place/evidence/audit.db"
  chmod 555 "$place/evidence"
  chmod 755 "$place"
}

# Somebody who may read and nothing else: modes mean nothing to root.
as_reader() {
  if ((EUID == 0)); then
    setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all "$@"
  else
    "$@"
  fi
}

ask() { as_reader sqlite3 -readonly -bail -init /dev/null "$place/evidence/audit.db" "$1"; }

views_of_state() {
  ask "SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'audit\_%' ESCAPE '\' ORDER BY name"
}

list_views() {
  ask "SELECT v.name || ': ' || (SELECT group_concat(name, ', ') FROM pragma_table_info(v.name))
       FROM sqlite_schema v WHERE v.type = 'view' AND v.name LIKE 'audit\_%' ESCAPE '\' ORDER BY v.name"
}

views_of_schema() {
  awk 'toupper($1 " " $2) == "CREATE VIEW" { sub(/\(.*/, "", $3); print $3 }' "$root"/schema/audit/*.sql | sort
}

# Those whose text, as `.schema` shows it, does not begin with a comment.
views_without_comment() {
  ask "SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'audit\_%' ESCAPE '\'
       AND sql NOT LIKE '%AS' || char(10) || '-- %'"
}

make_copy
list_views >"$place/views"
if [[ ${1:-} == --update ]]; then
  cp "$place/views" "$golden"
  exit
fi

diff "$golden" "$place/views" >"$place/err" ||
  fail "the audit views are not those of tests/shell/audit_views.txt (<). People's scripts read them: add,
  do not rename or remove. If that is what happened, tests/shell/audit_views.sh --update writes the list anew"

bare=$(views_without_comment)
[[ -z $bare ]] || fail "no comment below the name of these views in schema/audit: $bare"
missing=$(ask "SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'audit\_%' ESCAPE '\'
               EXCEPT SELECT view FROM audit_help")
[[ -z $missing ]] || fail "audit_help does not tell of $missing"

mapfile -t views < <(views_of_state)
((${#views[@]} >= 12)) || fail "only ${#views[@]} views"
for view in "${views[@]}"; do
  views_of_schema | grep -qx "$view" || fail "$view does not come from schema/audit"
  grep -qw "$view" "$root/docs/audit-cookbook.md" || fail "docs/audit-cookbook.md does not name $view"
  ask "$(ask "SELECT example FROM audit_help WHERE view = '$view'")" >"$place/out" 2>"$place/err" ||
    fail "the example of $view cannot be run"
  ask "SELECT * FROM $view" >"$place/out" 2>"$place/err" || fail "$view cannot be read on a read-only folder"
  [[ ! -s $place/err ]] || fail "$view complains"
done

# The proof that the folder was one: nobody can write there, and nobody did.
! as_reader touch "$place/evidence/there" 2>/dev/null || fail "the folder can be written to"
[[ $(ls "$place/evidence") == audit.db ]] || fail "reading left files behind: $(ls "$place/evidence")"

# `diff` is one of the answers: it reads such a copy as well. (The reader may not see our build folder.)
cp "$build/defender-car" "$place"
as_reader "$place/defender-car" diff "$place/evidence/audit.db" "$place/evidence/audit.db" >"$place/out" \
  2>"$place/err" || fail "diff cannot read a copy on a read-only folder"
grep -q '^nothing changed$' "$place/out" || fail "a copy differs from itself"
