#!/usr/bin/env bash
# What people do, over TLS as with the real services: a full import and an incremental run, both
# killed in their midst and finished by the next run, a plan and its delivery, verify. CAR ends as it
# does in the clear and without a kill.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$place/key.pem" \
  -out "$place/ca.pem" -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
export CURL_CA_BUNDLE=$place/ca.pem # for `simulate`; the program does not read it

tenant() { simulator --machines 30 --seed 7 "$@"; }
live() { simulate POST "/_sim/live?hours=$1" >/dev/null; }

sync_well() {
  program sync --working-dir "$place/work" "$@"
  expect_code 0 "a run"
  expect_silence "a good run"
}

# killed REQUEST: a run is killed while it waits for the second answer to such requests to CAR.
killed() {
  answered() { simulate GET /_sim/requests | grep -q "\"method\":\"$1\",\"target\":\"$2"; }
  simulate POST /_sim/requests/clear >/dev/null
  simulate POST "/_sim/fault?match=$1%20/car$2&kind=slow_answer&skip=1&count=1&stall_ms=60000" >/dev/null
  program_in_background sync --working-dir "$place/work" --ca-file "$place/ca.pem"
  wait_for "the first $1 $2" answered "$1" "$2"
  kill -KILL "$program_pid" || fail "the run had ended: $1 $2"
  wait_for_program
  expect_code 137 "killed at $1 $2"
  simulate POST "/_sim/fault?clear=1" >/dev/null
}

# In the clear and undisturbed.
tenant
for hours in 0 40 50; do
  live "$hours"
  sync_well
done
simulate GET /_sim/graph >"$place/undisturbed"
stop_simulator
rm -r "$place/work"

tenant --certificate "$place/ca.pem" --private-key "$place/key.pem"
[[ $simulator_url == https://* ]] || fail "the simulator does not speak TLS"
program sync --working-dir "$place/work"
((code != 0)) || fail "a certificate that nobody vouches for was accepted"
grep -q 'self-signed certificate.*--ca-file' "$place/err" || fail "the certificate is not named"

killed POST /api/car/v2/imports
sync_well --ca-file "$place/ca.pem"
live 40
killed PATCH /api/car/v2/asset_
sync_well --ca-file "$place/ca.pem"

live 50
program plan --working-dir "$place/work" --ca-file "$place/ca.pem" --exit-code --save "$place/kept.plan"
expect_code 3 "there is something to do"
sync_well --ca-file "$place/ca.pem" --plan "$place/kept.plan"

simulate GET /_sim/graph >"$place/by-tls"
diff -q "$place/undisturbed" "$place/by-tls" >/dev/null || fail "CAR differs from the undisturbed one"
mapfile -t options < <(simulator_options)
code=0
"$build/defender-car" verify --car-url "${options[7]}" --working-dir "$place/work" \
  --ca-file "$place/ca.pem" </dev/null >"$place/out" 2>"$place/err" || code=$?
expect_code 0 "verify"
