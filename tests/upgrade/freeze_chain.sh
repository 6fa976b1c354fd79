#!/usr/bin/env bash
# Makes a frozen chain of snapshots: freeze_chain.sh FOLDER, of the programs in $DEFENDER_CAR_BUILD. Once
# for each layout of the stage that is replaced, by the last program that wrote it; never again after
# that. A full import and three incremental runs, 30 hours of the tenant's life before each.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../shell/shared.sh"
begin
simulator --machines 8 --software-rows 3 --seed 5
mkdir -p "$1"
for hours in 0 30 30 30; do
  simulate POST "/_sim/live?hours=$hours" >/dev/null
  program sync --working-dir "$place/work" --compress-snapshots
  expect_code 0
done
cp "$place"/work/snapshots/*.db.gz "$1"
