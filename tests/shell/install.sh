#!/usr/bin/env bash
# scripts/install: silent when nothing is missing; without root one line to run; as root apt-get
# with what is missing and nothing else. dpkg-query, apt-get are stand-ins: nothing is installed.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

stand_in() {
  mkdir -p "$place/bin"
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$place/bin/$1"
  chmod +x "$place/bin/$1"
}

# have NAME…: only these count as installed.
have() {
  stand_in dpkg-query "printf 'installed %s\n' $*; echo 'not-installed curl'; exit 1"
  stand_in apt-get "echo \"\$*\" >>'$place/apt'; echo noise"
}

install() {
  code=0
  rm -f "$place/apt"
  PATH=$place/bin:$PATH "$@" >"$place/out" 2>"$place/err" || code=$?
}

all_but() { awk -v but="$1" '!/^#/ && NF && $1 != but { printf "%s ", $1 }' "$root/scripts/packages"; }

as_nobody() { if ((EUID == 0)); then setpriv --reuid=65534 --clear-groups "$@"; else "$@"; fi; }

# A copy, where any user may read it.
mkdir "$place/scripts"
cp "$root"/scripts/{install,packages} "$place/scripts"

# shellcheck disable=SC2046 # words are wanted
have $(all_but none)
install "$place/scripts/install" test
expect_code 0 && expect_silence "nothing was missing"

# shellcheck disable=SC2046
have $(all_but sqlite3)
chmod -R a+rX "$place"
install as_nobody "$place/scripts/install" quickstart
expect_code 1 "without root"
grep -qx 'apt-get update && apt-get install -y --no-install-recommends sqlite3' "$place/err" ||
  fail "the line to run is not there"
[[ ! -e $place/apt ]] || fail "apt-get was called without root"

# shellcheck disable=SC2046
have $(all_but catch2)
install "$place/scripts/install" quickstart
expect_code 0 && expect_silence "catch2 belongs to the tests"

if ((EUID == 0)); then
  install "$place/scripts/install" test
  expect_code 0
  printf '%s\n' update 'install -y --no-install-recommends catch2' | diff - "$place/apt" ||
    fail "apt-get was called otherwise"
  ! grep -q noise "$place/out" "$place/err" || fail "apt's own talk came through"
  stand_in apt-get 'echo "E: no such thing"; exit 100'
  install "$place/scripts/install" test
  ((code != 0)) || fail "a failing apt-get went unnoticed"
  grep -q 'E: no such thing' "$place/err" || fail "apt's words are missing"
fi

install "$place/scripts/install" everything
expect_code 2
