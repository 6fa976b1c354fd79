#!/usr/bin/env bash
# However a working folder is spelled, what sync accepts every other command finds: the same state.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
simulator --machines 10
mkdir "$place/in" "$place/in/sub"
cd "$place/in"

expect_run() {
  [[ $(json "$place/out" "$2") == "$1" ]] || fail "$3 does not see run $1"
}

# commands FOLDER RUN: each reads the state in which that run was the last.
commands() {
  local -r folder=$1 run=$2
  local machine
  program status --working-dir "$folder" --format json
  expect_code 0 "status of $folder"
  expect_run "$run" '$.last_run.run_id' "status of $folder"
  program runs --working-dir "$folder" --format json
  expect_run "$run" '$.runs[0].run_id' "runs of $folder"
  program plan --working-dir "$folder" --format json
  expect_code 0 "plan on $folder"
  expect_run "$run" '$.state_run' "plan on $folder"
  machine=$(json "$place/machines" '$[0].id')
  for command in "explain $machine" "diff 1 $run" "diff $run $run" snapshots report verify check; do
    # shellcheck disable=SC2086 # a command and its words
    case $command in
      verify | check) program $command --working-dir "$folder" ;;
      *) code=0 && "$build/defender-car" $command --working-dir "$folder" </dev/null >"$place/out" 2>"$place/err" || code=$? ;;
    esac
    expect_code 0 "$command of $folder"
  done
  code=0
  "$build/defender-car" replay "$folder"/snapshots/*.db --working-dir "again-$run" </dev/null >"$place/out" 2>"$place/err" || code=$?
  expect_code 0 "replay of $folder"
  rm -r "again-$run"
}

# Each is another spelling of the folder `work`.
ln -s work link
run=0
for folder in work ./work work/ work// "$PWD/work" "/$PWD/work" "//$PWD//work/" sub/../work link link/ "/$PWD/link/" \
  "./link/../work/."; do
  program sync --working-dir "$folder"
  expect_code 0 "sync into $folder"
  run=$((run + 1))
  sqlite3 "file:work/state.db?mode=ro" "SELECT json_array(json_object('id', min(id))) FROM MachineInfo" >"$place/machines"
  commands "$folder" "$run"
done
[[ $(sqlite3 "file:work/state.db?mode=ro" 'SELECT count(*) FROM run') == "$run" ]] || fail "a run went elsewhere"

# Names that would mean something in a URI, a shell or an SQL text.
for folder in 'a?mode=memory' 'b#c' 'd%41' 'e f' "g'h" 'file:i' ':memory:' 'j&vfs=none' $'k\xff' '-l/m' 'n"o'; do
  program sync --working-dir "./$folder"
  expect_code 0 "sync into $folder"
  program sync --working-dir "./$folder"
  expect_code 0 "a second sync into $folder"
  program status --working-dir "./$folder" --format json
  expect_code 0 "status of $folder"
  expect_run 2 '$.last_run.run_id' "status of $folder"
  program plan --working-dir "./$folder" --format json
  expect_code 0 "plan on $folder"
  expect_run 2 '$.state_run' "plan on $folder"
  program diff 1 2 --working-dir "./$folder"
  "$build/defender-car" diff "./$folder/state.db" "./$folder/snapshots/"*1-full.db </dev/null >"$place/out" 2>"$place/err" ||
    fail "diff of files in $folder"
done
[[ ! -e state.db && ! -e A ]] || fail "a state elsewhere than asked for"
