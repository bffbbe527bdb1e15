#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The live page when ranged goes away and comes back, and when nobody looks at it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"
. "$(dirname "$0")/../live.sh"

make_sizes 100000
start_with_admin
open_browser
browse "go http://$ADMIN/"
see_until 'document.querySelector("#state").textContent == "serving"'
is "$SAID" true "it is there"
asked='performance.getEntriesByName(location.href + "status").length'
see_until "$asked > 2"
is "$SAID" true "it asks again and again"
hide() { # true|false
	see "eval Object.defineProperty(document, 'hidden', { get: () => $1, configurable: true }) && document.dispatchEvent(new Event('visibilitychange'))"
}
hide true
see "eval new Promise(r => setTimeout(() => { const was = $asked; setTimeout(() => r($asked - was), 2500) }, 500))"
is "$SAID" 0 "but not while it is hidden"
hide false
see_until "$asked > 4"
is "$SAID" true "and goes on when it is seen again"
see errors
is "$SAID" '[]' "no errors"

stop_ranged
see_until 'document.querySelector("#state").textContent == "no answer"' 'document.documentElement.className + document.querySelector("#facts").textContent.slice(0, 6)'
is "$SAID" '"stalesince "' "it says that nothing answers, and since when"
see 'eval document.title'
is "$SAID" '"✕ ranged"' "so does the title"
start_ranged --admin "$ADMIN"
see_until 'document.querySelector("#state").textContent == "serving"' 'document.documentElement.className'
is "$SAID" '""' "it comes back by itself"
see "eval document.querySelector('#facts').textContent.includes('pid $PID')"
is "$SAID" true "with what it says now"
curl -s "$URL/100000.bin" -o /dev/null
see_until 'document.querySelector("#statuses tbody")?.textContent.startsWith("200")'
is "$SAID" true "and counts from the start"
see errors
# Chromium notes each request that failed.
is "$(perl -MJSON::PP -e 'print "$_\n" for grep { !/^Failed to load resource/ } @{decode_json($ARGV[0])}' "$SAID")" "" "no other errors"
close_browser
is $? 0 "the browser ended well"
finish
