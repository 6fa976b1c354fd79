#!/usr/bin/env bash
# scripts/check_layers passes the project as it is, and finds each kind of violation when planted.
set -euo pipefail
# shellcheck source=tests/shell/shared.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/shared.sh"
begin

check() { "$root/scripts/check_layers" "$place/tree" >"$place/out" 2>"$place/err"; }

# plant FILE INCLUDE [LINE]: a tree with that one include besides innocent ones, and the line.
plant() {
  rm -rf "$place/tree"
  mkdir -p "$place"/tree/cli/{commands,options,output,report} "$place"/tree/engine/{base,json,http,store,defender,car,run,fetch,derive,deliver,snapshot,sync,audit}
  printf '#include <string>\n#include "cli/commands/commands.h"\n' >"$place/tree/cli/main.cpp"
  printf '#pragma once\n  #  include %s\n%s\n' "$2" "${3-}" >"$place/tree/$1"
}

expect_found() {
  plant "$@"
  ! check || fail "not found: $2 in $1"
  grep -q "^$1:2: " "$place/out" || fail "the message does not name $1, line 2"
}

expect_allowed() {
  plant "$@"
  check || fail "wrongly refused: $2 in $1"
}

"$root/scripts/check_layers" || fail "the project itself breaks the layers, see above"

expect_found engine/base/x.h '"http/http_client.h"'
expect_found engine/http/x.cpp '"sync/sync.h"'
expect_found engine/http/x.cpp '"store/database.h"'
expect_found engine/store/x.cpp '"http/http_client.h"'
expect_found engine/store/x.cpp '"car/car_client.h"'
expect_found engine/defender/x.cpp '"store/database.h"'
expect_found engine/defender/x.cpp '"car/car_client.h"'
expect_found engine/car/x.cpp '"store/statement.h"'
expect_found engine/car/x.cpp '<store/statement.h>'
expect_found engine/sync/x.cpp '"audit/state.h"'
expect_found engine/audit/x.cpp '"car/car_client.h"'
expect_found engine/sync/x.cpp '"cli/options/options.h"'
expect_found engine/sync/x.cpp '"../cli/options.h"'
expect_found engine/sync/x.cpp '"run.h"'
expect_found engine/sync/x.cpp '<SQLiteCpp/Database.h>'
expect_found engine/sync/x.cpp '<sqlite3.h>'
expect_found cli/x.cpp '"sqlite3.h"'
expect_found engine/defender/x.cpp '<curl/curl.h>'
expect_found engine/sync/x.cpp '<boost/program_options.hpp>'
expect_found engine/sync/x.cpp '<rapidjson/writer.h>'
expect_found engine/base/x.cpp '<rapidjson/writer.h>'
expect_found engine/json/x.h '"json/rapid_json.h"'
expect_found engine/base/x.cpp '"json/records.h"'
expect_found engine/run/x.h '"sync/sync.h"'
expect_found engine/run/x.cpp '"fetch/fetch.h"'
expect_found engine/derive/x.cpp '"deliver/deliver.h"'
expect_found engine/fetch/x.cpp '"car/car_client.h"'
expect_found cli/output/x.cpp '"cli/options/options.h"'
expect_found cli/report/x.cpp '"cli/commands/commands.h"'
expect_found engine/http/x.cpp '<httplib.h>'
plant engine/sync/x.cpp '<string>' 'const char* query = "SELECT id FROM MachineInfo";'
! check || fail "SQL in C++ was not found"
mkdir -p "$place/tree/engine/more"
echo '#include <string>' >"$place/tree/engine/more/x.h"
! check || fail "a folder that is no room was not found"

expect_allowed engine/store/x.cpp '<sqlite3.h>'
expect_allowed engine/http/x.cpp '<curl/curl.h>'
expect_allowed engine/json/rapid_json.h '<rapidjson/writer.h>'
expect_allowed engine/http/x.cpp '"json/rapid_json.h"'
expect_allowed engine/sync/x.cpp '"derive/derive.h"'
expect_allowed cli/commands/x.cpp '"cli/options/options.h"'
expect_allowed engine/sync/x.cpp '"store/database.h"'
expect_allowed cli/options/x.cpp '<boost/program_options.hpp>'
