#!/usr/bin/env bash
# --metrics-file after a good run, one that failed, and one that failed before it began: whole, 0644, in
# the form that Prometheus' textfile collector reads; never over a file of others.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin
readonly metrics=$place/defender-car.prom

expect_sample() { grep -Eq "^defender_car_$1\$" "$metrics" || fail "no sample $1: $(<"$metrics")"; }

# One HELP and one TYPE a metric, samples of it below, tenant and source on each, nothing else.
expect_form() {
  awk '
    /^# HELP defender_car_[a-z_]+ ./ { name = $3; if (seen[name]++) exit 1; next }
    /^# TYPE/ { if ($3 != name || $4 != "gauge") exit 1; next }
    /^defender_car_[a-z_]+\{.*tenant="[^"]*",source="[^"]*"\} -?[0-9.]+$/ { if (substr($1, 1, length(name) + 1) != name "{") exit 1; next }
    { exit 1 }' "$metrics" || fail "not in the text format: $(<"$metrics")"
  [[ $(stat -c %a "$metrics") == 644 ]] || fail "the metrics have mode $(stat -c %a "$metrics")"
  [[ $(find "$place" -maxdepth 1 -name '*.prom*' | wc -l) == 1 ]] || fail "a draft was left behind"
  if command -v promtool >/dev/null; then promtool check metrics <"$metrics" || fail "promtool refuses it"; fi
}

simulator --machines 10
program sync --working-dir "$place/work" --metrics-file "$metrics"
expect_code 0
expect_form
expect_sample 'build_info\{version="[0-9.]+",.*\} 1'
expect_sample 'last_run_exit_code\{.*\} 0'
expect_sample 'last_success_timestamp_seconds\{.*\} [0-9]{10}'
expect_sample 'last_full_import_timestamp_seconds\{.*\} [0-9]{10}'
expect_sample 'last_run_duration_seconds\{.*\} [0-9.]+'
expect_sample 'consecutive_failures\{.*\} 0'
expect_sample 'dataset_complete\{dataset="machines",.*\} 1'
expect_sample 'dataset_cursor_timestamp_seconds\{dataset="machines",.*\} [0-9]{10}'
expect_sample 'assets\{.*\} [1-9][0-9]*'
expect_sample 'active_edges\{collection="asset_hostname",.*\} [1-9][0-9]*'
expect_sample 'outbox_operations\{.*\} 0'
expect_sample 'records_set_aside\{.*\} [0-9]+'
expect_sample 'sent_operations\{operation="vertex",collection="asset",.*\} [1-9][0-9]*'
expect_sample 'calls_last_hour\{family="machines",.*\} [1-9][0-9]*'
expect_sample 'call_quota_hour\{family="users",.*\} 1500'

CONFIGURATION_AUTH_CLIENTSECRET=wrong program sync --working-dir "$place/work" --metrics-file "$metrics"
expect_code 52
expect_form
expect_sample 'last_run_exit_code\{.*\} 52'
expect_sample 'consecutive_failures\{.*\} 1'

# No folder can be made there: the run fails before it begins.
program sync --working-dir /proc/nowhere --metrics-file "$metrics"
((code != 0)) || fail "a run without a folder was good"
expect_form
expect_sample "last_run_exit_code\{.*\} $code"

echo 'node_load1 1' >"$place/others.prom"
program sync --working-dir "$place/work" --metrics-file "$place/others.prom" --log-level warn
expect_code 0
[[ $(<"$place/others.prom") == 'node_load1 1' ]] || fail "a file of others was replaced"
grep -q 'holds something else than metrics' "$place/err" || fail "no warning"
program sync --working-dir "$place/work" --metrics-file "$place/metrics.txt"
expect_code 2 "a name that no collector reads"
