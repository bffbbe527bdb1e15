#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A listing in Chromium: its content security policy blocks nothing; times, filter, order and keys work; directories and
# files can be opened.
. "$(dirname "$0")/../lib.sh"

need_cmd chromium
make_text 'pub/sub dir/file & more.txt' 'the text of the file'
make_file pub/b10.bin 3000 pub/b9.bin 20 pub/a.iso 500000
touch -d '2019-01-01 UTC' "$ROOT/pub/b9.bin"
mkdir "$ROOT/empty"
config 'listing = true'
start_ranged
browse() { # LINE...: what is printed goes to $DIR/seen
	printf '%s\n' "$@" | perl "$LIB/chromium.pl" "$DIR/chromium" >"$DIR/seen" 2>"$DIR/browser"
	RC=$?
}
seen_names='[...document.querySelectorAll("tbody tr:not([hidden]) a")].map(a => a.textContent).join(" ")'
said='document.querySelector("[role=status]").textContent.replace(/\s/g, " ")'
steps=()
for width in 320 390 768 1280; do
	steps+=("size $width 800" "go $URL/pub/" 'eval innerWidth + ": " + (document.documentElement.scrollWidth <= innerWidth)')
done
browse "go $URL/pub/" "size 1000 700" 'eval "started"' "eval $seen_names" "eval $said" \
	'eval getComputedStyle(document.querySelector("td svg")).width' \
	'eval document.querySelector("time").title != "" && document.querySelector(".zone") == null' \
	'key /' 'type B iN' "eval $seen_names" "eval $said" 'key Escape' "eval $said" \
	'key ArrowDown' 'eval document.activeElement.textContent' 'key ArrowDown' 'eval document.activeElement.textContent' \
	'key /' 'type nothing like it' 'eval document.querySelector("table").hidden + document.querySelector(".empty").textContent' \
	'key Escape' 'eval window.here = true' 'click th:nth-child(2) button' "eval $seen_names" \
	'eval document.querySelector("[aria-sort]").textContent + location.search + window.here' \
	'click th:nth-child(2) button' "eval $seen_names" 'click th:nth-child(1) button' "eval $seen_names" 'eval location.search + window.here' \
	'click th:nth-child(3) button' 'click th:nth-child(3) button' "eval $seen_names" \
	'click tbody a' 'load' 'eval decodeURI(location.pathname) + location.search' "eval $seen_names" \
	'eval [...document.querySelectorAll("nav a")].map(a => a.getAttribute("href")).join(" ")' \
	'click th:nth-child(1) button' 'load' 'eval location.search + document.querySelectorAll("tbody tr").length' \
	'click tbody a' 'load' 'eval document.body.textContent' \
	"${steps[@]}" "go $URL/absent" 'eval document.querySelector("h1").textContent' 'eval getComputedStyle(document.querySelector(".code")).fontSize' \
	"go $URL/empty/" 'eval document.querySelector(".empty").textContent'
[ -s "$DIR/seen" ] || skip_all "chromium does not start here: $(head -n 1 "$DIR/browser")"
is "$RC" 0 "the browser ran all commands"
mapfile -t seen <"$DIR/seen"
is "$(printf '%s\n' "${seen[@]:1:22}")" '"sub dir/ a.iso b9.bin b10.bin"
"1 folder, 3 files"
"20px"
true
"b9.bin b10.bin"
"2 of 4 shown"
"1 folder, 3 files"
"sub dir/"
"a.iso"
"trueNothing here matches “nothing like it”."
true
"sub dir/ a.iso b10.bin b9.bin"
"Size?sort=size&order=desctrue"
"sub dir/ b9.bin b10.bin a.iso"
"sub dir/ a.iso b9.bin b10.bin"
"true"
"sub dir/ b9.bin a.iso b10.bin"
"/pub/sub dir/?sort=time&order=asc"
"file & more.txt"
"../../?sort=time&order=asc ../?sort=time&order=asc"
"?sort=name&order=asc1"
"the text of the file"' "and saw what it should"
is "${seen[*]:23:4}" '"320: true" "390: true" "768: true" "1280: true"' "nothing is wider than the window"
is "${seen[*]:27}" '"Not Found" "72px" "This folder is empty."' "the pages of an error and of an empty directory are correct"
finish
