# shellcheck shell=bash
# A headless Chromium, asked by WebDriver; sourced after shared.sh by tests that look at a page. It
# reads the page without a network: every address but the page's own file is out of reach.

# shellcheck disable=SC2154 # $place is shared.sh's
browser_pid=
browser_url=
browser_session=

# driver PATH [BODY]: one call; the answer is in $place/answer.
driver() {
  curl --silent --show-error --fail --noproxy '*' --max-time 60 -H 'Content-Type: application/json' \
    ${2:+--data "$2"} --output "$place/answer" "$browser_url$1"
}

cdp() { driver "/session/$browser_session/goog/cdp/execute" "{\"cmd\":\"$1\",\"params\":$2}"; }

# evaluate SCRIPT: the value of a JavaScript expression on the page. From outside: the page has no
# script of its own, and its policy would not let one run.
evaluate() {
  driver "/session/$browser_session/execute/sync" \
    "$(sqlite3 :memory: "SELECT json_object('script', 'return ' || '${1//\'/\'\'}', 'args', json_array())")"
  json "$place/answer" '$.value'
}

start_browser() {
  command -v chromedriver >/dev/null || fail "chromedriver is missing: scripts/install test"
  : >"$place/chromedriver.log"
  # A home of its own, and a group of its own, so that all of its processes go together.
  HOME=$place XDG_CONFIG_HOME=$place/config XDG_CACHE_HOME=$place/cache setsid \
    chromedriver --port=0 >"$place/chromedriver.log" 2>&1 &
  browser_pid=$!
  wait_for "chromedriver" grep -q 'successfully on port' "$place/chromedriver.log"
  browser_url=http://127.0.0.1:$(sed -n 's/.*successfully on port \([0-9]*\).*/\1/p' "$place/chromedriver.log")
  driver /session '{"capabilities":{"alwaysMatch":{"goog:loggingPrefs":{"browser":"ALL"},
    "goog:chromeOptions":{"args":["--headless=new","--no-sandbox","--disable-gpu",
    "--disable-dev-shm-usage","--no-first-run","--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]}}}}' ||
    fail "no session: $(tail -n 3 "$place/chromedriver.log")"
  browser_session=$(json "$place/answer" '$.value.sessionId')
}

stop_browser() {
  [[ -n $browser_pid ]] || return 0
  [[ -z $browser_session ]] ||
    curl --silent --noproxy '*' --request DELETE "$browser_url/session/$browser_session" >/dev/null || true
  kill -- "-$browser_pid" 2>/dev/null || true
  wait "$browser_pid" 2>/dev/null || true
  browser_pid=
}

open_page() { driver "/session/$browser_session/url" "{\"url\":\"file://$1\"}"; }

# What the page's console says, a line a message.
console() {
  driver "/session/$browser_session/se/log" '{"type":"browser"}'
  sqlite3 :memory: "SELECT value ->> 'message' FROM json_each(readfile('$place/answer'), '\$.value')"
}

# look WIDTH light|dark: as on a screen of that width, in that scheme.
look() {
  cdp Emulation.setDeviceMetricsOverride \
    "{\"width\":$1,\"height\":900,\"deviceScaleFactor\":1,\"mobile\":false}"
  cdp Emulation.setEmulatedMedia \
    "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"$2\"}]}"
}

# picture FILE: the whole page.
picture() {
  cdp Page.captureScreenshot '{"captureBeyondViewport":true}'
  json "$place/answer" '$.value.data' | base64 --decode >"$1"
}
