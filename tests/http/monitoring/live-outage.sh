#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The live page while ranged is not available, and while the page is hidden.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"
. "$(dirname "$0")/../live.sh"

make_sizes 100000
start_with_admin
open_browser
browse "go http://$ADMIN/"
see_until 'document.querySelector("#state").textContent == "serving"'
is "$SAID" true "the page is loaded"
asked='performance.getEntriesByName(location.href + "status").length'
see_until "$asked > 2"
is "$SAID" true "the page sends requests"
hide() { # true|false
	see "eval Object.defineProperty(document, 'hidden', { get: () => $1, configurable: true }) && document.dispatchEvent(new Event('visibilitychange'))"
}
hide true
see "eval new Promise(r => setTimeout(() => { const was = $asked; setTimeout(() => r($asked - was), 2500) }, 500))"
is "$SAID" 0 "a hidden page sends no requests"
hide false
see_until "$asked > 4"
is "$SAID" true "a visible page sends requests again"
see errors
is "$SAID" '[]' "there are no errors"

stop_ranged
see_until 'document.querySelector("#state").textContent == "no answer"' 'document.documentElement.className + document.querySelector("#facts").textContent.slice(0, 6)'
is "$SAID" '"stalesince "' "the page shows that ranged does not answer, and since when"
see 'eval document.title'
is "$SAID" '"✕ ranged"' "the title shows it"
start_ranged --admin "$ADMIN"
see_until 'document.querySelector("#state").textContent == "serving"' 'document.documentElement.className'
is "$SAID" '""' "the page recovers"
see "eval document.querySelector('#facts').textContent.includes('pid $PID')"
is "$SAID" true "the page shows the new values"
curl -s "$URL/100000.bin" -o /dev/null
see_until 'document.querySelector("#statuses tbody")?.textContent.startsWith("200")'
is "$SAID" true "the rates start again"
see errors
# Chromium logs each failed request.
is "$(perl -MJSON::PP -e 'print "$_\n" for grep { !/^Failed to load resource/ } @{decode_json($ARGV[0])}' "$SAID")" "" \
	"there are no other errors"
close_browser
is $? 0 "the browser ends with status 0"
finish
