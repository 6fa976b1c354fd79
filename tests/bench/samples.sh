# shellcheck shell=bash
# How scripts/bench takes its samples; sourced. Of each side in turn, and by turns of each first, so that what else the
# machine does meets both.
#
# A side has a program (${program[side]}), a simulator of its own, the same for both (here's), and a folder $place/SIDE.

# shellcheck disable=SC2154 # $place, $build, $rounds and $sides are scripts/bench's
readonly latency=20  # ms

declare -A program=() staging_program=() urls=() pids=()

query() { sqlite3 -bail "$place/samples.db" "$@"; }
figures() { query ".read $root/tests/bench/figures.sql" "$@"; }

start_simulators() {
  local side began
  for side in "${sides[@]}"; do
    mkdir -p "$place/$side"
    began=$(date +%s.%N)
    start_simulator "$build/defender-car-simulator" "$place/$side" --machines "$machines" --software-rows 10
    urls[$side]=$simulator_url
    pids[$side]=$simulator_pid
    simulator_pid=
    query "INSERT INTO ready VALUES ('$side', $machines, $(date +%s.%N) - $began)"
  done
}

# Also what start_simulator left when it failed.
stop_simulators() {
  stop_simulator
  for simulator_pid in "${pids[@]}"; do stop_simulator; done
  pids=()
}

in_turn() { if (($1 % 2)); then printf '%s\n' "${sides[@]}"; else printf '%s\n' "${sides[@]}" | tac; fi; }

# on SIDE: what follows speaks to its simulator, in its folder.
on() {
  side=$1
  simulator_url=${urls[$side]-}
  folder=$place/$side
}

# What the simulator says of its own CPU; null where it does not.
simulator_cost() { simulate GET /_sim/cost 2>/dev/null || echo null; }

# Their names begin with the run's number.
newest_snapshot_bytes() {
  local -a files=("$folder"/work/snapshots/[0-9]*)
  stat -c %s "${files[-1]}"
}

# sample KIND ROUND: one run, measured.
sample() {
  local -a options
  mapfile -t options < <(simulator_options)
  simulator_cost >"$folder/before.json"
  "$build/tests/bench/measure" "$folder/cost.json" "${program[$side]}" sync "${options[@]}" \
    --working-dir "$folder/work" --format json --log-level error >"$folder/report.json" ||
    die "a run failed: $(<"$folder/report.json")"
  simulator_cost >"$folder/after.json"
  query "INSERT INTO sample SELECT '$side', $machines, '$1', $2, CAST(readfile('$folder/report.json') AS TEXT),
           CAST(readfile('$folder/cost.json') AS TEXT), CAST(readfile('$folder/before.json') AS TEXT),
           CAST(readfile('$folder/after.json') AS TEXT), $(newest_snapshot_bytes)"
}

# Each from nothing: no state is no save point, and makes the run a full one.
full_imports() {
  local kind=$1 count=$2 round
  for ((round = 1; round <= count; ++round)); do
    for side in $(in_turn "$round"); do
      on "$side"
      rm -rf "$folder/work"
      sample "$kind" "$round"
    done
  done
}

# Quickly done, and small: more of them. Those without a change first: what changes is read again for two hours.
small_runs() {
  local kind round
  for kind in quiet changed; do
    wants "$kind" || continue
    for ((round = 1; round <= 3 * rounds; ++round)); do
      for side in $(in_turn "$round"); do
        on "$side"
        [[ $kind == quiet ]] || simulate POST "/_sim/touch?machines=$changes" >/dev/null
        sample "$kind" "$round"
      done
    done
  done
}

# Until nothing is left to later runs: machines that hunting does not know are asked for their users a few a run, and the
# import that follows the last of them is full once more.
settle() {
  local round
  for ((round = 1; round <= 40; ++round)); do
    sample settle "$round"
    [[ $(sqlite3 :memory: "SELECT CAST(readfile('$folder/report.json') AS TEXT) ->> 'outcome'") != "done" ]] || return 0
  done
  die "the state does not settle: $(<"$folder/report.json")"
}

state_size() {
  local raw
  raw=$(sqlite3 -readonly "$folder/work/state.db" ".read $root/tests/bench/raw_values.sql")
  query "INSERT INTO state VALUES ('$side', $machines, $(stat -c %s "$folder/work/state.db"), $raw)"
}

# command NAME WORD…: a command on the state that the runs left, measured.
command_sample() {
  local name=$1
  shift
  "$build/tests/bench/measure" "$folder/cost.json" "${program[$side]}" "$@" --working-dir "${work:-$folder/work}" \
    --log-level error >"$folder/$name.out" || die "$name failed: $(head -c 2000 "$folder/$name.out")"
  query "INSERT INTO command VALUES ('$side', $machines, '$name', CAST(readfile('$folder/cost.json') AS TEXT))"
}

bench_command() {
  local name=$1 machine
  local -a options
  case $name in
    explain)
      machine=$(sqlite3 -readonly "$folder/work/state.db" "SELECT id FROM MachineInfo ORDER BY id LIMIT 1")
      command_sample explain explain "$machine"
      ;;
    replay)
      rm -rf "$folder/replayed"
      work=$folder/replayed command_sample replay replay "$folder"/work/snapshots/*.db
      ;;
    verify)
      mapfile -t options < <(simulator_options)
      command_sample verify verify "${options[@]}"
      ;;
    *) command_sample "$name" "$name" ;;
  esac
}

bench_commands() {
  local name round
  for name in explain status runs replay report verify; do
    wants "$name" || continue
    for ((round = 1; round <= rounds; ++round)); do
      for side in $(in_turn "$round"); do on "$side" && bench_command "$name"; done
    done
  done
}

# wants KIND…: whether a figure that was asked for needs one of them at this size.
wants() {
  local kind
  for kind in "$@"; do [[ " $kinds " != *" $kind "* ]] || return 0; done
  return 1
}

# bench_size MACHINES KIND…
bench_size() {
  machines=$1
  kinds=${*:2}
  echo "measuring at $machines machines: $kinds ..." >&2
  DEFENDER_CAR_LATENCY='' start_simulators
  if wants full; then full_imports full "$rounds"; else full_imports full 1; fi
  for side in "${sides[@]}"; do on "$side" && settle; done
  if wants state; then for side in "${sides[@]}"; do on "$side" && state_size; done; fi
  if wants changed quiet; then small_runs; fi
  bench_commands
  stop_simulators
  if wants latency; then
    DEFENDER_CAR_LATENCY=$latency start_simulators
    full_imports latency "$rounds"
    stop_simulators
  fi
}

bench_staging() {
  local side
  echo "measuring staging of $1 machines ..." >&2
  for side in "${sides[@]}"; do
    "${staging_program[$side]}" "$1" $((2 * rounds + 1)) >"$place/staging.json"
    query "INSERT INTO staging VALUES ('$side', CAST(readfile('$place/staging.json') AS TEXT))"
  done
}
