#!/usr/bin/env bash
# A service that repeats a secret with characters of no width between its letters, or escaped, brings
# it into no file and no output; nor does a proxy's URL with a password, in whatever variable, whether
# it can be used or not.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 10
mkdir "$place/talk" "$place/tmp"
talk=0

# run COMMAND [OPTION…]: and keeps what it said.
run() {
  TMPDIR=$place/tmp program "$@" --working-dir "$place/work"
  talk=$((talk + 1))
  cat "$place/out" "$place/err" >"$place/talk/$talk"
}

# Every command that speaks of what happened, as text and as JSON.
tell_all() {
  local command
  for command in status runs snapshots report; do
    run "$command"
    run "$command" --format json
  done
}

# The letters of each file alone, without what stands between them: escapes, bytes that are no ASCII,
# blanks and "?".
expect_none() {
  local file found
  while IFS= read -r file; do
    found=$(LC_ALL=C sed -E 's/\\u[0-9a-f]{4}//g' "$file" | LC_ALL=C tr -cd '!->@-~' | LC_ALL=C grep -aioE "$1" | sort -u) || true
    [[ -z $found ]] || fail "$2: $(tr '\n' ' ' <<<"$found")in ${file#"$place"/}"
  done < <(find "$place/work" "$place/talk" "$place/tmp" -type f)
}

# answer MATCH STATUS BODY-FILE: one request is answered so.
answer() {
  curl --silent --show-error --fail --noproxy '*' --request POST --data-binary "@$3" \
    "$simulator_url/_sim/fault?match=$1&kind=status&status=$2&count=1" >/dev/null
}

# between MARK TEXT: the mark, in printf's spelling, after each character.
between() {
  local text=$2 i
  for ((i = 0; i < ${#text}; ++i)); do
    # shellcheck disable=SC2059 # the mark is a format
    printf '%s' "${text:i:1}" && printf "$1"
  done
}

run sync
expect_code 0 "the first run"
for mark in '\xe2\x80\x8b' '\xc2\xad' '\\u0000' '\\u202e' '\xcd\x8f' '\xff' '\\u001b[0m' '\\n' '\\ud83d' '%%E2%%80%%8D' \
  '&#8203;' '\xf3\xa0\x81\x81' '\xcc\x81' '\xef\xb8\x8f'; do
  printf '{"error":"invalid_client","error_description":"AADSTS7000215: got %s"}' "$(between "$mark" simulated-secret)" \
    >"$place/login"
  printf '{"error":{"code":"Forbidden","message":"sent %s"}}' "$(between "$mark" simulated-secret)" >"$place/defender"
  printf '{"errors":[{"code":"data_mal_formed","message":"%s"}],"trace":"%s"}' "$(between "$mark" car-password)" \
    "$(between "$mark" car-key:car-password)" >"$place/car"
  printf '<html>%s</html>' "$(between "$mark" car-password)" >"$place/page"
  answer /login/ 401 "$place/login"
  run sync --format json
  ((code != 0)) || fail "a refused login was no failure"
  answer /defender/api/alerts 403 "$place/defender"
  run sync --format json
  ((code != 0)) || fail "refused alerts were no failure"
  answer /car/api/car/v2/imports 400 "$place/car"
  run sync --mode full --format json
  answer /car/api/car/v2/source 403 "$place/page"
  run sync --log-format json --log-level trace
  answer /defender/api/alerts 403 "$place/defender"
  run plan --format json --save "$place/work/plan-$talk"
  answer /login/ 401 "$place/login"
  run check --format json
  simulate POST "/_sim/fault?clear=1" >/dev/null
done
tell_all
expect_none 'simulated-secret|[^-]car-password' "echoed secrets"

# Proxies. The simulator is on loopback, where none is asked; hosts elsewhere are.
far=(--tenant-id "$CONFIGURATION_AUTH_TENANT" --client-id "$CONFIGURATION_AUTH_CLIENTID" --login-url https://login.invalid
  --defender-url https://defender.invalid --graph-url https://graph.invalid --car-url https://car.invalid/api/car/v2)

# run_far COMMAND [OPTION…]: the same with hosts that only a proxy could reach.
run_far() {
  code=0
  TMPDIR=$place/tmp "$build/defender-car" "$@" --working-dir "$place/work" </dev/null >"$place/out" 2>"$place/err" || code=$?
  talk=$((talk + 1))
  cat "$place/out" "$place/err" >"$place/talk/$talk"
}

# A run with hosts that only a proxy could reach; it tries for a second and tells each try.
try_by_proxy() {
  local -r value=$2
  export "$1=$value"
  run_far sync "${far[@]}" --deadline 1s --log-level trace --format json
  ((code != 0)) || fail "a run by way of $value did well"
  run status
  unset "$1"
}

variables=(https_proxy HTTPS_PROXY all_proxy ALL_PROXY)
malformed=('foo://joesmith:hunter2pw@127.0.0.1:1' 'http://joesmith:hunter2pw@127.0.0.1:1:2' 'joesmith:hunter2pw#@127.0.0.1:1'
  'http://joesmith:hunter2pw /x@127.0.0.1' 'http://joesmith:hunter2pw%40127.0.0.1:1' 'http://joesmith:hunter2pw'
  'http://joesmith:hunter2%70w@no host:1')
for at in "${!malformed[@]}"; do
  try_by_proxy "${variables[at % 4]}" "${malformed[at]}"
done
for variable in "${variables[@]}" http_proxy HTTP_PROXY; do
  try_by_proxy "$variable" http://joesmith:hunter2pw@127.0.0.1:1
done
grep -qF '***' "$place/talk/"* || fail "curl repeated no proxy, so nothing was tested"

export https_proxy=${malformed[0]}
run_far check "${far[@]}"
run_far verify --car-url https://car.invalid/api/car/v2
tell_all
expect_none 'joesmith|hunter2' "a proxy's password"
