#!/usr/bin/env bash
# No secret, token or password stands in any file that is left or in any output, at the most
# talkative level, whether runs succeed or fail, also where a service repeats what it was sent.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 30

mkdir "$place/talk" "$place/tmp"
talk=0

# Its plain, URL-escaped and base64 forms are three different texts.
odd_secret='wrong+secret/100%'

# run COMMAND [OPTION…]: and keeps what it said.
run() {
  TMPDIR=$place/tmp program "$@" --working-dir "$place/work" --log-level trace
  talk=$((talk + 1))
  cat "$place/out" "$place/err" >"$place/talk/$talk"
}

base64_of() { printf '%s' "$1" | base64 | tr -d '='; }

# Secrets as they are, escaped as forms are, in base64, as basic authentication sends them, and any
# token of the login service (a JWT begins with eyJ). The name of an option is no secret.
expect_no_secrets() {
  local found patterns
  patterns="simulated-secret|\Q$odd_secret\E|wrong%2[Bb]secret%2[Ff]100%25|car-token-secret|(?<!-)car-password"
  for secret in simulated-secret "$odd_secret" car-token-secret car-password car-key:car-password \
    "car-key:$odd_secret"; do
    patterns+="|$(base64_of "$secret")"
  done
  found=$(grep -rahoP "$patterns|Bearer +[^ ]{12}|eyJ[A-Za-z0-9_-]{20}" \
    "$place/work" "$place/talk" "$place/tmp" | sort | uniq -c) || true
  [[ -z $found ]] || fail "found after $1: $found"
}

# answer MATCH STATUS BODY: one request is answered so, with whatever a service might repeat.
answer() {
  curl --silent --show-error --fail --noproxy '*' --request POST --data-binary "$3" \
    "$simulator_url/_sim/fault?match=$1&kind=status&status=$2&count=1" >/dev/null
}

run sync
expect_code 0
simulate POST "/_sim/live?hours=24" >/dev/null
run sync --format json
expect_code 0
run sync --log-format json
for command in check status runs help; do
  run "$command"
  run "$command" --log-format json
done
expect_no_secrets "good runs"

CONFIGURATION_AUTH_CLIENTSECRET=$odd_secret run sync
expect_code 52
CAR_SERVICE_PASSWORD=$odd_secret run sync
((code != 0)) || fail "a wrong password was accepted"
CAR_SERVICE_PASSWORD=$odd_secret run check
unset CAR_SERVICE_KEY CAR_SERVICE_PASSWORD
run sync --car-token-url "$simulator_url/car/api/car/v2" --car-token car-token-secret
run check --car-token-url "$simulator_url/car/api/car/v2" --car-token "$odd_secret"
use_simulated_credentials
for kind in "status&status=401" "status&status=500" html200 malformed_json truncated; do
  for match in /login/ /defender/api/machines /graph/ /car/api; do
    simulate POST "/_sim/fault?match=$match&kind=$kind&count=1" >/dev/null
    run sync
  done
done
run sync stray-wrong-secret
expect_code 2
expect_no_secrets "failing runs"

jwt=eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl
form='client_id=x&client_secret=simulated-secret&grant_type=client_credentials'
basic="Authorization: Basic $(printf 'car-key:car-password' | base64)"
for log in text json; do
  answer /login/ 400 "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS900144: bad request $form\"}"
  run sync --log-format "$log"
  answer /login/ 401 "<html><body>$form</body></html>"
  run check --log-format "$log"
  answer /defender/api/machines 401 "{\"error\":{\"code\":\"Unauthorized\",\"message\":\"Bearer $jwt\"}}"
  run sync --log-format "$log"
  answer /graph/ 403 "{\"error\":{\"code\":\"Forbidden\",\"message\":\"token $jwt\"}}"
  run sync --log-format "$log" --mode full
  answer /car/api/car/v2/imports 400 "{\"errors\":[{\"code\":\"data_mal_formed\",\"message\":\"$basic\"}],\"trace\":\"car-password\"}"
  run sync --log-format "$log" --mode full
  answer /car/api/car/v2/source 401 "{\"errors\":[{\"code\":\"unauthorized\",\"message\":\"$basic car-password\"}]}"
  run sync --log-format "$log"
  simulate POST "/_sim/fault?clear=1" >/dev/null
done
expect_no_secrets "services that repeat what they were sent"

# On the command line secrets work, with one warning that names the better way.
CONFIGURATION_AUTH_CLIENTSECRET='' CAR_SERVICE_PASSWORD='' program sync --working-dir "$place/work" \
  --client-secret simulated-secret --car-password car-password --log-level warn
expect_code 0 "secrets on the command line"
(($(grep -c 'on the command line' "$place/err") == 1)) || fail "not exactly one warning"
grep -q -- '--client-secret-file or CONFIGURATION_AUTH_CLIENTSECRET' "$place/err" ||
  fail "the warning does not name the better way"
cp "$place/err" "$place/talk/warning"
CONFIGURATION_AUTH_CLIENTSECRET='' CAR_SERVICE_PASSWORD='' program -d -clientSecret simulated-secret \
  -password car-password -working_dir "$place/work" -incremental_update True
expect_code 0 "the Python connector's form"
(($(grep -c 'on the command line' "$place/err") == 1)) || fail "not exactly one warning in the Python connector's form"
cat "$place/out" "$place/err" >"$place/talk/connector"

# Core dumps are off while it runs.
simulate POST "/_sim/fault?match=/login/&kind=stall&stall_ms=3000&count=1" >/dev/null
program_in_background sync --working-dir "$place/work"
wait_for "the lock" grep -qs "process $program_pid" "$place/work/state.lock"
grep -Eq '^Max core file size +0 +0 ' "/proc/$program_pid/limits" || fail "core dumps are on"
wait_for_program
expect_no_secrets "the end"
[[ -s $place/talk/1 ]] || fail "a run at level trace said nothing, so nothing was tested"
