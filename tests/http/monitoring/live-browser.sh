#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The live page in Chromium: values arrive and change, the layout is stable, there are no errors, and file names are
# shown as text.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"
. "$(dirname "$0")/../live.sh"

name="<img src=x onerror=\"document.title='caught'\">.bin"
files=("$name" 300000 large.bin 3000000)
small=$(printf 'small/%02d ' {1..12})
for file in $small; do files+=("$file" $((1000 + 10#${file#*/} * 100))); done
make_file "${files[@]}"
CACHE=16M
start_with_admin
curl -sS --fail "$URL/small/[01-12]" -o /dev/null
open_browser
browse "size 1280 900"
browse "go http://$ADMIN/"
see_until '!document.querySelector("main").hidden && document.querySelectorAll("#workers tbody tr").length > 0' 'document.querySelector("#state").textContent'
is "$SAID" '"serving"' "the state is shown"
see_until 'document.querySelector(".big").textContent != "\u2013"' 'document.querySelector(".big").textContent'
is "$SAID" '"0 B/s"' "the rate is 0 at first"
see 'eval document.querySelector("#files caption").textContent.replace(/\d+/, "N")'
is "$SAID" '"Files none in the last N s"' "no file is listed at first"

# The files in the cache, in pages of ten.
resident='[...document.querySelectorAll("#resident tbody th")].map(th => th.textContent.slice(7)).join(" ")'
see_until 'document.querySelectorAll("#resident tbody tr").length == 10' "$resident"
is "$SAID" '"12 11 10 09 08 07 06 05 04 03"' "the files with the most bytes in memory are listed"
see 'eval document.querySelector("#previous").disabled + " " + document.querySelector("#next").disabled'
is "$SAID" '"true false"' "the first page has a next page"
browse "click #next"
see_until 'document.querySelectorAll("#resident tbody tr").length == 2' "$resident"
is "$SAID" '"02 01"' "the next page is listed"
see 'eval document.querySelector("#previous").disabled + " " + document.querySelector("#next").disabled'
is "$SAID" '"false true"' "the last page has a previous page"
browse "click #previous"
see_until 'document.querySelectorAll("#resident tbody tr").length == 10' "$resident"
is "$SAID" '"12 11 10 09 08 07 06 05 04 03"' "the previous page is listed again"

curl -s --rate 20/s --max-time 10 --limit-rate 20M "$URL/[1-100000]/../{%3Cimg%20src=x%20onerror=%22document.title='caught'%22%3E.bin,large.bin,none}" -o /dev/null &
load=$!
see_until '[...document.querySelectorAll("#files th")].some(th => th.textContent.includes("<img"))' \
	'[...document.querySelectorAll("#files th")].map(th => th.textContent).find(text => text.includes("<img"))'
is "$SAID" '"/<img src=x onerror=\"document.title='"'caught'"'\">.bin"' "the name of the file is shown as text"
see_until 'document.querySelector(".big").textContent != "0 B/s"' '/^[0-9.]+ [KMG]iB.s$/.test(document.querySelector(".big").textContent)'
is "$SAID" true "the rate is shown"
see 'eval document.images.length + " " + /^[0-9.]+ [KMG]iB.s . ranged$/.test(document.title)'
is "$SAID" '"0 true"' "the name was not executed, and the title has the rate"
see 'eval new Promise(r => { const total = () => [...document.querySelectorAll("#statuses tr")].map(row => row.textContent).join(), was = total(); setTimeout(() => r(total() != was), 2500) })'
is "$SAID" true "the values change"
see 'eval [...document.querySelectorAll("#statuses tbody th")].map(th => th.textContent).join(" ")'
is "$SAID" '"200 404"' "requests are shown by status"
see_until 'document.querySelector("#clients tbody th")' 'document.querySelector("#clients tbody th").textContent'
is "$SAID" '"127.0.0.1"' "the client is shown"
see 'eval document.querySelector("#sent").ariaLabel'
like "$SAID" 'the last five minutes: now [0-9.]+ [KM]iB/s, at most .*cache [0-9.]+ .iB/s, coalesced .*, disk ' \
	"the chart has a description"
see_until '/median [0-9.]+ .?s/.test(document.querySelector(".device canvas")?.ariaLabel)' \
	'document.querySelector(".device canvas").ariaLabel'
like "$SAID" 'Latency of reads from disk [0-9]+:[0-9]+, .*median [0-9.]+ [^ ]*s, 99th percentile ' \
	"the disk chart has a description"
see 'eval (() => { const c = document.querySelector("#sent"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; return new Set(new Uint32Array(d.buffer)).size > 5 })()'
is "$SAID" true "the chart is drawn"
places='JSON.stringify([...document.querySelectorAll("main > *, .tile, .device")].map(e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] }))'
see "eval new Promise(r => { const was = $places; setTimeout(() => r(was == $places), 2500) })"
is "$SAID" true "the layout does not move"
for width in 320 360 390 768 1280 1920; do
	browse "size $width 800"
	see "eval new Promise(r => setTimeout(() => r(document.documentElement.scrollWidth + \" \" + document.querySelector('#sent').clientWidth), 200))"
	like "$SAID" "^\"$width [0-9]+\"\$" "nothing is wider than a window of $width pixels"
done
see 'eval [...document.querySelectorAll("table")].every(t => t.caption?.textContent) && [...document.querySelectorAll("canvas")].every(c => c.ariaHidden || c.ariaLabel)'
is "$SAID" true "each table has a caption, and each chart a description"
see errors
is "$SAID" '[]' "there are no errors"
see requests
is "$(perl -MJSON::PP -e 'my %seen; print "$_\n" for sort grep { !$seen{$_}++ } @{decode_json($ARGV[0])}' "$SAID" | sed "s|^http://$ADMIN||; /^data:/d" | sort -u | xargs)" \
	"/ /cache/hot?limit=10&offset=0 /cache/hot?limit=10&offset=10 /status" "the page requests only itself, /status and /cache/hot"
close_browser
is $? 0 "the browser ends with status 0"
kill "$load"
wait "$load" 2>/dev/null
finish
