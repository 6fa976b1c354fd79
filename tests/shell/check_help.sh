#!/usr/bin/env bash
# The options of docs/configuration.md and of the man page are the option table's, word by word
# (check_help.sh --update writes them anew), and so are the man page's commands the command table's; the pages of the commands have them all, and the README names no others.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

# made_anew FORM PAGE MARK: the page with what stands between its two marks made anew.
made_anew() {
  "$build/option_pages" "$1" >"$place/text"
  awk -v text="$place/text" -v mark="$3" '
    index($0, mark ": end") { inside = 0 }
    !inside { print }
    index($0, mark ": begin") { inside = 1; marks++; while ((getline line < text) > 0) print line }
    END { exit marks != 1 }' "$root/docs/$2"
}

check_page() {
  made_anew "$@" >"$place/page" || fail "docs/$2 has not one mark '$3: begin'"
  [[ $update == --update ]] && cp "$place/page" "$root/docs/$2"
  diff "$root/docs/$2" "$place/page" ||
    fail "docs/$2 has other $3 than the table: tests/shell/check_help.sh --update writes them anew"
}

options_in() { tr -c 'a-z-' '\n' | sed -n '/^--[a-z][a-z-]*[a-z]$/p' | sort -u; }

# Other programs have options, too; they are named on the line, or it is the simulator's.
about_our_program() {
  sed -E '/(cmake|ctest|git|apt-get|sqlite3|curl|docker|podman|simulator|scripts\/[a-z_]+) .*--/d' "$root/README.md"
}

expect_within() {
  local missing
  missing=$(comm -23 "$place/$1" "$place/$2" | tr '\n' ' ')
  [[ -z $missing ]] || fail "options of $1 that $2 does not have: $missing"
}

readonly update=${1:-}
check_page markdown configuration.md options
check_page man defender-car.1 options
check_page man-commands defender-car.1 commands
commands=$("$build/defender-car" help | sed -n 's/^  \([a-z]*\) .*/\1/p')
for command in $commands; do "$build/defender-car" help "$command"; done | options_in >"$place/help"
(($(wc -l <"$place/help") >= 30)) || fail "--help lists too few options"
"$build/option_pages" markdown | options_in >"$place/table"
about_our_program | options_in >"$place/README"
expect_within help table
expect_within table help
expect_within README help
