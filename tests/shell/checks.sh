#!/usr/bin/env bash
# What `check` ends with: everything works, some things do not, or a cause that is named once.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

says() { grep -q -- "$1" "$place/out" || fail "check does not say: $1"; }

simulator --machines 3
program check --working-dir "$place/work"
expect_code 0
says '^Everything that a sync needs works\.$'

# By CAR's first question, whatever its path, the service is down.
simulate POST "/_sim/fault?match=GET%20/car/&kind=status&status=500&count=99" >/dev/null
program check --working-dir "$place/work"
((code == 10 || code == 20)) || fail "exit code $code where CAR is down"
says '^FAILED   CAR health: '
says 'CAR save point: not known: '
says 'CAR import schema: not known: '
[[ $(grep -c '^FAILED' "$place/out") == 1 ]] || fail "one cause is told several times"
stop_simulator

simulator --machines 3 --no-hunting --no-vulnerability-export
program check --working-dir "$place/work"
expect_code 0
says '^Works, but without: adapters and MACs of hunting, vulnerabilities\.$'
