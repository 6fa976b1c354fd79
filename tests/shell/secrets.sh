#!/usr/bin/env bash
# No secret, token or password stands in any file of the working folder or in any output, at the most
# talkative level, whether runs succeed or fail.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 30

mkdir "$place/talk"
talk=0

# run COMMAND [OPTION…]: and keeps what it said.
run() {
  program "$@" --working-dir "$place/work" --log-level trace
  talk=$((talk + 1))
  cat "$place/out" "$place/err" >"$place/talk/$talk"
}

# Secrets as they are, as basic authentication sends them, and any token of the login service (a JWT
# begins with eyJ). The name of an option is no secret.
expect_no_secrets() {
  local basic found
  basic=$(printf 'car-key:car-password' | base64)
  found=$(grep -rahoP "simulated-secret|wrong-secret|car-token-secret|(?<!-)car-password|$basic|Bearer +[^ ]{12}|eyJ[A-Za-z0-9_-]{20}" \
    "$place/work" "$place/talk" | sort | uniq -c) || true
  [[ -z $found ]] || fail "found after $1: $found"
}

run sync
expect_code 0
simulate POST "/_sim/live?hours=24" >/dev/null
run sync --format json
expect_code 0
run sync --log-format json
run check
expect_code 0
run status
run runs
expect_no_secrets "good runs"

CONFIGURATION_AUTH_CLIENTSECRET=wrong-secret run sync
expect_code 52
CAR_SERVICE_PASSWORD=wrong-secret run sync
((code != 0)) || fail "a wrong password was accepted"
CAR_SERVICE_PASSWORD=wrong-secret run check
unset CAR_SERVICE_KEY CAR_SERVICE_PASSWORD
run sync --car-token-url "$simulator_url/car/api/car/v2" --car-token car-token-secret
run check --car-token-url "$simulator_url/car/api/car/v2" --car-token wrong-secret
use_simulated_credentials
for kind in "status&status=401" "status&status=500" html200 malformed_json truncated; do
  for match in /defender/api/machines /graph/ /car/api; do
    simulate POST "/_sim/fault?match=$match&kind=$kind&count=1" >/dev/null
    run sync
  done
done
run sync stray-wrong-secret
expect_code 2
expect_no_secrets "failing runs"
[[ -s $place/talk/1 ]] || fail "a run at level trace said nothing, so nothing was tested"
