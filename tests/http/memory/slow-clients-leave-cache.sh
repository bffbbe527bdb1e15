#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that read slowly do not keep the cache from other clients, whatever they request: cold files are served at
# once.
. "$(dirname "$0")/../lib.sh"

hot=() cold=()
for i in $(seq 0 39); do hot+=("hot$i.bin" 1048576 "small$i.bin" 65536); done
for i in $(seq 0 41); do cold+=("cold$i.bin" 1048576); done
make_file "${hot[@]}" "${cold[@]}" error.bin 1048576 x.bin 4096
for i in {0..39}; do
	ln "$ROOT/hot$i.bin" "$ROOT/v$i.bin.br"
	ln "$ROOT/x.bin" "$ROOT/v$i.bin"
done
age "$ROOT"/v*
config 'error_page = {"404 /error.bin"}' 'trusted_proxies = {"127.0.0.50"}'
start_ranged --workers 2

LINES=0 NEXT=0
request() { # VERSION TARGET [FIELD...]: writes $DIR/request, as many times as exceed the socket buffers
	local i
	for i in {1..100}; do
		printf 'GET %s HTTP/%s\r\nHost: x\r\nConnection: keep-alive\r\n' "$2" "$1"
		[ $# -lt 3 ] || printf '%s\r\n' "${@:3}"
		printf '\r\n'
	done >"$DIR/request"
}
# The socket buffers are full: nothing more is sent.
settled() {
	local before=$HITS
	pause 0.1
	take_stats
	HITS=$(stat_of hits 'stats cache ')/$(stat_of misses 'stats cache ')
	[ "$HITS" = "$before" ]
}
attack() { # NAME SLOW-OPTION...
	local slow i urls=()
	curl -sS "$URL/hot[0-39].bin" >/dev/null
	perl "$LIB/slow.pl" 64 "$ADDRESS" files=40 rate=1600 "${@:2}" <"$DIR/request" >"$DIR/slow" &
	slow=$!
	await 5 grep -q held "$DIR/slow" || fail "$1: they are held"
	HITS=
	await 5 settled || fail "$1: they stall"
	for i in 1 2 3; do urls+=(-o "$BODY.$i" "$URL/cold$((NEXT + i)).bin"); done
	curl -sS --interface 127.0.0.77 --max-time "$(seconds 10)" "${urls[@]}"
	for i in 1 2 3; do cmp_whole "cold$((NEXT + i)).bin" "$1: cold file $i is served to another client" "$BODY.$i"; done
	NEXT=$((NEXT + 3))
	rm -f "$BODY".[123]
	kill $slow
	wait $slow
}

request 1.1 /hot%N.bin 'Range: bytes=0-16383'
attack "short ranges of one client" own=127.0.0.2
attack "short ranges of many clients" own=127.0.2.1 addresses=64
request 1.1 /hot%N.bin 'Range: bytes=1-100000'
attack "longer ranges of one client" own=127.0.0.2
attack "longer ranges of many clients" own=127.0.2.1 addresses=64
request 1.0 /hot%N.bin
attack "whole files by HTTP/1.0" own=127.0.2.1 addresses=64
request 1.1 /hot%N.bin 'Range: bytes=0-16383,500000-516383'
attack "multipart" own=127.0.2.1 addresses=64
request 1.1 /small%N.bin
attack "prebuilt responses" own=127.0.2.1 addresses=64
request 1.1 /v%N.bin 'Accept-Encoding: br'
attack "variants" own=127.0.2.1 addresses=64
request 1.1 /absent%N 'Range: bytes=0-16383'
attack "error pages" own=127.0.2.1 addresses=64
request 1.1 /hot%N.bin 'Range: bytes=0-300000' 'X-Forwarded-For: 192.0.2.%N'
attack "clients behind a trusted proxy" own=127.0.0.50

# Other clients of the proxy are not limited by this client.
take_stats
at_most "$(stat_of waiting 'stats cache bytes')" 0 "no read waits for memory"
finish
