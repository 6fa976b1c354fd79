# shellcheck shell=bash
# The programs that scripts/bench measures; sourced. `there` is another commit, built in a worktree under build/ that goes
# when the bench ends. The simulator, the samples and the arithmetic are this tree's for both.

# shellcheck disable=SC2034,SC2154 # $program and $staging_program are samples.sh's, $build and $reference scripts/bench's
readonly reference_tree=$root/build/against

prepare_here() {
  program[here]=$build/defender-car
  staging_program[here]=$build/tests/bench/staging_bench
  if [[ -n ${DEFENDER_CAR_BUILD-} ]]; then return; fi
  "$root/scripts/install" quickstart
  build_release all measure staging_bench
}

prepare_there() {
  local log=$root/build/against-build.log
  git -C "$root" rev-parse --verify --quiet "$reference^{commit}" >/dev/null || die "--against: there is no commit $reference"
  remove_reference
  git -C "$root" worktree add --quiet --detach "$reference_tree" "$reference"
  echo "building $reference ..." >&2
  if ! (cd "$reference_tree" && cmake --preset release && cmake --build --preset release --target defender-car staging_bench) \
    >"$log" 2>&1; then
    tail -n 50 "$log" >&2
    die "$reference does not build; the whole log is $log"
  fi
  program[there]=$reference_tree/build/release/defender-car
  staging_program[there]=$reference_tree/build/release/tests/bench/staging_bench
}

remove_reference() {
  [[ -n $reference && -e $reference_tree ]] || return 0
  git -C "$root" worktree remove --force "$reference_tree"
}
