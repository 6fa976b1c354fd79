#!/usr/bin/env bash
# The options of --help, of docs/configuration.md and of the man page are the same, and the README names
# no others.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

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

"$build/defender-car" --help | options_in >"$place/help"
(($(wc -l <"$place/help") >= 30)) || fail "--help lists too few options"
options_in <"$root/docs/configuration.md" >"$place/configuration"
about_our_program | options_in >"$place/README"
sed 's/\\-/-/g' "$root/docs/defender-car.1" | options_in >"$place/man_page"
expect_within help configuration
expect_within configuration help
expect_within README help
expect_within help man_page
expect_within man_page help
