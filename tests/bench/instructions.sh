# shellcheck shell=bash
# Instructions instead of seconds: the same on a busy machine and on an idle one. Sourced by scripts/bench.
#
# --count runs the program of preset dev, which scripts/test has built anyway, under cachegrind without its caches: it
# counts, and little more. Release has 2 % fewer instructions in a full import, since most of them are SQLite's.
# --profile takes release and callgrind, which also knows who called whom, and takes five times as long.
#
# Counts of two runs differ by less than 0.1 %, whatever else the machine does. What could move them more is taken away:
# the environment, other forms of memcpy and SHA-256 for other processors, the folder's name.

# shellcheck disable=SC2154 # $place and $root are scripts/bench's, $urls samples.sh's
readonly counted_machines=1000 counted_software_rows=10
readonly allowed=1.05
readonly baseline=$root/tests/bench/instructions.json
readonly other_versions=77  # ctest shows such a test as skipped

needs_valgrind() { command -v valgrind >/dev/null || die "valgrind is missing: scripts/install test"; }

# under TOOL FILE OPTION…: one sync under valgrind, in the folder work of $place.
under() {
  local tool=$1 file=$2
  shift 2
  local -a options
  mapfile -t options < <(simulator_options)
  (
    cd "$place"
    env -i PATH=/usr/bin:/bin no_proxy=127.0.0.1 OPENSSL_ia32cap=0 \
      GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-BMI2 \
      CONFIGURATION_AUTH_TENANT="$CONFIGURATION_AUTH_TENANT" CONFIGURATION_AUTH_CLIENTID="$CONFIGURATION_AUTH_CLIENTID" \
      CONFIGURATION_AUTH_CLIENTSECRET="$CONFIGURATION_AUTH_CLIENTSECRET" \
      CAR_SERVICE_KEY="$CAR_SERVICE_KEY" CAR_SERVICE_PASSWORD="$CAR_SERVICE_PASSWORD" \
      valgrind --tool="$tool" "--$tool-out-file=$file" --log-file=valgrind.log "$@" \
      "$counted_program" sync "${options[@]}" --working-dir work --format json --log-level error >report.json
  ) || die "a run under valgrind failed: $(<"$place/report.json") $(tail -n 5 "$place/valgrind.log")"
}

# expect_run MODE CONDITION: that it was the run it was meant to be, or its count would say nothing.
expect_run() {
  [[ $(sqlite3 :memory: "WITH r AS (SELECT readfile('$place/report.json') AS json)
         SELECT json ->> 'outcome' = 'done' AND json ->> 'mode' = '$1' AND
                (SELECT coalesce(sum(value ->> 'count'), 0) FROM r AS s, json_each(s.json, '\$.sent')) $2 FROM r") == 1 ]] ||
    die "no such run as was meant to be counted: $(<"$place/report.json")"
}

# begin_counting BUILD
begin_counting() {
  needs_valgrind
  use_simulated_credentials
  counted_program=$1/defender-car
  rm -rf "$place"
  mkdir -p "$place"
  start_simulator "$1/defender-car-simulator" "$place" --machines "$counted_machines" \
    --software-rows "$counted_software_rows"
}

# count_run NAME: how many instructions, as a member of a JSON object.
count_run() {
  under cachegrind "$1.cachegrind" --cache-sim=no --branch-sim=no
  printf '"%s":%s' "$1" "$(sed -n 's/^summary: //p' "$place/$1.cachegrind")"
}

versions() {
  printf '{"g++":"%s","sqlite":"%s","libc":"%s","valgrind":"%s"}' "$(g++ -dumpfullversion)" \
    "$(sqlite3 --version | cut -d ' ' -f 1)" "$(getconf GNU_LIBC_VERSION)" "$(valgrind --version)"
}

# Writes what it counted to $place/counted.json, in the shape of the baseline.
count() {
  local full quiet
  if [[ -z ${DEFENDER_CAR_BUILD-} ]]; then build_preset dev defender-car defender-car-simulator; fi
  begin_counting "${DEFENDER_CAR_BUILD:-$root/build/dev}"
  echo "counting ..." >&2
  full=$(count_run full)
  expect_run full '> 0'
  quiet=$(count_run quiet)
  expect_run incremental '= 0'
  stop_simulator
  printf '{"version":1,"machines":%s,"software_rows":%s,"made_with":%s,"instructions":{%s,%s}}\n' \
    "$counted_machines" "$counted_software_rows" "$(versions)" "$full" "$quiet" >"$place/counted.json"
}

# judge BASELINE COUNTED: a line a run; fails with 1 where one has more than 5 % more instructions, with 77 where
# other versions than the baseline's counted, so that nothing can be said.
judge() {
  local verdict
  verdict=$(sqlite3 -bail :memory: ".param init" ".param set :baseline '$1'" ".param set :counted '$2'" \
    ".param set :allowed $allowed" ".read $root/tests/bench/instructions.sql") || die "$1 and $2 cannot be compared"
  sed 1d <<<"$verdict"
  case $(head -n 1 <<<"$verdict") in
    good) ;;
    other) return "$other_versions" ;;
    *) return 1 ;;
  esac
}

count_instructions() {
  count
  judge "$baseline" "$place/counted.json"
}

renew_instructions() {
  count
  cp "$place/counted.json" "$baseline"
  echo "$baseline: $(<"$baseline")"
}

# ------------------------------------------------------------------------------------------------

# profile_run NAME: our functions with all that they call, then all functions by what they do themselves.
profile_run() {
  local file=$place/$1.callgrind
  under callgrind "$1.callgrind"
  printf '\n%s: %s instructions, with those below:\n' "$1" "$(sed -n 's/^totals: //p' "$file")"
  annotated --inclusive=yes --threshold=99 "$file" | grep defender_car:: | sed -n 1,25p
  printf '\n%s: by themselves (callgrind_annotate %s)\n' "$1" "$file"
  annotated --threshold=90 "$file" | sed -n 1,25p
}

# The lines of functions alone; a path of a library and the names of templates would drown the rest.
annotated() {
  callgrind_annotate "$@" | sed -n '/file:function/,${/[0-9]%)/p}' |
    sed -E 's/ \[.*\/([^/]*)\]$/  (\1)/; s/\?\?\?://; s/std::__cxx11::basic_string<[^<>]*(<[^<>]*>[^<>]*)*>/string/g' | cut -c 1-150
}

profile_instructions() {
  build_preset release defender-car defender-car-simulator
  begin_counting "$root/build/release"
  echo "profiling; takes some minutes ..." >&2
  profile_run full
  simulate POST '/_sim/touch?machines=100' >/dev/null
  profile_run changed
  stop_simulator
}
