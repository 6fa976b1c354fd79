#!/usr/bin/env bash
# TLS is verified always: a certificate that nobody vouches for, or that is another host's, is refused
# with words that say what to do; --ca-file makes it good.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
server_pid=
trap 'kill $server_pid 2>/dev/null || true; clean_up' EXIT
simulator --machines 5

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$place/key.pem" -out "$place/ca.pem" -days 2 \
  -subj /CN=localhost -addext 'subjectAltName=DNS:localhost' 2>/dev/null

# -www: every GET is answered with 200 and a page, which is what a CAR is not.
openssl s_server -accept 127.0.0.1:0 -cert "$place/ca.pem" -key "$place/key.pem" -www \
  </dev/null >"$place/server" 2>&1 &
server_pid=$!
wait_for "the TLS server" grep -qs '^ACCEPT' "$place/server"
port=$(sed -n 's/^ACCEPT .*:\([0-9]*\).*/\1/p' "$place/server" | head -n 1)

try() {
  code=0
  "$build/defender-car" sync --working-dir "$place/work" --login-url "$simulator_url/login" \
    --defender-url "$simulator_url/defender" --graph-url "$simulator_url/graph" \
    --car-url "$1/api/car/v2" --log-level warn "${@:2}" </dev/null >"$place/out" 2>"$place/err" || code=$?
}

try "https://localhost:$port"
((code != 0)) || fail "a certificate that nobody vouches for was accepted"
grep -qi 'certificate' "$place/err" || fail "the certificate is not named"
grep -q -- '--ca-file' "$place/err" || fail "the way out is not named"

try "https://localhost:$port" --ca-file "$place/ca.pem"
! grep -qi 'certificate' "$place/err" || fail "--ca-file does not help"
grep -Eqi 'HTTP 200|not .*CAR|<HTML' "$place/err" || fail "the server was not reached"

try "https://127.0.0.1:$port" --ca-file "$place/ca.pem"
((code != 0)) || fail "another host's certificate was accepted"
grep -Eqi 'certificate|host name|subject' "$place/err" || fail "another host's certificate: not told"

# Proxy variables are obeyed, and no_proxy: a proxy that is not there is in nobody else's way.
export https_proxy=http://127.0.0.1:1
try "https://localhost:$port" --ca-file "$place/ca.pem"
grep -Eqi 'proxy|port 1[^0-9]' "$place/err" || fail "https_proxy was not obeyed"
export no_proxy=127.0.0.1,localhost
try "https://localhost:$port" --ca-file "$place/ca.pem"
grep -Eqi 'HTTP 200|not .*CAR|<HTML' "$place/err" || fail "no_proxy was not obeyed"
