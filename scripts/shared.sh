# shellcheck shell=bash
# What quickstart, bench and the shell tests share; sourced. Defines functions and $root, runs nothing.

# shellcheck disable=SC2034 # used where this is sourced
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# build_preset PRESET TARGET…: `all` of release does not hold what only scripts/bench needs.
# What the build says is worth reading only when it fails; build/PRESET-build.log has it.
build_preset() {
  local preset=$1 log=$root/build/$1-build.log
  shift
  cd "$root" || die "cannot go to $root"
  mkdir -p build
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" --target "$@"; } >"$log" 2>&1; then
    cat "$log" >&2
    die "the build failed"
  fi
}

build_release() { build_preset release "$@"; }

# What the simulator accepts unless it is told otherwise (tests/simulator/README.md). In the
# environment, where `ps` does not show it.
use_simulated_credentials() {
  export CONFIGURATION_AUTH_TENANT=11111111-2222-3333-4444-555555555555
  export CONFIGURATION_AUTH_CLIENTID=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
  export CONFIGURATION_AUTH_CLIENTSECRET=simulated-secret
  export CAR_SERVICE_KEY=car-key
  export CAR_SERVICE_PASSWORD=car-password
}

# Nothing of a caller's own set-up may reach the runs of a demonstration.
forget_environment() {
  local name
  for name in $(compgen -e); do
    case $name in
      DEFENDER_CAR_BUILD | DEFENDER_CAR_QUICKSTART | DEFENDER_CAR_LATENCY | DEFENDER_CAR_SEEDS) ;; # the scripts' own
      CONFIGURATION_AUTH_* | CAR_SERVICE_* | CONNECTION_NAME | DEBUG | DEFENDER_CAR_*) unset "$name" ;;
    esac
  done
}

simulator_pid=

# start_simulator PROGRAM FOLDER [OPTION…]: sets $simulator_url and $simulator_pid; FOLDER gets `url`
# and `simulator.log`. setpriv: even if this shell is killed by force, the simulator goes with it; but
# with $keep it outlives this shell.
start_simulator() {
  local program=$1 folder=$2
  shift 2
  # A proxy of the machine's own has no business on loopback.
  export no_proxy=127.0.0.1
  rm -f "$folder/url"
  # DEFENDER_CAR_LATENCY (ms a request) lets a test be quicker than the simulator.
  local -a alone=(setpriv --pdeathsig TERM)
  if [[ -n ${keep:-} ]]; then alone=(setsid); fi
  "${alone[@]}" "$program" --url-file "$folder/url" \
    ${DEFENDER_CAR_LATENCY:+--latency "$DEFENDER_CAR_LATENCY"} "$@" >"$folder/simulator.log" 2>&1 &
  simulator_pid=$!
  until [[ -s $folder/url ]]; do
    kill -0 "$simulator_pid" 2>/dev/null ||
      die "the simulator did not start; see $folder/simulator.log: $(<"$folder/simulator.log")"
    sleep 0.05
  done
  simulator_url=$(<"$folder/url")
}

stop_simulator() {
  [[ -n $simulator_pid ]] || return 0
  kill "$simulator_pid" 2>/dev/null || true
  wait "$simulator_pid" 2>/dev/null || true
  simulator_pid=
}

# Ctrl-C and TERM end a script by way of its EXIT trap, so that the trap alone has to clean up.
exit_on_signals() {
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# simulate GET|POST PATH: one call to the control plane; the answer goes to standard output.
simulate() {
  curl --silent --show-error --fail --noproxy '*' --request "$1" "$simulator_url$2"
}

# The options that point the program at the simulator, one a line.
simulator_options() {
  printf '%s\n' --login-url "$simulator_url/login" --defender-url "$simulator_url/defender" \
    --graph-url "$simulator_url/graph" --car-url "$simulator_url/car/api/car/v2"
}
