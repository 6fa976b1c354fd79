#!/usr/bin/env bash
# `report` as a person meets it: a page for a file or standard output, opened in a headless Chromium,
# narrow and wide, light and dark: no word on the console, every section there, nothing wider than
# the screen, every chart named and backed by a table. Also of a hostile fleet of 100,000 machines,
# below 2 MB. DEFENDER_CAR_PICTURES=FOLDER keeps the pictures for looking at.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
# shellcheck source=tests/shell/browser.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/browser.sh"
begin
trap 'stop_browser; clean_up' EXIT
pictures=${DEFENDER_CAR_PICTURES:-$place/pictures}

make_states() {
  simulator --machines 60 --software-rows 6
  program sync --working-dir "$place/good" && expect_code 0
  for _ in 1 2 3; do
    simulate POST "/_sim/live?hours=30" >/dev/null
    program sync --working-dir "$place/good" && expect_code 0
  done
  CONFIGURATION_AUTH_CLIENTSECRET=wrong program sync --working-dir "$place/failing"
  expect_code 52
}

# A state file with the schema of this program and a large fleet in it.
make_fleet() {
  mkdir "$place/large"
  {
    printf '.read %s\n' "$root"/migrations/*.sql "$root"/schema/view/*.sql "$root"/schema/audit/*.sql
    echo "PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -200000; BEGIN;
          CREATE TEMP TABLE size AS SELECT 100000 AS machines, 2 AS software;"
    printf '.read %s\n' "$root/tests/shell/report_fleet.sql"
    echo "COMMIT;"
  } | sqlite3 -bail "$place/large/state.db"
}

report() {
  code=0
  "$build/defender-car" report --working-dir "$place/$1" "${@:2}" </dev/null \
    >"$place/out" 2>"$place/err" || code=$?
}

written_kindly() {
  report good --output "$place/good.html"
  expect_code 0 "report"
  expect_silence "report to a file"
  [[ $(stat -c %a "$place/good.html") == 600 ]] || fail "the page is not the owner's alone"
  report good
  expect_code 0 "report to standard output"
  # Two moments: only ages and the clock may differ.
  diff <(sed 's/[0-9]* \(s\|min\) ago//g; s/Written [^.]*//' "$place/out") \
    <(sed 's/[0-9]* \(s\|min\) ago//g; s/Written [^.]*//' "$place/good.html") >"$place/err" ||
    fail "standard output and file differ"
  report good --output "$place/good/state.db"
  expect_code 2 "a page in place of the state file"
  grep -q 'something else than a page' "$place/err" || fail "no kind refusal"
  report nowhere --output "$place/x.html"
  expect_code 2 "no state"
  [[ ! -e $place/x.html ]] || fail "a page of nothing"
}

# A copy on a folder that nobody writes to has its report, and stays as it is.
of_a_copy() {
  mkdir "$place/copy" "$place/old"
  sqlite3 "$place/good/state.db" "VACUUM INTO '$place/copy/state.db'"
  cp "$place/copy/state.db" "$place/before"
  chmod 500 "$place/copy"
  report copy --format json
  expect_code 0 "a copy"
  [[ $(json "$place/out" '$.standing') == good ]] || fail "the copy stands otherwise"
  cmp -s "$place/before" "$place/copy/state.db" || fail "the copy was written to"
  (($(find "$place/copy" -type f | wc -l) == 1)) || fail "something was left beside the copy"
  gzip -dc "$root/tests/upgrade/state-v0001.db.gz" >"$place/old/state.db"
  report old
  expect_code 2 "a state file without the views"
  grep -q 'older program' "$place/err" || fail "an old state file is not told of"
}

# evaluate, and what it must be.
expect_on_page() {
  local value
  value=$(evaluate "$1")
  [[ $value == "$2" ]] || fail "$page: $3: $value instead of $2"
}

content_is_right() {
  expect_on_page "[...document.querySelectorAll('main > section')].map(s => s.id).join()" \
    runs,trouble,removals,leaving,fleet,alerts,vulnerabilities,set-aside "sections"
  expect_on_page "document.querySelectorAll('script, img, link, iframe, [style], [onclick], [onerror]').length" 0 \
    "foreign elements"
  expect_on_page "[...document.querySelectorAll('[aria-labelledby]')].filter(e =>
      !e.getAttribute('aria-labelledby').split(' ').every(id => document.getElementById(id))).length" 0 "names that lead nowhere"
  expect_on_page "[...document.querySelectorAll('svg')].filter(s => s.getAttribute('aria-hidden') !== 'true' &&
      !(s.querySelector('title') && s.querySelector('desc') && s.getAttribute('role'))).length" 0 "charts without a name"
  expect_on_page "[...document.querySelectorAll('table')].filter(t => !t.caption || !t.caption.textContent ||
      t.querySelector('th:not([scope])')).length" 0 "tables without a caption or a scope"
  expect_on_page "[...document.querySelectorAll('figure')].filter(f =>
      !f.closest('section').querySelector('table')).length" 0 "charts without a table"
  expect_on_page "document.querySelector('h1').innerText !== ''" 1 "a headline"
}

# Whether the style sheet has been taken, in that scheme, and nothing is wider than the screen; also
# with all tables open.
fits() {
  local background=$2
  look "$1" "$background"
  expect_on_page "document.documentElement.scrollWidth <= window.innerWidth" 1 "wider than $1"
  expect_on_page "[...document.querySelectorAll('section > *, dl > *, figure > *')].filter(e =>
      e.getBoundingClientRect().right > window.innerWidth + 1).length" 0 "elements beyond $1"
  [[ $(evaluate "getComputedStyle(document.body).backgroundColor") == "$3" ]] || fail "$page: not in $background"
  picture "$pictures/$page-$1-$background.png"
  [[ $(head -c 4 "$pictures/$page-$1-$background.png") == $'\x89PNG' ]] || fail "no picture of $page"
}

looked_at() {
  page=$1
  open_page "$place/$page.html"
  [[ -z $(console) ]] || fail "$page: the console says: $(console)"
  content_is_right
  for width in 360 1280; do
    fits "$width" light "rgb(244, 246, 248)"
    fits "$width" dark "rgb(15, 20, 26)"
  done
  evaluate "document.querySelectorAll('details').forEach(d => d.open = true)" >/dev/null
  fits 360 light "rgb(244, 246, 248)"
}

# By the Tab key alone: a column that is reached says its words.
keyboard_reaches_a_column() {
  look 1280 light
  evaluate "document.querySelector('#runs-by-day .column:last-of-type').focus()" >/dev/null
  expect_on_page "/ runs?, /.test(document.activeElement.getAttribute('aria-label'))" 1 "the words of a column"
  expect_on_page "getComputedStyle(document.activeElement.querySelector('.tip')).opacity" 1 "shown words"
  picture "$pictures/focus.png"
}

mkdir -p "$pictures"
make_states
make_fleet
written_kindly
of_a_copy
report failing --output "$place/failing.html"
expect_code 0 "the report of a failure"
report large --output "$place/large.html"
expect_code 0 "the report of 100,000 machines"
(($(stat -c %s "$place/large.html") < 2000000)) || fail "$(stat -c %s "$place/large.html") bytes"
start_browser
looked_at good
keyboard_reaches_a_column
looked_at failing
looked_at large
expect_on_page "document.body.innerText.includes('<img src=x onerror=alert(1)>')" 1 "hostile text as text"
