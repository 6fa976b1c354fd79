# shellcheck shell=bash
# What the shell-level tests share; sourced. A test is a script that ends with 0 when all is well; it
# gets the build folder by DEFENDER_CAR_BUILD and works in a folder of its own, $place.
# shellcheck source=scripts/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../../scripts/shared.sh"

build=${DEFENDER_CAR_BUILD:-$root/build/dev}
place=

clean_up() {
  stop_simulator
  rm -rf "$place"
}

begin() {
  place=$(mktemp -d)
  trap clean_up EXIT
  exit_on_signals
  use_simulated_credentials
}

fail() {
  echo "FAILED: $*" >&2
  local file
  for file in "$place/out" "$place/err"; do
    [[ ! -s $file ]] || sed "s|^|  ${file##*/}: |" "$file" | head -n 40 >&2
  done
  exit 1
}

simulator() { start_simulator "$build/defender-car-simulator" "$place" "$@"; }

# program COMMAND [OPTION…]: runs it against the simulator; $place/out, $place/err, $code. No
# terminal anywhere, as under cron.
program() {
  local -a options
  mapfile -t options < <(simulator_options)
  code=0
  "$build/defender-car" "$1" "${options[@]}" "${@:2}" </dev/null >"$place/out" 2>"$place/err" || code=$?
}

# The same in the background, as $program_pid. env: a background job of a script ignores SIGINT and SIGQUIT, and
# would hand that down.
program_in_background() {
  local -a options
  mapfile -t options < <(simulator_options)
  env --default-signal=INT,QUIT "$build/defender-car" "$1" "${options[@]}" "${@:2}" \
    </dev/null >"$place/out" 2>"$place/err" &
  program_pid=$!
}

wait_for_program() {
  code=0
  wait "$program_pid" || code=$?
}

expect_code() { ((code == $1)) || fail "exit code $code instead of $1: ${2:-}"; }

expect_silence() { [[ ! -s $place/out && ! -s $place/err ]] || fail "not silent: $1"; }

# wait_for WHAT COMMAND…: until it succeeds; gives up after 30 seconds.
wait_for() {
  local what=$1 tries=600
  shift
  until "$@"; do
    ((tries-- > 0)) || fail "waited in vain for $what"
    sleep 0.05
  done
}

# JSON documents are read by the shell that is there anyway.
json() { sqlite3 :memory: "SELECT json_extract(readfile('$1'), '$2')"; }
