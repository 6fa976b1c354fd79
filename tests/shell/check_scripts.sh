#!/usr/bin/env bash
# Every shell script of the project passes shellcheck.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

is_shell_script() { [[ $1 == *.sh ]] || head -n 1 -- "$1" | grep -qE '^#!.*\<(ba)?sh$'; }

scripts=()
while IFS= read -r file; do
  if [[ -f $file ]] && is_shell_script "$file"; then scripts+=("$file"); fi
done < <(find scripts .ci tests -type f)
((${#scripts[@]} >= 15)) || { echo "found only ${#scripts[@]} scripts" >&2 && exit 1; }
shellcheck --external-sources "${scripts[@]}"
