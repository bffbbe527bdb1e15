#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a transfer fails while it waits for the disk, the connection ends at once, with and without TLS, with HTTP/1.0 and
# 1.1, also if an older connection is idle. The same holds for a listing without a length. No connection is left behind.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../../http/tls.sh"

need_fuse
mkdir "$DIR/source" "$DIR/mirror"
ROOT=$DIR/source
make_file a.bin 24000000 small.bin 10
mkdir "$ROOT/d"
(cd "$ROOT/d" && touch {1..300})
start_faultfs "$DIR/source" "$DIR/mirror"
make_certificate a a.example
ROOT=$DIR/mirror
start_tls "$(tls_pairs a)" 'workers = 1' 'listing = true' 'cache_size = 16M'
ROOT=$DIR/source

# VERSION PATH [CLIENT-OPTION...]: sends a request and prints the response until the server closes
plain() { printf 'GET %s HTTP/%s\r\nHost: a.example\r\n%b\r\n' "$2" "$1" "${3-Connection: close\r\n}" | wire -t "$(seconds 50)"; }
secure() { printf 'GET %s HTTP/%s\r\nHost: a.example\r\n%b\r\n' "$2" "$1" "${3-Connection: close\r\n}" | tls_wire; }

plain 1.1 /small.bin '' >"$DIR/idle.plain" &
secure 1.1 /small.bin '' >"$DIR/idle.secure" &
await 10 test -s "$DIR/idle.plain"
await 10 test -s "$DIR/idle.secure"
sockets=$(socket_count)
ways=(plain-1.0 plain-1.1 secure-1.0 secure-1.1)

begin() { # PATH BYTES: starts a client of each kind; returns when each has received BYTES
	local way
	rm -f "$DIR"/out.*
	clients=()
	for way in "${ways[@]}"; do
		"${way%-*}" "${way#*-}" "$1" >"$DIR/out.$way" 2>/dev/null &
		clients+=($!)
	done
	for way in "${ways[@]}"; do
		await 20 more_than "$2" "$DIR/out.$way" || diag "$way: only $(size_of "$DIR/out.$way") bytes"
	done
	begun=${EPOCHREALTIME//[.,]/}
}
more_than() { [ "$(size_of "$2")" -gt "$1" ]; }

# NAME MILLISECONDS: checks that all clients have ended in time
ends() {
	wait "${clients[@]}"
	at_most $(((${EPOCHREALTIME//[.,]/} - begun) / 1000)) "$(seconds "$2")" "the clients notice the end in time (ms): $1"
	ok "$1: no connection is left behind" await 2 sockets_at_most "$sockets"
}

is_cut() { # NAME MILLISECONDS
	local way
	ends "$@"
	for way in "${ways[@]}"; do
		like "$(perl "$LIB/replies.pl" "$DIR/out.$way" "$DIR/")" '^200-cut$' \
			"$1: the response of $way is incomplete"
		ok "$way: the received bytes are correct" cmp -n "$(size_of "$DIR/1.body")" "$DIR/old" "$DIR/1.body"
	done
	set_fault 0 0 0
	age "$ROOT/a.bin"
}

cp "$ROOT/a.bin" "$DIR/old"
for error in 5 116; do
	set_fault 200 0 0
	begin /a.bin 300000
	set_fault 200 $error 0
	is_cut "errno $error" 1000
done
set_fault 200 0 0
begin /a.bin 300000
touch "$ROOT/a.bin"
is_cut "another mtime" 2500 # FUSE caches attributes for a second
set_fault 200 0 0
begin /a.bin 300000
truncate -s 1000000 "$ROOT/a.bin"
is_cut "truncated" 2500

# A complete listing ends in time, in the way of its HTTP version.
begin '/d/?format=json' 1000
ends "the end of a listing" 1000
for way in "${ways[@]}"; do
	ok "$way: the listing is complete" grep -q '^]}' "$DIR/out.$way"
done
finish
