#!/usr/bin/env bash
# Every C++ file stands as .clang-format wants it. To set one right: clang-format -i FILE
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

mapfile -t files < <(find cli engine tests -name '*.cpp' -o -name '*.h' | sort)
((${#files[@]} >= 50)) || { echo "found only ${#files[@]} files" >&2 && exit 1; }
wrong=()
for file in "${files[@]}"; do
  clang-format --dry-run -Werror "$file" 2>/dev/null || wrong+=("$file")
done
((${#wrong[@]} == 0)) || { printf 'not formatted: %s\n' "${wrong[@]}" && exit 1; }
