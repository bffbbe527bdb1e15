#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# access_format can be a string of directives. The message about an invalid string names the position.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000 'sub/b c' 10
config "access_format = '%m|%U|%q|%H|%s|%B|%{Host}i|%{range}i|%p|%{scheme}x|%{cache}x|%v|%u|100%%'"
start_ranged
get_range 0-9 '/a.bin?x=y&z' -H 'Host: here:1'
get '/sub/b%20c'
stop_ranged
is "$(sed -n 1p "$DIR/access.log")" "GET|/a.bin|?x=y&z|HTTP/1.1|206|10|here:1|bytes=0-9|${ADDRESS##*:}|http|miss|-|-|100%" \
	"each directive has its value"
is "$(sed -n 2p "$DIR/access.log" | cut -d '|' -f 1-6)" "GET|/sub/b%20c||HTTP/1.1|200|10" \
	"a request without a query is logged"

rm "$DIR/access.log"
config "access_format = '%D %{ms}T %T %{sec}t %{wait_us}x'"
start_ranged
get /a.bin
stop_ranged
read -r us ms s at wait <"$DIR/access.log"
is "$((us / 1000)) $((us / 1000000))" "$ms $s" "%D, %T and ms show the same duration"
at_most "$wait" "$us" "the waiting time is part of the duration"
at_least "$at" $(($(date +%s) - 60)) "the time is current"

bad() { # FORMAT REGEX
	printf 'workers = 1\naccess_format = %s\n' "$1" >"$DIR/bad.conf"
	OUT=$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1 </dev/null)
	isnt $? 0 "$1 is rejected"
	like "$OUT" "bad\.conf:2: access_format: .*$2" "the message about $1 names the reason"
}
bad "'%h %y'" '"%y" at byte 4: unknown directive'
bad "'%h %{Cookie}i'" '"%\{Cookie\}i" at byte 4: only the request fields Referer'
bad "'%h %{Host'" 'at byte 4: missing closing brace'
bad "comined" 'expected combined, timing, json'
bad "'%h %'" 'at byte 4: incomplete directive'
printf 'site "a" {\n root = /\n access_format = "%%z"\n}\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" 'bad\.conf:3: access_format: ' \
	"the message about a format of a site names its line"
finish
